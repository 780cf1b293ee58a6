/** Counts verdicts by what the traffic is called: attack, legitimate, a customer's name. */
import type { CaptureInterface } from "../../traffic/index.js";
import { FATE_RAN } from "../types.js";
import type { PacketBatch, RunStart, Sink } from "../types.js";

export interface LabelCount {
  readonly label: string;
  readonly packets: number;
  /** Dropped or aborted by the program. */
  readonly stopped: number;
  /** Lost before the program, for want of room. */
  readonly lost: number;
}

/** XDP_ABORTED is below it: both stop a packet. */
const XDP_DROP = 1;

/** Labels come from the capture's interfaces; packets of an interface without one are not counted. */
export class LabelCounts implements Sink {
  readonly #labelOf: (iface: CaptureInterface) => string | undefined;
  #interfaces: readonly CaptureInterface[] = [];
  /** Label index by interface; -1 for none. */
  readonly #byInterface: number[] = [];
  readonly #counts: { label: string; packets: number; stopped: number; lost: number }[] = [];

  constructor(labelOf: (iface: CaptureInterface) => string | undefined) {
    this.#labelOf = labelOf;
  }

  /** By label, in the order in which they were first seen. */
  get counts(): readonly LabelCount[] {
    return this.#counts;
  }

  start(run: RunStart): void {
    this.#interfaces = run.interfaces;
  }

  batch(batch: PacketBatch): void {
    for (let i = 0; i < batch.count; i++) {
      const index = this.#byInterface[batch.iface[i]] ?? this.#meet(batch.iface[i]);
      if (index < 0) continue;
      const count = this.#counts[index];
      count.packets++;
      if (batch.fate[i] !== FATE_RAN) count.lost++;
      else if (batch.verdict[i] <= XDP_DROP) count.stopped++;
    }
  }

  #meet(iface: number): number {
    const label = this.#labelOf(this.#interfaces[iface]);
    let index = -1;
    if (label !== undefined) {
      index = this.#counts.findIndex((count) => count.label === label);
      if (index < 0) index = this.#counts.push({ label, packets: 0, stopped: 0, lost: 0 }) - 1;
    }
    this.#byInterface[iface] = index;
    return index;
  }
}
