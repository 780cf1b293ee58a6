/** Open-coded iterators over numbers (struct bpf_iter_num: i32 current, i32 end), and kernel functions that do nothing on a device. */
import { E2BIG, EINVAL } from "./errno";

/** Most numbers of one iterator (BPF_MAX_LOOPS). */
const MAX_LOOPS: i64 = 8388608;

/** Results of kernel functions are 32-bit ints: the high half of the register is 0. */
// @ts-ignore: decorator
@inline
function fail(errno: i32): u64 {
  return u64(u32(-errno));
}

export function bpf_iter_num_new(env: u32, it: u64, start64: u64, end64: u64): u64 {
  const start = i32(start64);
  const end = i32(end64);
  store<u64>(u32(it), 0);
  if (start > end) return fail(EINVAL);
  if (i64(end) - i64(start) > MAX_LOOPS) return fail(E2BIG);
  store<i32>(u32(it), start - 1);
  store<i32>(u32(it), end, 4);
  return 0;
}

/** Address of the number, or 0 at the end. */
export function bpf_iter_num_next(env: u32, it: u64): u64 {
  const next = load<i32>(u32(it)) + 1;
  if (next >= load<i32>(u32(it), 4)) {
    store<u64>(u32(it), 0);
    return 0;
  }
  store<i32>(u32(it), next);
  return it;
}

export function bpf_iter_num_destroy(env: u32, it: u64): u64 {
  store<u64>(u32(it), 0);
  return 0;
}

/** Nothing is freed while a packet is under way, and nothing interrupts it. */
export function bpf_rcu_read_lock(env: u32): u64 {
  return 0;
}

export function bpf_rcu_read_unlock(env: u32): u64 {
  return 0;
}

export function bpf_preempt_disable(env: u32): u64 {
  return 0;
}

export function bpf_preempt_enable(env: u32): u64 {
  return 0;
}

export function bpf_local_irq_save(env: u32, flags: u64): u64 {
  return 0;
}

export function bpf_local_irq_restore(env: u32, flags: u64): u64 {
  return 0;
}
