/**
 * The usual records of captures, parsed in one loop where they lie: columns are written, bytes stay. AssemblyScript, compiled
 * by the build. Whatever is not usual ends the loop in front of it: the parsers in traffic/capture go on from there, so
 * errors, rare variants and the end of the bytes are theirs alone. Nothing here has static data: the memory is not ours.
 */

/** MAX_FRAME_BYTES of traffic/trace.ts. */
const MAX_FRAME_BYTES: u32 = 262144;
const CLASSIC_RECORD: u32 = 16;

/** Where the last call stopped, an offset in the frames. */
export let at: u32 = 0;

/**
 * Records of a classic pcap with frames that stay as they are (Ethernet, no check sequence, version 2.4). Rows `count` to
 * `room - 1` may be written; `swapped` is 1 where the file is big-endian. Returns the new count; {@link at} says where it
 * stopped: no room, a record that is not whole in `[from, end)`, or a length that cannot be.
 */
export function parse_classic(
  frames: usize, from: u32, end: u32, count: u32, room: u32,
  time: usize, offset: usize, length: usize, original: usize,
  swapped: u32, tickNs: f64, epochSeconds: f64, epochFraction: f64,
): u32 {
  return swapped
    ? classic(frames, from, end, count, room, time, offset, length, original, true, tickNs, epochSeconds, epochFraction)
    : classic(frames, from, end, count, room, time, offset, length, original, false, tickNs, epochSeconds, epochFraction);
}

// @ts-ignore: decorator
@inline
function word(address: usize, swapped: bool): u32 {
  const value = load<u32>(address);
  return swapped ? bswap<u32>(value) : value;
}

// @ts-ignore: decorator
@inline
function classic(
  frames: usize, from: u32, end: u32, count: u32, room: u32,
  time: usize, offset: usize, length: usize, original: usize,
  swapped: bool, tickNs: f64, epochSeconds: f64, epochFraction: f64,
): u32 {
  let next = from;
  while (count < room && end - next >= CLASSIC_RECORD) {
    const record = frames + next;
    const captured = word(record + 8, swapped);
    const start = next + CLASSIC_RECORD;
    if (captured > MAX_FRAME_BYTES || captured > end - start) break;
    const claimed = word(record + 12, swapped);
    const seconds = <f64>word(record, swapped);
    const fraction = <f64>word(record + 4, swapped);
    store<f64>(time + (count << 3), (seconds - epochSeconds) * 1e9 + (fraction * tickNs - epochFraction));
    store<u32>(offset + (count << 2), start);
    store<u32>(length + (count << 2), captured);
    store<u32>(original + (count << 2), max(claimed, captured));
    count++;
    next = start + captured;
  }
  at = next;
  return count;
}

const ENHANCED_PACKET: u32 = 6;
/** A block without packet bytes and options: its header, and its length again. */
const SMALLEST_ENHANCED: u32 = 32;
/** A packet of MAX_FRAME_BYTES with few options; larger ones are not usual. */
const LARGEST_ENHANCED: u32 = MAX_FRAME_BYTES + 64;
/** Options of fewer bytes than this hold nothing. */
const SMALLEST_OPTIONS: u32 = 8;

/** An interface: base time (f64), ns in a tick (f64), the high half of timestamps that count from the base, index. */
const INTERFACE_BYTES: u32 = 24;
const INTERFACE_TICK: usize = 8;
const INTERFACE_HIGH: usize = 16;
const INTERFACE_INDEX: usize = 20;
/** In place of the index, of an interface whose packets are not usual. */
const NOT_USUAL: u32 = 0xffff_ffff;

/**
 * Enhanced packet blocks of a pcapng: of Ethernet interfaces without check sequence, whole, without options. `interfaces`
 * is the section's table of `described` entries. Otherwise as {@link parse_classic}.
 */
export function parse_enhanced(
  frames: usize, from: u32, end: u32, count: u32, room: u32,
  time: usize, offset: usize, length: usize, original: usize, iface: usize,
  swapped: u32, interfaces: usize, described: u32,
): u32 {
  return swapped
    ? enhanced(frames, from, end, count, room, time, offset, length, original, iface, true, interfaces, described)
    : enhanced(frames, from, end, count, room, time, offset, length, original, iface, false, interfaces, described);
}

// @ts-ignore: decorator
@inline
function enhanced(
  frames: usize, from: u32, end: u32, count: u32, room: u32,
  time: usize, offset: usize, length: usize, original: usize, iface: usize,
  swapped: bool, interfaces: usize, described: u32,
): u32 {
  let next = from;
  while (count < room && end - next >= SMALLEST_ENHANCED) {
    const block = frames + next;
    if (word(block, swapped) != ENHANCED_PACKET) break;
    const bytes = word(block + 4, swapped);
    if (bytes < SMALLEST_ENHANCED || bytes > LARGEST_ENHANCED || (bytes & 3) != 0 || bytes > end - next) break;
    if (word(block + bytes - 4, swapped) != bytes) break;
    const number = word(block + 8, swapped);
    if (number >= described) break;
    const known = interfaces + number * INTERFACE_BYTES;
    const index = load<u32>(known, INTERFACE_INDEX);
    if (index == NOT_USUAL || word(block + 12, swapped) != load<u32>(known, INTERFACE_HIGH)) break;
    const captured = word(block + 20, swapped);
    const space = bytes - SMALLEST_ENHANCED;
    if (captured > space || captured > MAX_FRAME_BYTES || space - ((captured + 3) & ~3) >= SMALLEST_OPTIONS) break;
    store<f64>(time + (count << 3), load<f64>(known) + <f64>word(block + 16, swapped) * load<f64>(known, INTERFACE_TICK));
    store<u32>(offset + (count << 2), next + 28);
    store<u32>(length + (count << 2), captured);
    store<u32>(original + (count << 2), max(word(block + 24, swapped), captured));
    store<u16>(iface + (count << 1), <u16>index);
    count++;
    next += bytes;
  }
  at = next;
  return count;
}
