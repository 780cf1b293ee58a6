/** Loads and stores: may this access happen through this pointer, and what does a load give. */
import { bytesOf } from "../isa/index.js";
import type { Insn } from "../object/index.js";
import type { Env } from "./env.js";
import { MAX_VAR_OFF } from "./env.js";
import { REGION_CTX, REGION_MAP_VALUE, REGION_MEMORY, REGION_METADATA, REGION_OTHER, REGION_PACKET, REGION_STACK } from "./facts.js";
import { fieldName } from "./btf-fields.js";
import { formatTnum } from "./format.js";
import { kernelField } from "./kernel-struct.js";
import type { MapInfo } from "./map-info.js";
import { BPF_F_RDONLY_PROG, BPF_F_WRONLY_PROG } from "./map-info.js";
import { Reg, UNKNOWN_REG, constReg, scalarReg } from "./reg.js";
import { getReg, setReg } from "./regs.js";
import { signExtend64, truncate } from "./scalar-alu.js";
import { S64_MIN, ZERO } from "./scalar.js";
import { checkStackBounds, readStack, writeStack } from "./stack.js";
import { s64, tnumAdd, tnumAligned, tnumConst } from "./tnum.js";
import { CONST_PTR_TO_MAP, MEM_ALLOC, MEM_RDONLY, PTR_TO_ARENA, PTR_TO_BTF_ID, PTR_TO_BUF, PTR_TO_CTX, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE, PTR_TO_MEM, PTR_TO_PACKET, PTR_TO_PACKET_END, PTR_TO_PACKET_META, PTR_TO_SOCKET, PTR_TO_SOCK_COMMON, PTR_TO_STACK, PTR_TO_TCP_SOCK, PTR_TO_XDP_SOCK, PTR_UNTRUSTED, baseOf, isSocketPointer, maybeNull, typeName } from "./types.js";

/** struct xdp_md: six u32. */
const XDP_MD_BYTES = 24;
const XDP_MD_DATA = 0;
const XDP_MD_DATA_END = 4;
const XDP_MD_DATA_META = 8;
const XDP_MD_EGRESS_IFINDEX = 20;

const MISALIGNED: Readonly<Record<number, string>> = {
  [PTR_TO_MAP_KEY]: "key ", [PTR_TO_MAP_VALUE]: "value ", [PTR_TO_CTX]: "context ", [PTR_TO_STACK]: "stack ",
  [PTR_TO_SOCKET]: "sock ", [PTR_TO_SOCK_COMMON]: "sock_common ", [PTR_TO_TCP_SOCK]: "tcp_sock ", [PTR_TO_XDP_SOCK]: "xdp_sock ",
};
/** Bytes before the packet that make an Ethernet header's payload aligned (NET_IP_ALIGN), where alignment is asked for. */
const IP_ALIGN = 2;

/** Refuses accesses that are not aligned, where that matters: always on the stack, elsewhere where the loader asks for it. */
/** Offset of rx_queue_index in struct xdp_md. */
const RX_QUEUE_INDEX = 16;

export function checkAlignment(env: Env, reg: Reg, off: number, size: number, once: boolean): void {
  if (size === 1 || reg.type === PTR_TO_ARENA) return;
  const strict = env.options.strictAlignment || once || reg.type === PTR_TO_STACK;
  if (!strict) return;
  if (reg.type === PTR_TO_PACKET || reg.type === PTR_TO_PACKET_META) {
    if (!tnumAligned(tnumAdd(reg.scalar.bits, tnumConst(BigInt(IP_ALIGN + reg.off + off))), size)) env.reject(`misaligned packet access off ${IP_ALIGN}+${formatTnum(reg.scalar.bits)}+${reg.off}+${off} size ${size}`, "EACCES");
    return;
  }
  if (reg.scalar === ZERO) {
    if (((reg.off + off) & (size - 1)) === 0) return;
  } else if (tnumAligned(tnumAdd(reg.scalar.bits, tnumConst(BigInt(reg.off + off))), size)) return;
  env.reject(`misaligned ${MISALIGNED[reg.type] ?? ""}access off ${formatTnum(reg.scalar.bits)}+${reg.off}+${off} size ${size}`, "EACCES");
}

/** `[off, off + size)` in memory of a known size. */
function outside(off: number, size: number, memSize: number, zeroAllowed: boolean): boolean {
  return !(off >= 0 && (size > 0 || (size === 0 && zeroAllowed)) && off + size <= memSize);
}

