/** Counts verdicts by what the traffic is called: attack, legitimate, a customer's name. */
import type { CaptureInterface } from "../../traffic/index.js";
import type { InterfaceCount, RunStart, Sink } from "../types.js";

export interface LabelCount {
  readonly label: string;
  readonly packets: number;
  /** Dropped or aborted by the program. */
  readonly stopped: number;
  /** Lost before the program, for want of room. */
  readonly lost: number;
}

/** Labels come from the capture's interfaces; packets of an interface without one are not counted. */
export class LabelCounts implements Sink {
  readonly columns = false;
  readonly #labelOf: (iface: CaptureInterface) => string | undefined;
  readonly #counts = new Map<string, LabelCount>();
  #interfaces: readonly CaptureInterface[] = [];

  constructor(labelOf: (iface: CaptureInterface) => string | undefined) {
    this.#labelOf = labelOf;
  }

  /** By label, in the order of the capture's interfaces; complete when the run is. */
  get counts(): readonly LabelCount[] {
    return [...this.#counts.values()];
  }

  start(run: RunStart): void {
    this.#interfaces = run.interfaces;
  }

  finish(interfaces: readonly InterfaceCount[]): void {
    for (const [index, { packets, stopped, lost }] of interfaces.entries()) {
      const label = packets === 0 ? undefined : this.#labelOf(this.#interfaces[index]);
      if (label === undefined) continue;
      const known = this.#counts.get(label) ?? { label, packets: 0, stopped: 0, lost: 0 };
      this.#counts.set(label, { label, packets: known.packets + packets, stopped: known.stopped + stopped, lost: known.lost + lost });
    }
  }
}
