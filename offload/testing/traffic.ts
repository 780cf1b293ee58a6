/** Traffic from memory: packets built here, read like a capture. */
import type { CaptureInterface, CaptureReader, Trace } from "../../traffic/index.js";

export interface TestPacket {
  readonly bytes: Uint8Array;
  /** ns after the first. */
  readonly time?: number;
  readonly iface?: number;
  readonly wire?: number;
}

/** 2023-11-14 22:13:20 UTC. */
export const EPOCH_NS = 1_700_000_000_000_000_000n;

function iface(name: string): CaptureInterface {
  return { name, linkType: 1, snaplen: 0, ticksPerSecond: 1e9, fcsBytes: 0, file: "test.pcapng" };
}

/** A reader over `packets`; `window` bounds how many it gives at a time. */
export function readerOf(packets: readonly TestPacket[], window = Infinity): CaptureReader {
  let next = 0;
  return {
    format: "pcapng",
    file: "test.pcapng",
    interfaces: [iface("eth0"), iface("eth1")],
    warnings: [],
    get bytesRead() {
      return next;
    },
    size: packets.length,
    read(into: Trace): boolean {
      into.clear();
      into.epochNs = EPOCH_NS;
      while (next < packets.length && into.count < window && into.fits(packets[next].bytes.length)) {
        const { bytes, time, iface: from, wire } = packets[next];
        into.push(bytes, time ?? next * 1000, wire ?? bytes.length, from ?? 0);
        next++;
      }
      return into.count > 0;
    },
    close: () => undefined,
  };
}

/** An IPv4 UDP frame of `length` bytes from flow `flow` to port `port`. */
export function udp(flow: number, port: number, length = 60): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, (length - 14) >> 8, (length - 14) & 255, 0, 0, 0, 0, 64, 17, 0, 0]);
  bytes.set([10, (flow >> 16) & 255, (flow >> 8) & 255, flow & 255, 192, 0, 2, 1], 26);
  bytes.set([0x10, flow & 255, port >> 8, port & 255, 0, (length - 34) & 255], 34);
  return bytes;
}
