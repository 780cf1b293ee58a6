/** Copying and comparing the bytes of keys and values. Both sides may lie anywhere; nothing outside of them is touched. */

/** The last 1 to 7 bytes of something, padded with zeros to a word. */
@inline
export function loadTail(from: u32, size: u32): u64 {
  let word: u64 = 0;
  let shift: u64 = 0;
  if (size & 4) {
    word = <u64>load<u32>(from);
    from += 4;
    shift = 32;
  }
  if (size & 2) {
    word |= (<u64>load<u16>(from)) << shift;
    from += 2;
    shift += 16;
  }
  if (size & 1) word |= (<u64>load<u8>(from)) << shift;
  return word;
}

export function copyBytes(to: u32, from: u32, size: u32): void {
  if (size > 64) {
    memory.copy(to, from, size);
    return;
  }
  while (size >= 8) {
    store<u64>(to, load<u64>(from));
    to += 8;
    from += 8;
    size -= 8;
  }
  if (size & 4) {
    store<u32>(to, load<u32>(from));
    to += 4;
    from += 4;
  }
  if (size & 2) {
    store<u16>(to, load<u16>(from));
    to += 2;
    from += 2;
  }
  if (size & 1) store<u8>(to, load<u8>(from));
}

/** Copies a key into an element, padded with zeros to a multiple of 8, so that it compares word by word. */
export function copyKey(to: u32, from: u32, size: u32): void {
  while (size >= 8) {
    store<u64>(to, load<u64>(from));
    to += 8;
    from += 8;
    size -= 8;
  }
  if (size) store<u64>(to, loadTail(from, size));
}

/** Whether a padded key of an element is the key at `key`. */
@inline
export function isKey(padded: u32, key: u32, size: u32): bool {
  while (size >= 8) {
    if (load<u64>(padded) != load<u64>(key)) return false;
    padded += 8;
    key += 8;
    size -= 8;
  }
  return size == 0 || load<u64>(padded) == loadTail(key, size);
}

/** Bytes rounded up to a multiple of 8. */
@inline
export function padded(size: u32): u32 {
  return (size + 7) & ~7;
}