function explainOutside(env: Env, regno: number, off: number, size: number, memSize: number): void {
  const reg = getReg(env, regno);
  switch (reg.type) {
    case PTR_TO_MAP_KEY:
      return env.note(`invalid access to map key, key_size=${memSize} off=${off} size=${size}`);
    case PTR_TO_MAP_VALUE:
      return env.note(`invalid access to map value, value_size=${memSize} off=${off} size=${size}`);
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
    case PTR_TO_PACKET_END:
      return env.note(`invalid access to packet, off=${off} size=${size}, R${regno}(id=${reg.id},off=${off},r=${memSize})`);
    default:
      return env.note(`invalid access to memory, mem_size=${memSize} off=${off} size=${size}`);
  }
}

/** Memory of known size at a pointer with a variable part: both ends of the range must be inside. */
export function checkRegion(env: Env, regno: number, off: number, size: number, memSize: number, zeroAllowed: boolean): void {
  const reg = getReg(env, regno);
  if (reg.scalar === ZERO && off >= 0 && !outside(off, size, memSize, zeroAllowed)) return;
  const { smin, umax } = reg.scalar;
  const wide = BigInt(off);
  if (smin < 0n && (smin === S64_MIN || BigInt.asIntN(32, wide + smin) !== wide + smin || smin + wide < 0n)) {
    env.reject(`R${regno} min value is negative, either use unsigned index or do a if (index >=0) check.`, "EACCES");
  }
  const low = Number(BigInt.asIntN(32, smin + wide));
  if (outside(low, size, memSize, zeroAllowed)) {
    explainOutside(env, regno, low, size, memSize);
    env.reject(`R${regno} min value is outside of the allowed memory range`, "EACCES");
  }
  if (umax >= BigInt(MAX_VAR_OFF)) env.reject(`R${regno} unbounded memory access, make sure to bounds check any such access`, "EACCES");
  const high = Number(umax) + off;
  if (outside(high, size, memSize, zeroAllowed)) {
    explainOutside(env, regno, high, size, memSize);
    env.reject(`R${regno} max value is outside of the allowed memory range`, "EACCES");
  }
}

export function checkMapFlags(env: Env, map: MapInfo, off: number, size: number, write: boolean): void {
  if (write && (map.flags & BPF_F_RDONLY_PROG) !== 0) env.reject(`write into map forbidden, value_size=${map.valueSize} off=${off} size=${size}`, "EACCES");
  if (!write && (map.flags & BPF_F_WRONLY_PROG) !== 0) env.reject(`read from map forbidden, value_size=${map.valueSize} off=${off} size=${size}`, "EACCES");
}

/** A map's value: its size, and the fields that only helpers may touch. */
export function checkMapValue(env: Env, regno: number, off: number, size: number, zeroAllowed: boolean, direct: boolean): void {
  const reg = getReg(env, regno);
  const map = reg.map as MapInfo;
  checkRegion(env, regno, off, size, map.valueSize, zeroAllowed);
  for (const field of map.fields) {
    const low = reg.scalar.smin + BigInt(off);
    const high = reg.scalar.umax + BigInt(off + size);
    if (!(low < BigInt(field.offset + field.size) && BigInt(field.offset) < high)) continue;
    const name = fieldName(field.kind);
    if (name !== "kptr") env.reject(`${name} cannot be accessed directly by load/store`, "EACCES");
    if (!direct) env.reject("kptr cannot be accessed indirectly by helper", "EACCES");
    if (!reg.scalar.isConst) env.reject("kptr access cannot have variable offset", "EACCES");
    const at = BigInt(off) + s64(reg.scalar.value);
    if (BigInt(field.offset) !== at) env.reject(`kptr access misaligned expected=${field.offset} off=${at}`, "EACCES");
    if (size !== 8) env.reject("kptr access size must be BPF_DW", "EACCES");
    env.notKnown("kernel pointers in map values");
  }
}

/** Packet data up to what was compared with the end. */
export function checkPacket(env: Env, regno: number, off: number, size: number, zeroAllowed: boolean): void {
  const reg = getReg(env, regno);
  if (reg.scalar.smin < 0n) env.reject(`R${regno} min value is negative, either use unsigned index or do a if (index >=0) check.`, "EACCES");
  if (reg.range >= 0 && !outside(off, size, reg.range, zeroAllowed)) return;
  if (reg.range >= 0) explainOutside(env, regno, off, size, reg.range);
  env.reject(`R${regno} offset is outside of the packet`, reg.range < 0 ? "EINVAL" : "EACCES");
}

