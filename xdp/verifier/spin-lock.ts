/** Spin locks in map values: one at a time, given back in the function's own path, by the pointer that took it. */
import { specialFields } from "./btf-fields.js";
import type { Env } from "./env.js";
import { fieldOf } from "./map-info.js";
import { locksOf } from "./references.js";
import { INVALID_REG, getReg } from "./regs.js";
import { s64 } from "./tnum.js";
import type { LockKind } from "./state.js";
import { NON_OWN_REF, PTR_TO_MAP_VALUE } from "./types.js";

/** Takes a lock, or gives it back. */
export function processSpinLock(env: Env, regno: number, lock: boolean, how: LockKind = "spin"): void {
  const name = how === "spin" ? "bpf_spin" : "bpf_res_spin";
  const kind = how === "spin" ? "bpf_spin_lock" : "bpf_res_spin_lock";
  const reg = getReg(env, regno);
  const { state } = env;
  if (!reg.scalar.isConst) env.reject(`R${regno} doesn't have constant offset. ${name}_lock has to be at the constant offset`);
  const inMap = reg.type === PTR_TO_MAP_VALUE;
  if (inMap && reg.map?.valueTypeId === 0) env.reject(`map '${reg.map.name}' has to have BTF in order to use ${name}_lock`);
  const field = inMap ? reg.map && fieldOf(reg.map, kind) : env.btf && specialFields(env.btf, reg.struct?.typeId ?? 0).find((one) => one.kind === kind);
  if (field === undefined) return env.reject(`${inMap ? "map" : "local"} '${inMap ? (reg.map?.name ?? "") : "kptr"}' has no valid ${name}_lock`);
  const off = s64(reg.scalar.value) + BigInt(reg.off);
  if (off !== BigInt(field.offset)) env.reject(`off ${off} doesn't point to 'struct ${name}_lock' that is at ${field.offset}`);
  const place: object = reg.map ?? env.object;
  const held = locksOf(env);
  const last = held.at(-1);
  if (lock) {
    if (how === "spin" && held.some((ref) => ref.how === "spin")) env.reject("Locking two bpf_spin_locks are not allowed");
    if (how !== "spin" && held.some((ref) => ref.how !== "spin" && ref.id === reg.id && ref.in === place)) env.reject("Acquiring the same lock again, AA deadlock detected");
    state.refs = [...state.refs, { kind: "lock", id: reg.id, insn: env.insn, in: place, how }];
    state.activeLock = reg.id;
    return;
  }
  if (last === undefined) return env.reject(`${name}_unlock without taking a lock`);
  if (!held.some((ref) => ref.how === how && ref.in === place && ref.id === reg.id)) env.reject(`${name}_unlock of different lock`);
  if (last.in !== place || last.id !== reg.id) env.reject(`${name}_unlock cannot be out of order`);
  state.refs = state.refs.filter((ref) => ref !== last);
  state.activeLock = held.at(-2)?.id ?? 0;
  state.mapRegs((r) => ((r.type & NON_OWN_REF) !== 0 ? INVALID_REG : r));
}
