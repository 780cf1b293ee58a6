/**
 * Two workers beside one, the engine alone: threads that run the same compiled program on one memory, each the packets of its
 * own flows, as receive queues give them.
 *
 *   node dist/bench/parallel.js [--rounds N] [--flows N] [--only TEXT] [--json FILE]
 *
 * One worker runs all packets in a machine of its own, without atomics or locks. The ratio by wall clock needs two idle cores;
 * the one by the threads' CPU time (Linux) says what they cost each other whatever else the machine does. Medians of rounds
 * that take turns; all times are measured on this machine.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { packet } from "../traffic/index.js";
import { abi, compileMachine, createMachine, loadObject } from "../xdp/index.js";
import type { Machine, WorkerArea } from "../xdp/index.js";
import { benchCases } from "./cases.js";
import { describeFacts, machineFacts } from "./facts.js";
import { ParallelThread } from "./parallel-thread.js";
import { geometricMean, spreadOf } from "./statistics.js";

const ROOT = join(resolve(dirname(fileURLToPath(import.meta.url)), "../.."), "bench");
const WORKERS = 2;
const PACKETS = 65536;
const BATCH = 256;
/** Distance of frames: an odd number of cache lines, as the engine's slots. */
const FRAME_STRIDE = 192;
const TIME_NS = 1_000_000_000;
const ROUND_MS = 60;

/** What is measured, and whether its map belongs to all workers. */
const PROGRAMS = [
  { title: "per-CPU counter", file: "protocol_counter", shared: false },
  { title: "blocklist, hash, shared", file: "blocklist_hash", shared: true },
  { title: "blocklist, LPM, shared", file: "blocklist_lpm", shared: true },
  { title: "connections, shared LRU", file: "connections", shared: true },
  { title: "rate limit, shared LRU", file: "rate_limit", shared: true },
] as const;

const { DESC_BYTES, DESC_CPU, DESC_FRAME, DESC_IFINDEX, DESC_LENGTH, DESC_PACKET, DESC_QUEUE, DESC_TIME } = abi;

/** UDP of as many flows. */
function frames(flows: number): Uint8Array[] {
  return Array.from({ length: flows }, (_, flow) =>
    packet().eth().ip({ src: `10.${flow >> 16}.${(flow >> 8) & 255}.${flow & 255}`, dst: "192.0.2.1" }).udp({ srcPort: 1024 + (flow % 60000), dstPort: 53 }).payload(18).build());
}

/** A worker's packets: where their descriptors are, and how many. */
interface Share {
  readonly area: WorkerArea;
  readonly table: number;
  readonly packets: number;
}

/** Gives every worker the packets of its flows. */
function place(machine: Machine, all: readonly Uint8Array[]): Share[] {
  const { layout, workers } = machine;
  const at = layout.allocate(all.length * FRAME_STRIDE, 64, "the packets to measure with");
  const queues = workers.map((): number[] => []);
  for (let i = 0; i < PACKETS; i++) {
    const flow = (i * 7919) % all.length;
    (queues[flow % workers.length] as number[]).push(flow);
  }
  const tables = queues.map((flows) => layout.allocate(flows.length * DESC_BYTES, 65536, "their descriptors"));
  const view = new DataView(layout.buffer);
  all.forEach((frame, flow) => new Uint8Array(layout.buffer).set(frame, at + flow * FRAME_STRIDE));
  return workers.map((area, queue) => {
    const flows = queues[queue] as number[];
    const table = tables[queue] as number;
    flows.forEach((flow, i) => {
      const descriptor = table + i * DESC_BYTES;
      view.setUint32(descriptor + DESC_FRAME, at + flow * FRAME_STRIDE, true);
      view.setUint32(descriptor + DESC_LENGTH, (all[flow] as Uint8Array).length, true);
      view.setBigUint64(descriptor + DESC_TIME, BigInt(TIME_NS + i), true);
      view.setUint32(descriptor + DESC_IFINDEX, 1, true);
      for (const field of [DESC_QUEUE, DESC_CPU]) view.setUint32(descriptor + field, queue, true);
      view.setUint32(descriptor + DESC_PACKET, i, true);
    });
    return { area, table, packets: Math.floor(flows.length / BATCH) * BATCH };
  });
}

/** A machine of so many workers with their threads, ready to be measured. */
class Subject {
  private readonly threads: readonly ParallelThread[];

