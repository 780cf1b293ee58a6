/** Reads whole captures into plain objects, to compare. */
import type { Trace } from "../../trace.js";
import type { CaptureReader } from "../reader.js";
import { withWasmTrace } from "./wasm-trace.js";

export interface Collected {
  readonly epochNs: bigint;
  readonly packets: CollectedPacket[];
  /** Packets in each window. */
  readonly windows: number[];
}

export interface CollectedPacket {
  readonly hex: string;
  readonly time: number;
  readonly original: number;
  readonly iface: number;
}

/** All packets of a capture, read with windows of the given size, in a wasm memory as runs do. */
export async function collect(reader: CaptureReader, frameBytes = 1 << 20, packets = 4096): Promise<Collected> {
  return withWasmTrace(frameBytes, packets, (trace) => collectInto(reader, trace));
}

/** All packets of a capture, read into `trace` window by window. */
export async function collectInto(reader: CaptureReader, trace: Trace): Promise<Collected> {
  const all: CollectedPacket[] = [];
  const windows: number[] = [];
  let epochNs = 0n;
  while (await reader.read(trace)) {
    windows.push(trace.count);
    epochNs = trace.epochNs;
    for (let i = 0; i < trace.count; i++) {
      if (trace.port[i] !== 0) throw new Error(`packet ${i} has port ${trace.port[i]}`);
      all.push({
        hex: Buffer.from(trace.frame(i)).toString("hex"),
        time: trace.time[i],
        original: trace.originalLength[i],
        iface: trace.iface[i],
      });
    }
  }
  return { epochNs, packets: all, windows };
}
