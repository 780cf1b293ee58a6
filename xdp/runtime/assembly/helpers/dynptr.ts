/**
 * Dynptrs: 16 bytes on the program's stack that stand for memory whose bounds are checked as the program runs (struct
 * bpf_dynptr_kern): u64 address, u32 size with type and access in its high bits, u32 offset. What they say is checked again with
 * every use, since nothing keeps a program that no verifier has seen from writing them itself.
 */
import { ENV_DATA, ENV_DATA_END, ENV_FRAG_LENGTH, ENV_HARD_START, ENV_SCRATCH, SCRATCH_HELPERS, SLOT_FRAGS } from "../../../abi";
import { check_access } from "../check";
import { E2BIG, EFAULT, EINVAL, ERANGE } from "./errno";
import { bpf_xdp_get_buff_len, bpf_xdp_load_bytes, bpf_xdp_store_bytes } from "./packet";

const SIZE: usize = 8;
const OFFSET: usize = 12;
export const LOCAL: u32 = 1;
export const RINGBUF: u32 = 2;
const XDP: u32 = 4;
const TYPE_SHIFT: u32 = 28;
const TYPE_MASK: u32 = 7;
const READ_ONLY: u32 = 0x80000000;
const SIZE_MASK: u32 = 0xffffff;
/** A fragment is a page. */
const FRAGMENT: u32 = 4096;
const MAX_OFFSET: u32 = 0xffff;
/** Bytes that are copied at a time. */
const CHUNK: u32 = 1024;

// @ts-ignore: decorator
@inline
function fail(errno: i32): u64 {
  return u64(i64(-errno));
}

// @ts-ignore: decorator
@inline
function type_of(ptr: u32): u32 {
  return (load<u32>(ptr, SIZE) >> TYPE_SHIFT) & TYPE_MASK;
}

// @ts-ignore: decorator
@inline
function size_of(ptr: u32): u32 {
  return load<u32>(ptr, SIZE) & SIZE_MASK;
}

// @ts-ignore: decorator
@inline
function is_null(ptr: u32): bool {
  return load<u64>(ptr) == 0;
}

// @ts-ignore: decorator
@inline
function is_read_only(ptr: u32): bool {
  return (load<u32>(ptr, SIZE) & READ_ONLY) != 0;
}

export function set_dynptr(ptr: u32, address: u64, type: u32, size: u32): void {
  store<u64>(ptr, address);
  store<u32>(ptr, address ? size | (type << TYPE_SHIFT) : 0, SIZE);
  store<u32>(ptr, 0, OFFSET);
}

/** Address that a dynptr of a type stands for; 0 where it is null or of another type. */
export function dynptr_memory(ptr: u32, type: u32): u32 {
  return type_of(ptr) == type ? u32(load<u64>(ptr)) : 0;
}

/** 0 where `length` bytes at `offset` are in the dynptr, else -E2BIG. */
function check_range(ptr: u32, offset: u32, length: u32): u64 {
  const size = size_of(ptr);
  return length > size || offset > size - length ? fail(E2BIG) : 0;
}

/** Address in memory of bytes of a dynptr that is not a packet; 0 where the program may not touch them. */
function memory_at(env: u32, ptr: u32, offset: u32, length: u32, write: u32): u32 {
  const address = load<u64>(ptr) + u64(load<u32>(ptr, OFFSET)) + u64(offset);
  return check_access(env, address, length, write) ? u32(address) : 0;
}

export function bpf_dynptr_from_mem(env: u32, data: u64, size: u64, flags: u64, ptr: u64): u64 {
  const error: u64 = u32(size) > SIZE_MASK ? fail(E2BIG) : flags ? fail(EINVAL) : 0;
  if (error) set_dynptr(u32(ptr), 0, 0, 0);
  else set_dynptr(u32(ptr), data, LOCAL, u32(size));
  return error;
}