/** Fixed part must be 0 (or may be above), the variable part must be none. */
export function checkPointerOffset(env: Env, reg: Reg, regno: number, fixedAllowed: boolean): void {
  if (reg.off < 0) env.reject(`negative offset ${typeName(reg.type)} ptr R${regno} off=${reg.off} disallowed`, "EACCES");
  if (!fixedAllowed && reg.off !== 0) env.reject(`dereference of modified ${typeName(reg.type)} ptr R${regno} off=${reg.off} disallowed`, "EACCES");
  if (!reg.scalar.isConst || reg.scalar.value !== 0n) env.reject(`variable ${typeName(reg.type)} access var_off=${formatTnum(reg.scalar.bits)} disallowed`, "EACCES");
}

/** The context, struct xdp_md: what a load of a field gives; undefined where the field cannot be accessed so. */
function contextField(env: Env, off: number, size: number, write: boolean, signExtends: boolean): Reg | undefined {
  if (write) return undefined;
  if (off === XDP_MD_EGRESS_IFINDEX && env.program.attach !== "devmap") return undefined;
  const pointer = off === XDP_MD_DATA ? PTR_TO_PACKET : off === XDP_MD_DATA_META ? PTR_TO_PACKET_META : off === XDP_MD_DATA_END ? PTR_TO_PACKET_END : 0;
  if (pointer !== 0 && signExtends) return undefined;
  if (off < 0 || off >= XDP_MD_BYTES || off % size !== 0 || size !== 4) return undefined;
  return pointer === 0 ? UNKNOWN_REG : new Reg(pointer, ZERO);
}

/** Sockets as bpf programs see them: struct bpf_sock and struct bpf_tcp_sock (linux/bpf.h). */
function isSocketField(type: number, off: number, size: number): boolean {
  if (off < 0 || off % size !== 0) return false;
  if (type === PTR_TO_XDP_SOCK) return off === 0 && size === 4;
  if (type === PTR_TO_TCP_SOCK) {
    if (off >= 104) return false;
    return off === 80 || off === 88 ? size === 8 : size === 4;
  }
  // bound_dev_if, family, type, protocol, mark, priority, src_ip4, src_ip6[4], src_port, dst_port (u16), dst_ip4, dst_ip6[4], state, rx_queue_mapping
  if (off >= 80) return false;
  if (type === PTR_TO_SOCK_COMMON && ((off >= 8 && off < 24) || (off >= 76 && off < 80))) return off >= 8 && off < 24 ? false : size === 4;
  if (off >= 48 && off < 50) return size === 2;
  if (off >= 50 && off < 52) return false;
  if ((off >= 24 && off < 44) || (off >= 52 && off < 72)) return size <= 4;
  return off === 4 || off === 8 || off === 12 || off === 44 || off === 72 ? size <= 4 : size === 4;
}

