/** Runs a program given as assembly over made packets on a profile: what the validation compares with published figures. */
import { Rss } from "../../nic/index.js";
import type { Rate } from "../../nic/index.js";
import { Trace } from "../../traffic/index.js";
import type { CaptureReader } from "../../traffic/index.js";
import { assemble, HELPER_NAMES, mapTypeName } from "../../xdp/index.js";
import type { MapHandle, MapSpec, ObjectSpec } from "../../xdp/index.js";
import type { DeviceProfile } from "../profiles/schema.js";
import { runOffload } from "../run.js";
import type { RunMachine, RunResult } from "../types.js";

/** A program as assembly, with its maps. */
export interface Equivalent {
  readonly text: string;
  readonly maps?: readonly MapSpec[];
}

export function mapOf(name: string, typeId: number, keySize: number, valueSize: number, maxEntries: number): MapSpec {
  return { name, type: mapTypeName(typeId), typeId, keySize, valueSize, maxEntries, flags: 0, keyTypeId: 0, valueTypeId: 0 };
}

/** The object that holds `program` alone. */
export function objectOf({ text, maps = [] }: Equivalent): ObjectSpec {
  const insns = assemble(text, { helper: (name) => HELPER_NAMES.indexOf(name), map: (name) => maps.findIndex((map) => map.name === name) });
  return {
    file: "validation", license: "GPL", maps: [...maps],
    programs: [{ name: "prog", section: "xdp", type: "xdp", frags: false, attach: "device", autoload: true, insns, functions: [{ name: "prog", start: 0, end: insns.length, linkage: "global" }], lines: [] }],
  };
}

/** An IPv4 UDP frame of `length` bytes without check sequence; each flow has an address of its own. */
export function udpFrame(flow: number, length: number): Uint8Array {
  const frame = new Uint8Array(length);
  frame.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, (length - 14) >> 8, (length - 14) & 255, 0, 0, 0, 0, 64, 17, 0, 0]);
  frame.set([10, (flow >> 16) & 255, (flow >> 8) & 255, flow & 255, 192, 0, 2, 1], 26);
  frame.set([0x10, flow & 255, 0x13, 0x88, 0, (length - 34) & 255], 34);
  return frame;
}

/** `count` frames that go round `frames`, on `ports` interfaces in turn. */
export function framesReader(frames: readonly Uint8Array[], count: number, ports: number): CaptureReader {
  let next = 0;
  return {
    format: "pcapng", file: "made", interfaces: Array.from({ length: ports }, (_, i) => ({ name: `port${i}`, linkType: 1, snaplen: 0, ticksPerSecond: 1e9, fcsBytes: 0, file: "made" })), warnings: [], bytesRead: 0, size: count,
    read(into: Trace): boolean {
      into.clear();
      for (; next < count && into.fits(frames[next % frames.length].length); next++) into.push(frames[next % frames.length], next * 1000, undefined, next % ports);
      return into.count > 0;
    },
    close: () => undefined,
  };
}

export interface MeasureOptions {
  readonly packets?: number;
  /** Bytes of a frame without check sequence. Default 60. */
  readonly length?: number;
  readonly queues?: number;
  readonly rate?: Rate;
  /** Seeds the maps. */
  readonly seed?: (maps: readonly MapHandle[]) => void;
}

/** Frames of flows that RSS spreads evenly: as many for each queue, the queues in turn. */
function evenFrames(device: DeviceProfile, queues: number, length: number): Uint8Array[] {
  const rss = new Rss({ key: device.rssKey, keyBytes: device.rssKeyBytes, tableSize: device.rssTableSize }, queues);
  const each = Math.max(1, Math.ceil(64 / queues));
  const byQueue: Uint8Array[][] = Array.from({ length: queues }, () => []);
  const trace = Trace.allocate(2048 * length + 65536, 2048);
  for (let flow = 0; flow < 2048; flow++) trace.push(udpFrame(flow, length), 0);
  const queue = new Uint16Array(2048);
  rss.classify(trace, new Uint32Array(2048), queue);
  for (let flow = 0; flow < 2048; flow++) if (byQueue[queue[flow]].length < each) byQueue[queue[flow]].push(udpFrame(flow, length));
  return Array.from({ length: each * queues }, (_, i) => byQueue[i % queues][Math.floor(i / queues)]).filter((frame) => frame !== undefined);
}

/** One run over UDP packets of many flows, spread evenly over queues and ports. */
export function measure(program: Equivalent, device: DeviceProfile, options: MeasureOptions = {}): Promise<RunResult> {
  const { length = 60, queues = device.queues, rate, seed } = options;
  const frames = evenFrames(device, queues, length);
  const packets = options.packets ?? frames.length;
  return runOffload({
    object: objectOf(program), entry: "prog", device, queues,
    open: () => Promise.resolve(framesReader(frames, packets, device.ports)),
    portOf: (_, index) => index,
    ...(rate === undefined ? {} : { rate }),
    ...(seed === undefined ? {} : { setup: ({ maps }: RunMachine) => seed(maps) }),
  });
}
