/** Memory that a helper or kernel function gets: is all of it there, and what does the call leave in it. */
import type { Env } from "./env.js";
import { MAX_VAR_OFF } from "./env.js";
import { checkAccess, checkMapFlags, checkMapValue, checkPacket, checkRegion } from "./memory.js";
import type { MapInfo } from "./map-info.js";
import { markPrecise } from "./precision.js";
import { getReg } from "./regs.js";
import { checkInitialized } from "./stack.js";
import { MEM_RDONLY, PTR_TO_BTF_ID, PTR_TO_BUF, PTR_TO_CTX, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE, PTR_TO_MEM, PTR_TO_PACKET, PTR_TO_PACKET_META, PTR_TO_STACK, baseOf, typeName } from "./types.js";

const MAX_SIZE = BigInt(MAX_VAR_OFF);

/** What the arguments of one call say to each other. */
export class CallMeta {
  map: MapInfo | undefined;
  mapUid = 0;
  packetAccess = false;
  /** The memory that is checked is only written. */
  rawMode = false;
  /** Stack that the call writes: register and bytes; 0 for none. */
  rawReg = 0;
  rawSize = 0;
  memSize = 0;
  refObjId = 0;
  releaseReg = 0;
  maxSize = 0n;
  subprogram = -1;
  /** Key of an array that is known; -1 where it is not. */
  constantKey = -1;
  dynptrId = 0;
}

/** Memory of `size` bytes behind a register, for a helper to read or write. `meta` undefined: the size is not known exactly. */
export function checkHelperMemory(env: Env, regno: number, size: number, write: boolean, zeroAllowed: boolean, meta: CallMeta | undefined): void {
  const reg = getReg(env, regno);
  switch (baseOf(reg.type)) {
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
      return checkPacket(env, regno, reg.off, size, zeroAllowed);
    case PTR_TO_MAP_KEY:
      if (write) env.reject(`R${regno} cannot write into ${typeName(reg.type)}`, "EACCES");
      return checkRegion(env, regno, reg.off, size, (reg.map as MapInfo).keySize, false);
    case PTR_TO_MAP_VALUE:
      checkMapFlags(env, reg.map as MapInfo, reg.off, size, write);
      return checkMapValue(env, regno, reg.off, size, zeroAllowed, false);
    case PTR_TO_MEM:
      if ((reg.type & MEM_RDONLY) !== 0 && write) env.reject(`R${regno} cannot write into ${typeName(reg.type)}`, "EACCES");
      return checkRegion(env, regno, reg.off, size, reg.memSize, zeroAllowed);
    case PTR_TO_BUF:
      if ((reg.type & MEM_RDONLY) !== 0 && write) env.reject(`R${regno} cannot write into ${typeName(reg.type)}`, "EACCES");
      return;
    case PTR_TO_STACK:
      if (checkInitialized(env, regno, reg.off, size, zeroAllowed, write, meta?.rawMode ?? false) && meta !== undefined) {
        meta.rawReg = regno;
        meta.rawSize = size;
      }
      return;
    case PTR_TO_BTF_ID:
      return checkAccess(env, regno, 0, Math.max(size, 1), false, -1);
    case PTR_TO_CTX:
    default:
      if (zeroAllowed && size === 0 && reg.isNull) return;
      env.reject(`R${regno} type=${typeName(reg.type)} expected=fp`, "EACCES");
  }
}

/** A size in a register, for memory in the register before it. */
export function checkMemorySize(env: Env, regno: number, write: boolean, zeroAllowed: boolean, meta: CallMeta): void {
  const reg = getReg(env, regno);
  const { scalar } = reg;
  meta.maxSize = scalar.umax;
  if (scalar.smin < 0n) env.reject(`R${regno} min value is negative, either use unsigned or 'var &= const'`, "EACCES");
  if (scalar.umin === 0n && !zeroAllowed) env.reject(`R${regno} invalid zero-sized read: u64=[${scalar.umin},${BigInt.asIntN(64, scalar.umax)}]`, "EACCES");
  if (scalar.umax >= MAX_SIZE) env.reject(`R${regno} unbounded memory access, use 'var &= const' or 'if (var < const)'`, "EACCES");
  checkHelperMemory(env, regno - 1, Number(scalar.umax), write, zeroAllowed, scalar.isConst ? meta : undefined);
  markPrecise(env, regno);
}
