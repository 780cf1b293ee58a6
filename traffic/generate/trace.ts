/** From a source into a Trace. */
import { Trace } from "../trace.js";
import type { GeneratedPacket, Source } from "./source.js";

/** Which stream each packet of a trace came from. */
export interface TraceLabels {
  /** Labels in the order of their first packet. */
  readonly names: readonly string[];
  /** By packet, an index into {@link names}. */
  readonly of: Uint16Array;
}

/**
 * Appends all packets of `source` to `trace`.
 * @returns the labels of the packets appended
 * @throws RangeError when the trace is full: packets are never dropped silently
 */
export function fillTrace(source: Source, trace: Trace): TraceLabels {
  const labels = new LabelColumn();
  for (const packet of source) {
    if (!trace.fits(packet.frame.length)) {
      throw new RangeError(`the trace is full after ${trace.count} packets and ${trace.used} bytes; allocate a larger one, or take fewer packets`);
    }
    trace.push(packet.frame, packet.timeNs, packet.frame.length, packet.iface);
    labels.add(packet.label);
  }
  return labels.done();
}

/** All packets of `source`, which must end, in a trace that is just large enough. */
export function traceOf(source: Source): { readonly trace: Trace; readonly labels: TraceLabels } {
  const packets: GeneratedPacket[] = [...source];
  const bytes = packets.reduce((sum, { frame }) => sum + Math.ceil(frame.length / 8) * 8, 0);
  const trace = Trace.allocate(bytes, packets.length);
  return { trace, labels: fillTrace(packets, trace) };
}

class LabelColumn {
  readonly #numbers = new Map<string, number>();
  #column = new Uint16Array(1024);
  #count = 0;

  add(label: string): void {
    let number = this.#numbers.get(label);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(label, number);
    }
    if (this.#count === this.#column.length) {
      const larger = new Uint16Array(2 * this.#count);
      larger.set(this.#column);
      this.#column = larger;
    }
    this.#column[this.#count++] = number;
  }

  done(): TraceLabels {
    return { names: [...this.#numbers.keys()], of: this.#column.slice(0, this.#count) };
  }
}