/** One access. `value`: the register that is loaded or stored, -1 for none. `off`: of the instruction. */
export function checkAccess(env: Env, regno: number, off: number, size: number, write: boolean, value: number, once = false, signExtends = false): void {
  const reg = getReg(env, regno);
  checkAlignment(env, reg, off, size, once);
  const at = off + reg.off;
  const base = baseOf(reg.type);
  const load = (loaded: Reg): void => {
    if (write || value < 0) return;
    setReg(env, value, loaded.isScalar && size < 8 ? scalarReg(signExtends ? signExtend64(loaded.scalar, size) : truncate(loaded.scalar, size)) : loaded);
  };
  switch (base) {
    case PTR_TO_STACK:
      if (reg.type !== PTR_TO_STACK) break;
      checkStackBounds(env, regno, at, size, write ? "write" : "read");
      env.facts.record(env.insn, REGION_STACK);
      if (write) writeStack(env, regno, at, size, value);
      else {
        readStack(env, regno, at, size, value);
        const loaded = value < 0 ? undefined : getReg(env, value);
        if (loaded?.isScalar && size < 8) {
          const scalar = signExtends ? signExtend64(loaded.scalar, size) : truncate(loaded.scalar, size);
          setReg(env, value, loaded.id === 0 ? scalarReg(scalar) : loaded.withScalar(scalar));
        }
      }
      return;
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
      if (maybeNull(reg.type)) break;
      checkPacket(env, regno, at, size, false);
      env.facts.record(env.insn, base === PTR_TO_PACKET ? REGION_PACKET : REGION_METADATA);
      return load(UNKNOWN_REG);
    case PTR_TO_MAP_VALUE: {
      if (reg.type !== PTR_TO_MAP_VALUE) break;
      const map = reg.map as MapInfo;
      checkMapFlags(env, map, at, size, write);
      checkMapValue(env, regno, at, size, false, true);
      env.facts.record(env.insn, REGION_MAP_VALUE);
      return load(constantIn(map, reg, at, size, signExtends) ?? UNKNOWN_REG);
    }
    case PTR_TO_MAP_KEY:
      if (reg.type !== PTR_TO_MAP_KEY) break;
      if (write) env.reject(`write to change key R${regno} not allowed`, "EACCES");
      checkRegion(env, regno, at, size, (reg.map as MapInfo).keySize, false);
      env.facts.record(env.insn, REGION_OTHER);
      return load(UNKNOWN_REG);
    case PTR_TO_CTX: {
      if (reg.type !== PTR_TO_CTX) break;
      checkPointerOffset(env, reg, regno, false);
      const field = contextField(env, at, size, write, signExtends);
      // Programs bound to a card may choose the receive queue.
      if (field === undefined && env.options.offloaded && write && at === RX_QUEUE_INDEX && size === 4) {
        env.facts.record(env.insn, REGION_CTX);
        return;
      }
      if (field === undefined) env.reject(`invalid bpf_context access off=${at} size=${size}`, "EACCES");
      env.facts.record(env.insn, REGION_CTX);
      if (write || value < 0) return;
      return field.isScalar ? load(field) : setReg(env, value, field);
    }
    case PTR_TO_MEM:
      if (maybeNull(reg.type)) break;
      if (write && (reg.type & MEM_RDONLY) !== 0) env.reject(`R${regno} cannot write into ${typeName(reg.type)}`, "EACCES");
      // Memory that the kernel checks when it is read, wherever it is.
      if ((reg.type & PTR_UNTRUSTED) === 0) checkRegion(env, regno, at, size, reg.memSize, false);
      env.facts.record(env.insn, (reg.type & PTR_UNTRUSTED) === 0 ? REGION_MEMORY : REGION_OTHER);
      return load(UNKNOWN_REG);
    case PTR_TO_SOCKET:
    case PTR_TO_SOCK_COMMON:
    case PTR_TO_TCP_SOCK:
    case PTR_TO_XDP_SOCK:
      if (!isSocketPointer(reg.type)) break;
      if (write) env.reject(`R${regno} cannot write into ${typeName(reg.type)}`, "EACCES");
      if (reg.scalar.smin < 0n) env.reject(`R${regno} min value is negative, either use unsigned index or do a if (index >=0) check.`, "EACCES");
      if (!isSocketField(reg.type, at, size)) env.reject(`R${regno} invalid ${typeName(reg.type)} access off=${at} size=${size}`, "EACCES");
      env.facts.record(env.insn, REGION_OTHER);
      return load(UNKNOWN_REG);
    case CONST_PTR_TO_MAP:
      if (reg.type !== CONST_PTR_TO_MAP) break;
      return accessMapPointer(env, regno, reg, at, size, write, value);
    case PTR_TO_BTF_ID:
      if (maybeNull(reg.type)) break;
      return accessStruct(env, regno, reg, at, size, write, value, load);
    case PTR_TO_BUF:
      if (maybeNull(reg.type)) break;
      env.facts.record(env.insn, REGION_OTHER);
      return load(UNKNOWN_REG);
    case PTR_TO_ARENA:
      env.facts.record(env.insn, REGION_OTHER);
      return load(UNKNOWN_REG);
    default:
  }
  env.reject(`R${regno} invalid mem access '${typeName(reg.type)}'`, "EACCES");
}

/** What is read from constant data. */
function constantIn(map: MapInfo, reg: Reg, at: number, size: number, signExtends: boolean): Reg | undefined {
  if (map.constant === undefined || !reg.scalar.isConst) return undefined;
  const from = at + Number(s64(reg.scalar.value));
  const bytes = map.constant.subarray(from, from + size);
  if (bytes.length < size) return undefined;
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
  return constReg(signExtends ? BigInt.asIntN(size * 8, value) : value);
}

const MAP_STRUCTS: Readonly<Record<string, string>> = {
  BPF_MAP_TYPE_ARRAY: "bpf_array", BPF_MAP_TYPE_PERCPU_ARRAY: "bpf_array", BPF_MAP_TYPE_PROG_ARRAY: "bpf_array", BPF_MAP_TYPE_PERF_EVENT_ARRAY: "bpf_array",
  BPF_MAP_TYPE_ARRAY_OF_MAPS: "bpf_array", BPF_MAP_TYPE_CGROUP_ARRAY: "bpf_array", BPF_MAP_TYPE_HASH: "bpf_htab", BPF_MAP_TYPE_LRU_HASH: "bpf_htab", BPF_MAP_TYPE_PERCPU_HASH: "bpf_htab",
  BPF_MAP_TYPE_LRU_PERCPU_HASH: "bpf_htab", BPF_MAP_TYPE_HASH_OF_MAPS: "bpf_htab", BPF_MAP_TYPE_LPM_TRIE: "lpm_trie", BPF_MAP_TYPE_DEVMAP: "bpf_dtab", BPF_MAP_TYPE_DEVMAP_HASH: "bpf_dtab",
  BPF_MAP_TYPE_CPUMAP: "bpf_cpu_map", BPF_MAP_TYPE_XSKMAP: "xsk_map", BPF_MAP_TYPE_RINGBUF: "bpf_ringbuf_map", BPF_MAP_TYPE_QUEUE: "bpf_queue_stack", BPF_MAP_TYPE_STACK: "bpf_queue_stack",
};

