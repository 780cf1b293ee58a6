/** Writes what became of each packet as JSON lines, in arrival order. */
import { OutputFile } from "../../traffic/index.js";
import { VERDICTS, abi } from "../../xdp/index.js";
import { FATES, FATE_RAN } from "../types.js";
import type { PacketBatch, RunStart, Sink } from "../types.js";
import { packetBytes } from "./bytes.js";

export interface PacketLinesOptions {
  /** Adds the packet's bytes after the program, as hex. Default false. */
  readonly data?: boolean;
}

/**
 * One JSON document a line: `{"i":0,"verdict":"XDP_TX","ret":3,"queue":2,"hash":"0x51ccc178","len":84,…}`. A packet that never
 * reached the program has `dropped` instead of a verdict. The file appears when the run is complete.
 */
export class PacketLines implements Sink {
  readonly data: boolean;
  readonly #out: OutputFile;
  #mapNames: readonly string[] = [];
  #programs: readonly string[] = [];

  /** Throws {@link CaptureError} where the file cannot be written. */
  constructor(path: string, options: PacketLinesOptions = {}) {
    this.data = options.data ?? false;
    this.#out = new OutputFile(path);
  }

  start(run: RunStart): void {
    this.#mapNames = run.machine.maps.map((map) => map.spec.name);
    this.#programs = run.programs;
  }

  batch(batch: PacketBatch): void {
    let lines = "";
    for (let i = 0; i < batch.count; i++) {
      const place = `"queue":${batch.queue[i]},"hash":"0x${batch.hash[i].toString(16).padStart(8, "0")}"`;
      const outcome = batch.fate[i] === FATE_RAN ? this.#outcome(batch, i, place) : `"dropped":"${FATES[batch.fate[i]]}",${place},"len":${batch.captured[i]}`;
      lines += `{"i":${batch.packet[i]},${outcome}}\n`;
    }
    this.#out.write(Buffer.from(lines));
  }

  finish(): void {
    this.#out.close();
  }

  abort(): void {
    this.#out.abort();
  }

  #outcome(batch: PacketBatch, i: number, place: string): string {
    let line = `"verdict":"${VERDICTS[batch.verdict[i]]}","ret":${batch.ret[i]},${place},"len":${batch.length[i] + batch.fragLength[i]}`;
    if (this.data) line += `,"data":"${hex(packetBytes(batch, i))}"`;
    if (batch.metaLength[i] > 0) line += `,"meta":${batch.metaLength[i]}`;
    if (batch.redirectKind[i] !== abi.REDIRECT_NONE) line += `,"redirect":${JSON.stringify(this.#redirect(batch, i))}`;
    if (batch.fault[i] !== 0) line += `,"fault":${JSON.stringify({ program: this.#programs[batch.faultProgram[i]], insn: batch.faultInsn[i] })}`;
    return line;
  }

  #redirect(batch: PacketBatch, i: number): object {
    const target = batch.redirectTarget[i];
    if (batch.redirectKind[i] === abi.REDIRECT_IFINDEX) return { ifindex: target };
    return { map: this.#mapNames[batch.redirectMap[i]], key: batch.redirectKey[i], ifindex: target };
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
