/** Kernel functions on strings (kernel/bpf/helpers.c): they read what they can, and answer with an error where they cannot. */
import { check_access } from "../check";
import { E2BIG, EFAULT, ENOENT, ERANGE } from "./errno";

/** Longest string that they look at (XATTR_SIZE_MAX). */
const MAX: u64 = 65536;
const KERNEL_START: u64 = 0xffff800000000000;
/** What {@link byte_at} gives where nothing can be read. */
const NONE: i32 = -1;

// @ts-ignore: decorator
@inline
function fail(errno: i32): u64 {
  return u64(u32(-errno));
}

function byte_at(env: u32, address: u64): i32 {
  return check_access(env, address, 1, 0) ? i32(load<u8>(u32(address))) : NONE;
}

/** Addresses below the kernel's are refused before they are read. */
function out_of_range(env: u32, address: u64): bool {
  return address < KERNEL_START && !check_access(env, address, 1, 0);
}

function lower(c: i32): i32 {
  return c >= 65 && c <= 90 ? c + 32 : c;
}

function compare(env: u32, s1: u64, s2: u64, ignoreCase: bool): u64 {
  if (out_of_range(env, s1) || out_of_range(env, s2)) return fail(ERANGE);
  for (let i: u64 = 0; i < MAX; i++) {
    let a = byte_at(env, s1 + i);
    let b = byte_at(env, s2 + i);
    if (a == NONE || b == NONE) return fail(EFAULT);
    if (ignoreCase) {
      a = lower(a);
      b = lower(b);
    }
    if (a != b) return i8(a) < i8(b) ? u64(u32(-1)) : 1;
    if (a == 0) return 0;
  }
  return fail(E2BIG);
}

export function bpf_strcmp(env: u32, s1: u64, s2: u64): u64 {
  return compare(env, s1, s2, false);
}

export function bpf_strcasecmp(env: u32, s1: u64, s2: u64): u64 {
  return compare(env, s1, s2, true);
}

export function bpf_strnchr(env: u32, s: u64, count: u64, c: u64): u64 {
  if (out_of_range(env, s)) return fail(ERANGE);
  let i: u64 = 0;
  for (; i < count && i < MAX; i++) {
    const at = byte_at(env, s + i);
    if (at == NONE) return fail(EFAULT);
    if (at == i32(u8(c))) return i;
    if (at == 0) return fail(ENOENT);
  }
  return i == MAX ? fail(E2BIG) : fail(ENOENT);
}

export function bpf_strchr(env: u32, s: u64, c: u64): u64 {
  return bpf_strnchr(env, s, MAX, c);
}

export function bpf_strchrnul(env: u32, s: u64, c: u64): u64 {
  if (out_of_range(env, s)) return fail(ERANGE);
  for (let i: u64 = 0; i < MAX; i++) {
    const at = byte_at(env, s + i);
    if (at == NONE) return fail(EFAULT);
    if (at == 0 || at == i32(u8(c))) return i;
  }
  return fail(E2BIG);
}

export function bpf_strrchr(env: u32, s: u64, c: u64): u64 {
  if (out_of_range(env, s)) return fail(ERANGE);
  let last = fail(ENOENT);
  for (let i: u64 = 0; i < MAX; i++) {
    const at = byte_at(env, s + i);
    if (at == NONE) return fail(EFAULT);
    if (at == i32(u8(c))) last = i;
    if (at == 0) return last;
  }
  return fail(E2BIG);
}

export function bpf_strnlen(env: u32, s: u64, count: u64): u64 {
  if (out_of_range(env, s)) return fail(ERANGE);
  let i: u64 = 0;
  for (; i < count && i < MAX; i++) {
    const at = byte_at(env, s + i);
    if (at == NONE) return fail(EFAULT);
    if (at == 0) return i;
  }
  return i == MAX ? fail(E2BIG) : i;
}

export function bpf_strlen(env: u32, s: u64): u64 {
  return bpf_strnlen(env, s, MAX);
}

/** Length of the first part of `s` whose bytes all are, or all are not, in `set`. */
function span(env: u32, s: u64, set: u64, accept: bool): u64 {
  if (out_of_range(env, s) || out_of_range(env, set)) return fail(ERANGE);
  for (let i: u64 = 0; i < MAX; i++) {
    const at = byte_at(env, s + i);
    if (at == NONE) return fail(EFAULT);
    if (at == 0) return i;
    let member = 0;
    let j: u64 = 0;
    for (; j < MAX; j++) {
      member = byte_at(env, set + j);
      if (member == NONE) return fail(EFAULT);
      if (member == at || member == 0) break;
    }
    if (j == MAX) return fail(E2BIG);
    if ((member == 0) == accept) return i;
  }
  return fail(E2BIG);
}

export function bpf_strspn(env: u32, s: u64, accept: u64): u64 {
  return span(env, s, accept, true);
}

export function bpf_strcspn(env: u32, s: u64, reject: u64): u64 {
  return span(env, s, reject, false);
}

export function bpf_strnstr(env: u32, s1: u64, s2: u64, length: u64): u64 {
  if (out_of_range(env, s1) || out_of_range(env, s2)) return fail(ERANGE);
  for (let i: u64 = 0; i < MAX; i++) {
    let j: u64 = 0;
    for (; i + j <= length && j < MAX; j++) {
      const wanted = byte_at(env, s2 + j);
      if (wanted == NONE) return fail(EFAULT);
      if (wanted == 0) return i;
      if (i + j == length) break;
      const at = byte_at(env, s1 + i + j);
      if (at == NONE) return fail(EFAULT);
      if (at == 0) return fail(ENOENT);
      if (at != wanted) break;
    }
    if (j == MAX) return fail(E2BIG);
    if (i + j == length) return fail(ENOENT);
  }
  return fail(E2BIG);
}

export function bpf_strstr(env: u32, s1: u64, s2: u64): u64 {
  return bpf_strnstr(env, s1, s2, MAX);
}