/** The kernel's own structure of a map, which may be read. */
function accessMapPointer(env: Env, regno: number, reg: Reg, at: number, size: number, write: boolean, value: number): void {
  const name = MAP_STRUCTS[(reg.map as MapInfo).type] ?? "bpf_map";
  if (at < 0) env.reject(`R${regno} is ${name} invalid negative access: off=${at}`, "EACCES");
  if (write) env.reject(`only read from ${name} is supported`, "EACCES");
  env.facts.record(env.insn, REGION_OTHER);
  if (value < 0) return;
  const field = kernelField(env.options.btf(), name, at, size);
  if (field.kind === "outside") env.reject(`access beyond struct ${name} at off ${at} size ${size}`, "EACCES");
  if (field.kind !== "pointer") return setReg(env, value, size < 8 ? scalarReg(truncate(UNKNOWN_REG.scalar, size)) : UNKNOWN_REG);
  setReg(env, value, new Reg(PTR_TO_BTF_ID, ZERO, 0, 0, 0, 0, 0, undefined, { name: field.to }));
}

/** A structure of the kernel's: may be read where its types say, as the kernel checks such reads when they happen; written hardly anywhere. */
function accessStruct(env: Env, regno: number, reg: Reg, at: number, size: number, write: boolean, value: number, load: (loaded: Reg) => void): void {
  const name = reg.struct?.name ?? "";
  if (at < 0) env.reject(`R${regno} is ptr_${name} invalid negative access: off=${at}`, "EACCES");
  if (!reg.scalar.isConst || reg.scalar.value !== 0n) env.reject(`R${regno} is ptr_${name} invalid variable offset: off=${at}, var_off=${formatTnum(reg.scalar.bits)}`, "EACCES");
  if ((reg.type & MEM_ALLOC) !== 0) env.notKnown("structures that bpf_obj_new makes");
  if (write && name !== "nf_conn" && name !== "nf_conn___init") env.reject("only read is supported", "EACCES");
  env.facts.record(env.insn, REGION_OTHER);
  const field = kernelField(env.options.btf(), name, at, size);
  if (field.kind === "outside") env.reject(`access beyond struct ${name} at off ${at} size ${size}`, "EACCES");
  if (write || value < 0) return;
  if (field.kind === "number" || (field.kind === "unknown" && size !== 8)) return load(UNKNOWN_REG);
  setReg(env, value, new Reg(PTR_TO_BTF_ID | (field.kind === "unknown" ? PTR_UNTRUSTED : 0), ZERO, 0, 0, 0, 0, 0, undefined, { name: field.kind === "pointer" ? field.to : "" }));
}

/** Notes the kind of pointer of an access: one instruction cannot serve pointers that are rewritten differently. */
export function savePointerType(env: Env, type: number, untrustedMix: boolean): void {
  const { pointerType } = env.aux;
  const before = pointerType[env.insn] as number;
  if (before === 0) pointerType[env.insn] = type;
  else if (before !== type && (isRewritten(before) || isRewritten(type))) {
    if (untrustedMix && baseOf(type) === PTR_TO_BTF_ID && baseOf(before) === PTR_TO_BTF_ID) pointerType[env.insn] = PTR_TO_BTF_ID | PTR_UNTRUSTED;
    else env.reject("same insn cannot be used with different pointers");
  }
}

function isRewritten(type: number): boolean {
  const base = baseOf(type);
  return base === PTR_TO_CTX || base === PTR_TO_SOCKET || base === PTR_TO_SOCK_COMMON || base === PTR_TO_TCP_SOCK || base === PTR_TO_XDP_SOCK || base === PTR_TO_BTF_ID || base === PTR_TO_ARENA;
}

/** Bytes of the access of an instruction. */
export function sizeOfInsn(insn: Insn): number {
  return bytesOf(insn.op);
}