export function bpf_dynptr_from_xdp(env: u32, ctx: u64, flags: u64, ptr: u64): u64 {
  if (flags) {
    set_dynptr(u32(ptr), 0, 0, 0);
    return fail(EINVAL);
  }
  set_dynptr(u32(ptr), ctx, XDP, u32(bpf_xdp_get_buff_len(env, ctx)));
  return 0;
}

function read(env: u32, to: u32, length: u32, ptr: u32, offset: u32): u64 {
  const error = check_range(ptr, offset, length);
  if (error) return error;
  if (type_of(ptr) == XDP) return bpf_xdp_load_bytes(env, 0, u64(load<u32>(ptr, OFFSET) + offset), u64(to), u64(length));
  if (length == 0) return 0;
  const from = memory_at(env, ptr, offset, length, 0);
  if (!from) return fail(EFAULT);
  memory.copy(to, from, length);
  return 0;
}

export function bpf_dynptr_read(env: u32, to: u64, length: u64, ptr: u64, offset: u64, flags: u64): u64 {
  if (is_null(u32(ptr)) || flags) return fail(EINVAL);
  return read(env, u32(to), u32(length), u32(ptr), u32(offset));
}

export function bpf_dynptr_write(env: u32, ptr64: u64, offset: u64, from: u64, length64: u64, flags: u64): u64 {
  const ptr = u32(ptr64);
  const length = u32(length64);
  if (is_null(ptr) || is_read_only(ptr)) return fail(EINVAL);
  const error = check_range(ptr, u32(offset), length);
  if (error) return error;
  if (flags) return fail(EINVAL);
  if (type_of(ptr) == XDP) return bpf_xdp_store_bytes(env, 0, u64(load<u32>(ptr, OFFSET) + u32(offset)), from, u64(length));
  if (length == 0) return 0;
  const to = memory_at(env, ptr, u32(offset), length, 1);
  if (!to) return fail(EFAULT);
  memory.copy(to, u32(from), length);
  return 0;
}

/** Not for packets. */
export function bpf_dynptr_data(env: u32, ptr64: u64, offset: u64, length: u64): u64 {
  const ptr = u32(ptr64);
  if (is_null(ptr) || check_range(ptr, u32(offset), u32(length)) || is_read_only(ptr) || type_of(ptr) == XDP) return 0;
  return load<u64>(ptr) + u64(load<u32>(ptr, OFFSET)) + u64(u32(offset));
}

/** Address of packet bytes that lie in one part of it; 0 where they do not, or are not there. */
function packet_at(env: u32, offset: u32, length: u32): u32 {
  if (offset > MAX_OFFSET || length > MAX_OFFSET) return 0;
  const data = load<u32>(env, ENV_DATA);
  const linear = load<u32>(env, ENV_DATA_END) - data;
  const rest = load<u32>(env, ENV_FRAG_LENGTH);
  if (offset + length > linear + rest) return 0;
  if (offset < linear) return offset + length <= linear ? data + offset : 0;
  const behind = offset - linear;
  const inFragment = behind & (FRAGMENT - 1);
  const size = min(FRAGMENT, rest - (behind - inFragment));
  // Behind the last fragment the kernel looks into the linear part again, where nothing of this length is.
  if (behind >= rest) return length <= linear && behind + length <= linear ? data + behind : 0;
  return inFragment + length <= size ? load<u32>(env, ENV_HARD_START) + SLOT_FRAGS + behind : 0;
}

export function bpf_dynptr_slice(env: u32, ptr64: u64, offset64: u64, buffer: u64, length64: u64): u64 {
  const ptr = u32(ptr64);
  const length = u32(length64);
  if (is_null(ptr) || check_range(ptr, u32(offset64), length)) return 0;
  const offset = load<u32>(ptr, OFFSET) + u32(offset64);
  if (type_of(ptr) != XDP) return load<u64>(ptr) + u64(offset);
  const found = packet_at(env, offset, length);
  if (found || !buffer) return u64(found);
  bpf_xdp_load_bytes(env, 0, u64(offset), buffer, u64(length));
  return buffer;
}

