/** Records of a classic pcap, parsed where they lie: a packet's bytes stay where the file was read to. */
import { ingestOn } from "../runtime/ingest.js";
import { MAX_FRAME_BYTES } from "../trace.js";
import type { Trace } from "../trace.js";
import type { ClassicHeader } from "./classic-header.js";
import { CaptureClock } from "./clock.js";
import { CaptureError } from "./errors.js";
import { linkGrowth, writeEthernet } from "./link-type.js";
import { wireLength } from "./reader.js";
import type { CaptureInterface, RecordParser } from "./reader.js";

/** Bytes of a record's header in all variants but one. */
const SHORT_HEADER = 16;

/** Parses the records after the file header; see {@link RecordParser}. */
export class ClassicParser implements RecordParser {
  readonly format = "pcap";
  readonly clock = new CaptureClock();
  readonly interfaces: readonly CaptureInterface[];
  readonly inRecord = false;
  at = 0;
  packets = 0;
  readonly #header: ClassicHeader;
  readonly #file: string;

  constructor(header: ClassicHeader, file: string) {
    this.#header = header;
    this.#file = file;
    this.interfaces = [classicInterface(header, file)];
  }

  parse(trace: Trace, from: number, end: number, fileOffset: number): number {
    const { littleEndian, recordHeader, versionMinor, handling, fcsBytes } = this.#header;
    const { frames, time, offset, length, originalLength, iface, port, storage } = trace;
    const view = new DataView(frames.buffer, frames.byteOffset, frames.byteLength);
    const clock = this.clock;
    const room = storage.packets;
    const plain = handling.kind === "ethernet" && fcsBytes === 0 && versionMinor >= 4;
    const growth = linkGrowth(handling);
    const tickNs = 1e9 / this.#header.ticksPerSecond;
    const first = trace.count;
    if (!clock.started && end - from >= 8) {
      clock.start(view.getUint32(from, littleEndian), view.getUint32(from + 4, littleEndian) * tickNs);
    }
    const { epochSeconds, epochFraction } = clock;
    let at = from;
    let count = first;
    let need = recordHeader;
    if (plain && recordHeader === SHORT_HEADER && storage.memory !== undefined) {
      const ingest = ingestOn(storage.memory);
      count = ingest.parse_classic(
        frames.byteOffset, from, end, first, room,
        time.byteOffset, offset.byteOffset, length.byteOffset, originalLength.byteOffset,
        littleEndian ? 0 : 1, tickNs, epochSeconds, epochFraction,
      );
      at = ingest.at.value as number;
      iface.fill(0, first, count);
      port.fill(0, first, count);
    }
    // What the loop left: the record that is not whole yet, or one that no capture has.
    for (;;) {
      if (count >= room) {
        need = 0;
        break;
      }
      if (end - at < recordHeader) {
        need = recordHeader;
        break;
      }
      let captured = view.getUint32(at + 8, littleEndian);
      let original = view.getUint32(at + 12, littleEndian);
      // Before version 2.3 the two lengths were the other way round, in 2.3 either way.
      if (versionMinor < 4 && (versionMinor < 3 || captured > original)) {
        const swap = captured;
        captured = original;
        original = swap;
      }
      if (captured > MAX_FRAME_BYTES) {
        throw oversized({ file: this.#file, offset: fileOffset + at, packet: this.packets + count - first + 1 }, captured);
      }
      const start = at + recordHeader;
      const next = start + captured;
      if (next > end) {
        need = recordHeader + captured;
        break;
      }
      time[count] =
        (view.getUint32(at, littleEndian) - epochSeconds) * 1e9 +
        (view.getUint32(at + 4, littleEndian) * tickNs - epochFraction);
      if (original < captured) original = captured;
      if (plain) {
        offset[count] = start;
        length[count] = captured;
        originalLength[count] = original;
      } else {
        const onWire = original > fcsBytes ? original - fcsBytes : 0;
        const kept = captured > onWire ? onWire : captured;
        const frame = writeEthernet(frames, start, start + kept, handling);
        offset[count] = frame;
        length[count] = start + kept - frame;
        originalLength[count] = wireLength(onWire + growth, start + kept - frame);
      }
      iface[count] = 0;
      port[count] = 0;
      count++;
      at = next;
    }
    trace.count = count;
    this.packets += count - first;
    this.at = at;
    return need;
  }
}

/** The one interface of a classic pcap. */
export function classicInterface(header: ClassicHeader, file: string): CaptureInterface {
  const { linkType, snaplen, ticksPerSecond, fcsBytes } = header;
  return { name: "", linkType, snaplen, ticksPerSecond, fcsBytes, file };
}

/** The error for a length that no capture has: the file is damaged or forged. */
export function oversized(place: { file: string; offset: number; packet: number }, bytes: number): CaptureError {
  return new CaptureError(
    place,
    `packet length ${bytes} is above the limit of ${MAX_FRAME_BYTES} bytes`,
    "the file is damaged or forged there, repair it or cut it off before that packet",
  );
}
