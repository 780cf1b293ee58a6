/**
 * What a packet costs before its program runs, by stage, and what a run costs before its first packet:
 *
 *   node dist/bench/ingest.js [--packets N] [--rounds N]
 *
 * Reading (from the page cache), parsing, steering (RSS) and timing (arrivals) of classic pcap and pcapng, of 60-byte and of
 * mixed packets, in the windows that runs use: processor time. Then processes from start to end: wall time. Medians; measured
 * on this machine.
 */
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Arrivals, Nic } from "../nic/index.js";
import { PcapWriter, PcapngWriter, Trace, openCapture, packet, traceBytes } from "../traffic/index.js";
import { describeFacts, machineFacts } from "./facts.js";
import { spreadOf } from "./statistics.js";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const FLOWS = 4096;
const SPACING_NS = 100;
/** The room of a run's windows, and what readers read at a time. */
const FRAME_BYTES = 2 << 20;
const PACKETS = 8192;
const CHUNK_BYTES = 1 << 19;
const PORTS = 2;
const LINK_BPS = 40e9;

/** UDP over IPv4 of 60 bytes. */
function smallFrames(): Uint8Array[] {
  return Array.from({ length: FLOWS }, (_, flow) =>
    packet().eth().ip({ src: `10.1.${flow >> 8}.${flow & 255}`, dst: "192.0.2.1" }).udp({ srcPort: 1024 + flow, dstPort: flow % 3 === 0 ? 53 : 443 }).payload(18).build());
}

/** UDP and TCP, IPv4 and IPv6, some in a VLAN, of 60 to 1496 bytes. */
function mixedFrames(): Uint8Array[] {
  return Array.from({ length: FLOWS }, (_, flow) => {
    const ends = flow % 4 === 0 ? { src: `2001:db8::${flow.toString(16)}`, dst: "2001:db8:1::1" } : { src: `10.1.${flow >> 8}.${flow & 255}`, dst: "192.0.2.1" };
    const ports = { srcPort: 1024 + flow, dstPort: flow % 3 === 0 ? 53 : 443 };
    const link = flow % 8 === 1 ? packet().eth().vlan({ id: 7 }) : packet().eth();
    const headers = flow % 2 === 0 ? link.ip(ends).udp(ports) : link.ip(ends).tcp(ports);
    return headers.payload(((flow * 2_654_435_761) % 1380) + 18).build();
  });
}

function writeCapture(path: string, frames: readonly Uint8Array[], packets: number): void {
  const writer = path.endsWith(".pcapng") ? new PcapngWriter(path) : new PcapWriter(path);
  if (writer instanceof PcapngWriter) writer.addInterface({ name: "eth0" });
  for (let i = 0; i < packets; i++) writer.write(frames[(i * 7919) % FLOWS], i * SPACING_NS);
  writer.close();
}

/** A window as runs have it: trace and columns in one wasm memory, with the tables of RSS. */
function makeWindow(nic: Nic): { trace: Trace; hash: Uint32Array; queue: Uint16Array; arrival: Float64Array } {
  const trace = traceBytes(FRAME_BYTES, PACKETS);
  const tables = trace + PACKETS * 14 + 8;
  const pages = Math.ceil((tables + nic.rss.tableBytes) / 65536) + 1;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const buffer = memory.buffer as unknown as SharedArrayBuffer;
  nic.rss.attach(memory, Math.ceil(tables / 8) * 8);
  return {
    trace: new Trace({ buffer, byteOffset: 0, frameBytes: FRAME_BYTES, packets: PACKETS, memory }),
    arrival: new Float64Array(buffer, trace, PACKETS),
    hash: new Uint32Array(buffer, trace + PACKETS * 8, PACKETS),
    queue: new Uint16Array(buffer, trace + PACKETS * 12, PACKETS),
  };
}

/** Times of one pass over a capture, ms. */
interface Pass {
  readonly read: number;
  readonly readAndParse: number;
  readonly steer: number;
  readonly time: number;
  readonly packets: number;
}