export function bpf_dynptr_slice_rdwr(env: u32, ptr: u64, offset: u64, buffer: u64, length: u64): u64 {
  if (is_null(u32(ptr)) || is_read_only(u32(ptr))) return 0;
  return bpf_dynptr_slice(env, ptr, offset, buffer, length);
}

export function bpf_dynptr_adjust(env: u32, ptr64: u64, start64: u64, end64: u64): u64 {
  const ptr = u32(ptr64);
  const start = u32(start64);
  const end = u32(end64);
  if (is_null(ptr) || start > end) return u64(u32(-EINVAL));
  const size = size_of(ptr);
  if (start > size || end > size) return u64(u32(-ERANGE));
  store<u32>(ptr, load<u32>(ptr, OFFSET) + start, OFFSET);
  store<u32>(ptr, (load<u32>(ptr, SIZE) & ~SIZE_MASK) | (end - start), SIZE);
  return 0;
}

export function bpf_dynptr_is_null(env: u32, ptr: u64): u64 {
  return u64(is_null(u32(ptr)));
}

export function bpf_dynptr_is_rdonly(env: u32, ptr: u64): u64 {
  return u64(!is_null(u32(ptr)) && is_read_only(u32(ptr)));
}

export function bpf_dynptr_size(env: u32, ptr: u64): u64 {
  return is_null(u32(ptr)) ? u64(u32(-EINVAL)) : u64(size_of(u32(ptr)));
}

export function bpf_dynptr_clone(env: u32, ptr: u64, to64: u64): u64 {
  const to = u32(to64);
  if (is_null(u32(ptr))) {
    set_dynptr(to, 0, 0, 0);
    return u64(u32(-EINVAL));
  }
  const first = load<u64>(u32(ptr));
  const second = load<u64>(u32(ptr), 8);
  store<u64>(to, first);
  store<u64>(to, second, 8);
  return 0;
}

/** Copies between two dynptrs, whatever they stand for. */
export function bpf_dynptr_copy(env: u32, to: u64, toOffset: u64, from: u64, fromOffset: u64, size64: u64): u64 {
  const size = u32(size64);
  if (is_null(u32(to)) || is_null(u32(from)) || is_read_only(u32(to))) return u64(u32(-EINVAL));
  if (check_range(u32(to), u32(toOffset), size) || check_range(u32(from), u32(fromOffset), size)) return u64(u32(-E2BIG));
  const buffer = env + ENV_SCRATCH + SCRATCH_HELPERS;
  // Forwards or backwards, so that parts of one memory may overlap.
  const backwards = u32(toOffset) > u32(fromOffset);
  for (let done: u32 = 0; done < size; ) {
    const part = min<u32>(size - done, CHUNK);
    const at = backwards ? size - done - part : done;
    const error = read(env, buffer, part, u32(from), u32(fromOffset) + at);
    if (error) return u64(u32(error));
    const failed = bpf_dynptr_write(env, to, u64(u32(toOffset) + at), u64(buffer), u64(part), 0);
    if (failed) return u64(u32(failed));
    done += part;
  }
  return 0;
}

export function bpf_dynptr_memset(env: u32, ptr: u64, offset: u64, size64: u64, value: u64): u64 {
  const size = u32(size64);
  if (is_null(u32(ptr)) || is_read_only(u32(ptr))) return u64(u32(-EINVAL));
  if (check_range(u32(ptr), u32(offset), size)) return u64(u32(-E2BIG));
  const buffer = env + ENV_SCRATCH + SCRATCH_HELPERS;
  memory.fill(buffer, u8(value), CHUNK);
  for (let done: u32 = 0; done < size; ) {
    const part = min<u32>(size - done, CHUNK);
    const failed = bpf_dynptr_write(env, ptr, u64(u32(offset) + done), u64(buffer), u64(part), 0);
    if (failed) return u64(u32(failed));
    done += part;
  }
  return 0;
}
