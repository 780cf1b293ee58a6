/** The usual blocks of a pcapng, taken by the wasm loop in traffic/runtime: enhanced packet blocks of Ethernet interfaces, without options. */
import { ingestOn } from "../runtime/ingest.js";
import { SCRATCH_BYTES } from "../trace.js";
import type { Trace } from "../trace.js";
import { LINKTYPE_ETHERNET } from "./link-type.js";
import type { PcapngInterface } from "./pcapng-interface.js";

/** An interface, as traffic/runtime/assembly describes it. */
const INTERFACE_BYTES = 24;
const INTERFACE_TICK = 8;
const INTERFACE_HIGH = 16;
const INTERFACE_INDEX = 20;
const NOT_USUAL = 0xffff_ffff;

const MOST_INTERFACES = SCRATCH_BYTES / INTERFACE_BYTES;
/** A call that takes fewer packets has cost more than it saved. */
const WORTHWHILE = 4;
/** After such calls so many packets, at most, go by before the next try. */
const LONGEST_WAIT = 64;

export class PcapngLoop {
  /** Packets that go by before the next try, and of those how many are left. */
  #wait = 0;
  #left = 0;

  /**
   * Appends the usual packets that begin `frames[from, end)` to the trace; returns where the first other block begins.
   * `section` is the interfaces of the section.
   */
  take(trace: Trace, from: number, end: number, littleEndian: boolean, section: readonly PcapngInterface[]): number {
    const { memory } = trace.storage;
    if (memory === undefined) return from;
    if (this.#left > 0) {
      this.#left--;
      return from;
    }
    const ingest = ingestOn(memory);
    const described = Math.min(section.length, MOST_INTERFACES);
    describe(trace, section, described);
    const first = trace.count;
    const { frames, time, offset, length, originalLength, iface, storage, scratch } = trace;
    trace.count = ingest.parse_enhanced(
      frames.byteOffset, from, end, first, storage.packets,
      time.byteOffset, offset.byteOffset, length.byteOffset, originalLength.byteOffset, iface.byteOffset,
      littleEndian ? 0 : 1, scratch, described,
    );
    trace.port.fill(0, first, trace.count);
    this.#wait = trace.count - first >= WORTHWHILE ? 0 : Math.min(LONGEST_WAIT, 2 * this.#wait + 1);
    this.#left = this.#wait;
    return ingest.at.value as number;
  }
}

/** Writes the table of interfaces: those that are Ethernet without check sequence, with times that count from a base. */
function describe({ storage, scratch }: Trace, section: readonly PcapngInterface[], described: number): void {
  const view = new DataView(storage.buffer, scratch, SCRATCH_BYTES);
  for (let i = 0; i < described; i++) {
    const { base, baseHigh, fcsBytes, index, linkType, tickNs } = section[i];
    const usual = linkType === LINKTYPE_ETHERNET && fcsBytes === 0 && tickNs > 0;
    const at = i * INTERFACE_BYTES;
    view.setFloat64(at, base, true);
    view.setFloat64(at + INTERFACE_TICK, tickNs, true);
    view.setUint32(at + INTERFACE_HIGH, baseHigh, true);
    view.setUint32(at + INTERFACE_INDEX, usual ? index : NOT_USUAL, true);
  }
}
