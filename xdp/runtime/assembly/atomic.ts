/** Atomic operations on memory that has been checked. */

/** Read-modify-write of `T`; gives the value before. The operation is `imm` without BPF_FETCH. */
// @ts-ignore: decorator
@inline
function update<T>(operation: u32, address: u32, value: T, expected: T): T {
  switch (operation) {
    case 0x00:
      return atomic.add<T>(address, value);
    case 0x40:
      return atomic.or<T>(address, value);
    case 0x50:
      return atomic.and<T>(address, value);
    case 0xa0:
      return atomic.xor<T>(address, value);
    case 0xe0:
      return atomic.xchg<T>(address, value);
    default:
      return atomic.cmpxchg<T>(address, expected, value);
  }
}

/** 4 bytes, the old value zero-extended. */
export function atomic_update32(operation: u32, address: u32, value: u64, expected: u64): u64 {
  return u64(update<u32>(operation, address, u32(value), u32(expected)));
}

/** 8 bytes. */
export function atomic_update64(operation: u32, address: u32, value: u64, expected: u64): u64 {
  return update<u64>(operation, address, value, expected);
}

/** Ordered load of 1, 2, 4 or 8 bytes, zero-extended. */
export function load_acquire(address: u32, size: u32): u64 {
  if (size == 1) return u64(atomic.load<u8>(address));
  if (size == 2) return u64(atomic.load<u16>(address));
  if (size == 4) return u64(atomic.load<u32>(address));
  return atomic.load<u64>(address);
}

/** Ordered store. */
export function store_release(address: u32, size: u32, value: u64): void {
  if (size == 1) atomic.store<u8>(address, u8(value));
  else if (size == 2) atomic.store<u16>(address, u16(value));
  else if (size == 4) atomic.store<u32>(address, u32(value));
  else atomic.store<u64>(address, value);
}
