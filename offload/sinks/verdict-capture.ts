/** Writes the packets as the program left them, each with its verdict, hash and queue, so that Wireshark shows them. */
import { PcapngWriter } from "../../traffic/index.js";
import type { CaptureInterface, PacketNotes } from "../../traffic/index.js";
import { FATES, FATE_RAN } from "../types.js";
import type { PacketBatch, RunStart, Sink } from "../types.js";
import { packetBytes } from "./bytes.js";

/**
 * A pcapng of everything that was received. A packet that the program ran for has its bytes, `epb_verdict`, `epb_hash`,
 * `epb_queue` and `epb_packetid`; one that was dropped before has a comment that says where instead of a verdict.
 */
export class VerdictCapture implements Sink {
  readonly data = true;
  readonly #writer: PcapngWriter;
  #interfaces: readonly CaptureInterface[] = [];
  #described = 0;

  /** Throws {@link CaptureError} where the file cannot be written. */
  constructor(path: string) {
    this.#writer = new PcapngWriter(path);
  }

  start(run: RunStart): void {
    this.#writer.epochNs = run.epochNs;
    this.#interfaces = run.interfaces;
  }

  batch(batch: PacketBatch): void {
    const notes: PacketNotes = {};
    for (let i = 0; i < batch.count; i++) {
      notes.iface = batch.iface[i];
      this.#describe(notes.iface);
      const ran = batch.fate[i] === FATE_RAN;
      const bytes = ran ? packetBytes(batch, i) : batch.memory.subarray(batch.frame[i], batch.frame[i] + batch.captured[i]);
      notes.originalLength = bytes.length + batch.wire[i] - batch.captured[i];
      notes.verdict = ran ? batch.ret[i] : undefined;
      notes.hash = batch.hash[i];
      notes.queue = batch.queue[i];
      notes.packetId = batch.packet[i];
      notes.comment = ran ? undefined : `dropped: ${FATES[batch.fate[i]]}`;
      this.#writer.write(bytes, batch.time[i], notes);
    }
  }

  finish(): void {
    this.#writer.close();
  }

  abort(): void {
    this.#writer.abort();
  }

  /** Interfaces of a pcapng become known while it is read; their numbers stay what they were. */
  #describe(iface: number): void {
    for (; this.#described <= iface; this.#described++) {
      const { name } = this.#interfaces[this.#described];
      this.#writer.addInterface(name === "" ? {} : { name });
    }
  }
}
