/** Open-coded iterators over numbers (struct bpf_iter_num: i32 current, i32 end), and kernel functions that do nothing on a device. */
import { check_access } from "../check";
import { E2BIG, EFAULT, EINVAL, ERANGE } from "./errno";

/** Most numbers of one iterator (BPF_MAX_LOOPS). */
const MAX_LOOPS: i64 = 8388608;
const KERNEL_START: u64 = 0xffff800000000000;

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

/* struct bpf_iter_bits: u64 the word itself (where there is one) or its address, i32 number of bits, i32 the last bit given. */
const BITS: usize = 8;
const LAST: usize = 12;
const MAX_WORDS: u32 = 511;

/** Of more than one word it keeps the address, where the kernel makes a copy. */
export function bpf_iter_bits_new(env: u32, it64: u64, words64: u64, count64: u64): u64 {
  const it = u32(it64);
  const count = u32(count64);
  store<u64>(it, 0);
  store<i32>(it, 0, BITS);
  store<i32>(it, -1, LAST);
  if (!words64 || !count) return fail(EINVAL);
  if (count > MAX_WORDS) return fail(E2BIG);
  if (!check_access(env, words64, count * 8, 0)) return fail(count > 1 && words64 < KERNEL_START ? ERANGE : EFAULT);
  store<u64>(it, count == 1 ? load<u64>(u32(words64)) : words64);
  store<i32>(it, i32(count * 64), BITS);
  return 0;
}

/** Address of the number of the next bit that is set, or 0. */
export function bpf_iter_bits_next(env: u32, it64: u64): u64 {
  const it = u32(it64);
  const bits = load<i32>(it, BITS);
  let bit = load<i32>(it, LAST);
  if (bits == 0 || bit >= bits) return 0;
  for (bit++; bit < bits; bit++) {
    const at = load<u64>(it) + u64((bit >> 6) * 8);
    if (bits > 64 && !check_access(env, at, 8, 0)) return 0;
    const word = (bits == 64 ? load<u64>(it) : load<u64>(u32(at))) >> u64(bit & 63);
    if (word == 0) {
      bit |= 63;
      continue;
    }
    bit += i32(ctz<u64>(word));
    break;
  }
  store<i32>(it, bit, LAST);
  return bit < bits ? u64(it + u32(LAST)) : 0;
}

export function bpf_iter_bits_destroy(env: u32, it: u64): u64 {
  return 0;
}