  constructor(file: string, workers: number, all: readonly Uint8Array[]) {
    const path = join(ROOT, "programs", `${file}.bpf.o`);
    const object = loadObject(readFileSync(path), path);
    const entry = `xdp_${file}`;
    const machine = createMachine({ object, entry, cpus: WORKERS, workers, batchSize: BATCH });
    for (const { name, keys, values, count } of benchCases().find((one) => one.file === file && one.title.endsWith("1 entry"))?.maps ?? []) {
      const map = machine.maps.find(({ spec }) => spec.name === name);
      for (let i = 0; i < count; i++) map?.update(keys.subarray(i * map.spec.keySize, (i + 1) * map.spec.keySize), values.subarray(i * map.spec.valueSize, (i + 1) * map.spec.valueSize));
    }
    const program = compileMachine(machine);
    const flags = machine.layout.allocate(64, 64, "where threads meet");
    const shares = place(machine, all);
    this.threads = shares.map(({ area, table, packets }) => new ParallelThread({ program, memory: machine.layout.memory, area, table, packets, batch: BATCH, flag: flags, threads: workers }));
  }

  /** Packets a second of all threads together: by wall clock, and by the CPU time that each had. */
  async measure(): Promise<{ readonly wall: number; readonly cpu: number }> {
    const results = await Promise.all(this.threads.map((thread) => thread.run(ROUND_MS)));
    const sum = (of: (result: (typeof results)[number]) => number): number => results.reduce((total, result) => total + of(result), 0);
    return { wall: sum(({ packets, wallMs }) => (packets * 1e3) / wallMs), cpu: sum(({ packets, cpuMs }) => (packets * 1e3) / cpuMs) };
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.close()));
  }
}

interface Row {
  readonly title: string;
  /** Millions of packets a second of one worker, and of both. */
  readonly one: number;
  readonly two: number;
  readonly byWall: number;
  readonly byCpu: number;
}

const median = (of: readonly number[]): number => spreadOf([...of]).median;

async function measure({ title, file }: (typeof PROGRAMS)[number], rounds: number, all: readonly Uint8Array[]): Promise<Row> {
  const subjects = [new Subject(file, 1, all), new Subject(file, WORKERS, all)] as const;
  // Once to warm up: tables fill, pages are touched.
  for (const subject of subjects) await subject.measure();
  const [one, two] = [[], []] as { wall: number; cpu: number }[][];
  for (let round = 0; round < rounds; round++) {
    one.push(await subjects[0].measure());
    two.push(await subjects[1].measure());
  }
  for (const subject of subjects) await subject.close();
  const [wall, cpu] = [one, two].map((runs) => [median(runs.map((run) => run.wall)), median(runs.map((run) => run.cpu))]).reduce((a, b) => a.map((value, i) => (b[i] as number) / value));
  return { title, one: median(one.map((run) => run.wall)) / 1e6, two: median(two.map((run) => run.wall)) / 1e6, byWall: wall as number, byCpu: cpu as number };
}

const { values } = parseArgs({ options: { rounds: { type: "string", default: "7" }, flows: { type: "string", default: "4096" }, only: { type: "string", default: "" }, json: { type: "string" } } });
console.log(`measured on ${describeFacts(machineFacts())}; medians of ${values.rounds} rounds; ${values.flows} flows`);
console.log(`${"".padEnd(28)}${["1 worker", "2 workers", "by clock", "by CPU time"].map((head) => head.padStart(12)).join("")}`);
const all = frames(Number(values.flows));
const rows: Row[] = [];
for (const program of PROGRAMS.filter(({ title }) => title.includes(values.only))) {
  const row = await measure(program, Number(values.rounds), all);
  rows.push(row);
  console.log(`${row.title.padEnd(28)}${`${row.one.toFixed(1)} M/s`.padStart(12)}${`${row.two.toFixed(1)} M/s`.padStart(12)}${`x ${row.byWall.toFixed(2)}`.padStart(12)}${`x ${row.byCpu.toFixed(2)}`.padStart(12)}`);
}
console.log(`\ngeometric means: by clock x ${geometricMean(rows.map((row) => row.byWall)).toFixed(2)}, by CPU time x ${geometricMean(rows.map((row) => row.byCpu)).toFixed(2)}`);
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ machine: machineFacts(), rows }, null, 2));
