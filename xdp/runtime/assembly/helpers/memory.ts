/** Helpers on plain memory. */
import { check_access } from "../check";
import { EFAULT, ERANGE } from "./errno";

/** Lowest address of a kernel on x86-64: below it bpf_probe_read_kernel does not even try. */
const KERNEL_START: u64 = 0xffff800000000000;

/** Copies from an address that may be bad: then the target is zeroed. */
export function bpf_probe_read_kernel(env: u32, to: u64, size: u64, from: u64): u64 {
  // The kernel looks at the address even where nothing is to be read.
  if (check_access(env, from, max<u32>(u32(size), 1), 0)) {
    memory.copy(u32(to), u32(from), u32(size));
    return 0;
  }
  memory.fill(u32(to), 0, u32(size));
  if (from < KERNEL_START) return u64(i64(-ERANGE));
  return size == 0 ? 0 : u64(i64(-EFAULT));
}

/** -1, 0 or 1, as the kernel's own strncmp. */
export function bpf_strncmp(env: u32, s1: u64, size: u64, s2: u64): u64 {
  for (let i: u32 = 0; i < u32(size); i++) {
    const a = load<u8>(u32(s1) + i);
    const b = load<u8>(u32(s2) + i);
    if (a != b) return a < b ? u64(i64(-1)) : 1;
    if (a == 0) return 0;
  }
  return 0;
}

/** Copies a string with its terminating 0, and gives its length with it; at most `size` bytes, of which the last is then 0. */
export function bpf_probe_read_kernel_str(env: u32, to64: u64, size64: u64, from: u64): u64 {
  const to = u32(to64);
  const size = u32(size64);
  if (size == 0) return 0;
  for (let i: u32 = 0; i < size; i++) {
    if (!check_access(env, from + u64(i), 1, 0)) {
      memory.fill(to, 0, size);
      return u64(i64(from + u64(i) < KERNEL_START && i == 0 ? -ERANGE : -EFAULT));
    }
    const c = load<u8>(u32(from) + i);
    store<u8>(to + i, c);
    if (c == 0) return u64(i + 1);
  }
  store<u8>(to + size - 1, 0);
  return u64(size);
}