async function pass(path: string): Promise<Pass> {
  const nic = new Nic({ ports: PORTS, linkBps: LINK_BPS, mtu: 1500, queues: 8, ringSize: 512 });
  const arrivals = new Arrivals({ kind: "pcap" }, PORTS, LINK_BPS);
  const { trace, hash, queue, arrival } = makeWindow(nic);
  const read = readOnly(path, trace.frames);
  let readAndParse = 0;
  let steer = 0;
  let time = 0;
  let packets = 0;
  const reader = await openCapture(path);
  for (;;) {
    const begin = cpuMs();
    const more = await reader.read(trace);
    const parsed = cpuMs();
    readAndParse += parsed - begin;
    if (!more) break;
    nic.classify(trace, hash, queue);
    const steered = cpuMs();
    arrivals.fill(trace, arrival);
    time += cpuMs() - steered;
    steer += steered - parsed;
    packets += trace.count;
  }
  reader.close();
  return { read, readAndParse, steer, time, packets };
}

/** Time to read a file a chunk at a time over a window's frames, ms. */
function readOnly(path: string, frames: Uint8Array): number {
  const begin = cpuMs();
  const file = openSync(path, "r");
  for (let at = 0; readSync(file, frames, at, CHUNK_BYTES, null) > 0; ) at = at + 2 * CHUNK_BYTES > frames.length ? 0 : at + CHUNK_BYTES;
  closeSync(file);
  return cpuMs() - begin;
}

async function stages(title: string, path: string, rounds: number): Promise<void> {
  const passes: Pass[] = [];
  // The first ones warm up.
  for (let i = 0; i < rounds + 2; i++) passes.push(await pass(path));
  const ns = (of: (one: Pass) => number): string => spreadOf(passes.slice(2).map((one) => (of(one) * 1e6) / one.packets)).median.toFixed(1).padStart(7);
  const parse = ({ read, readAndParse }: Pass): number => Math.max(0, readAndParse - read);
  const all = ({ readAndParse, steer, time }: Pass): number => readAndParse + steer + time;
  console.log(`${title.padEnd(28)}${ns(({ read }) => read)} ${ns(parse)} ${ns(({ steer }) => steer)} ${ns(({ time }) => time)} ${ns(all)}`);
}

/** Processor time of this process, ms: what other processes take does not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Median time of a process from start to end, ms. */
function processMs(rounds: number, ...args: readonly string[]): number {
  const times = Array.from({ length: rounds }, () => {
    const begin = performance.now();
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`node ${args.join(" ")}: exit code ${status}: ${stderr}`);
    return performance.now() - begin;
  });
  return spreadOf(times).median;
}

function startUp(capture: string, rounds: number): void {
  const main = join(ROOT, "dist/ui/cli/main.js");
  const program = join(ROOT, "scenarios/dos-udp-flood/program.bpf.o");
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ["node -e 0", ["-e", "0"]],
    ["beeline --help", [main, "--help"]],
    ["beeline verify OBJ.o", [main, "verify", program]],
    ["beeline run, no packets", [main, "run", "--program", program, "--pcap", capture, "--json"]],
    ["  without verifying it", [main, "run", "--program", program, "--pcap", capture, "--json", "--no-verify"]],
  ];
  for (const [title, args] of rows) console.log(`${title.padEnd(42)}${processMs(rounds, ...args).toFixed(0).padStart(6)} ms`);
}

const { values } = parseArgs({ options: { packets: { type: "string", default: "1000000" }, rounds: { type: "string", default: "7" } } });
const packets = Number(values.packets);
const rounds = Number(values.rounds);
const folder = mkdtempSync(join(tmpdir(), "beeline-ingest-"));
try {
  console.log(`measured on ${describeFacts(machineFacts())}; medians of ${rounds} rounds`);
  console.log(`\nns a packet, ${packets} packets      read   parse     rss arrival     all`);
  for (const [size, frames] of [["60 bytes", smallFrames()], ["mixed", mixedFrames()]] as const) {
    for (const format of ["pcap", "pcapng"]) {
      const path = join(folder, `capture.${format}`);
      writeCapture(path, frames, packets);
      await stages(`${format}, ${size}`, path, rounds);
    }
  }
  console.log("\nfrom process start to end");
  const empty = join(folder, "empty.pcap");
  writeCapture(empty, [], 0);
  startUp(empty, rounds);
} finally {
  rmSync(folder, { recursive: true });
}
