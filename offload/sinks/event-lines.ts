/** Writes what programs send to user space, through ring buffers and perf event arrays, as JSON lines. */
import { OutputFile } from "../../traffic/index.js";
import { drainPerfEvents, drainRingbuf, openPerfReaders } from "../../xdp/index.js";
import type { MapHandle } from "../../xdp/index.js";
import type { RunStart, Sink } from "../types.js";

/**
 * Reads every ring buffer and perf event array of the program, as a user-space reader would:
 * `{"map":"events","data":"hex"}`, of perf events with the `cpu` they come from. Without a reader ring buffers fill up and perf events
 * fail with -ENOENT, as in the kernel.
 */
export class EventLines implements Sink {
  readonly columns = false;
  readonly #out: OutputFile;
  #rings: readonly MapHandle[] = [];
  #perf: readonly MapHandle[] = [];

  /** Throws {@link CaptureError} where the file cannot be written. */
  constructor(path: string) {
    this.#out = new OutputFile(path);
  }

  start({ machine }: RunStart): void {
    this.#rings = machine.maps.filter(({ spec }) => spec.type === "BPF_MAP_TYPE_RINGBUF");
    this.#perf = machine.maps.filter(({ spec }) => spec.type === "BPF_MAP_TYPE_PERF_EVENT_ARRAY");
    for (const handle of this.#perf) openPerfReaders(handle, machine.cpus);
  }

  batch(): void {
    for (const handle of this.#rings) {
      for (const data of drainRingbuf(handle)) this.#write({ map: handle.spec.name, data: hex(data) });
    }
    for (const handle of this.#perf) {
      const { events, lost } = drainPerfEvents(handle);
      for (const { cpu, data } of events) this.#write({ map: handle.spec.name, cpu, data: hex(data) });
      if (lost > 0) this.#write({ map: handle.spec.name, lost });
    }
  }

  finish(): void {
    this.batch();
    this.#out.close();
  }

  abort(): void {
    this.#out.abort();
  }

  #write(line: object): void {
    this.#out.write(Buffer.from(`${JSON.stringify(line)}\n`));
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
