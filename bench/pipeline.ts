/**
 * The whole pipeline, capture file to printed result, as processes of their own:
 *
 *   node dist/bench/pipeline.js [--packets N] [--rounds N]
 *
 * The default scenario's program over a capture of 60-byte packets in the page cache, beside tcpdump filtering the same file;
 * two workers beside one, on a program with a per-CPU map, on one with a shared LRU map and on one that takes long: the whole
 * run, and the time in the engines alone; and a card of 120 cores with 4 threads each over a mixed capture. Rounds take turns;
 * medians. All times are measured on this machine.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { PcapWriter, packet } from "../traffic/index.js";
import { describeFacts, machineFacts } from "./facts.js";
import { spreadOf } from "./statistics.js";
import type { Spread } from "./statistics.js";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const FLOWS = 4096;
const SPACING_NS = 100;

/** UDP of as many flows, a third of them to port 53, of 60 bytes. */
function writeCapture(path: string, packets: number): void {
  const frames = Array.from({ length: FLOWS }, (_, flow) =>
    packet().eth().ip({ src: `10.1.${flow >> 8}.${flow & 255}`, dst: "192.0.2.1" }).udp({ srcPort: 1024 + flow, dstPort: flow % 3 === 0 ? 53 : 443 }).payload(18).build());
  const writer = new PcapWriter(path);
  for (let i = 0; i < packets; i++) writer.write(frames[(i * 7919) % FLOWS], i * SPACING_NS);
  writer.close();
}

/** UDP and TCP of as many flows, IPv4 and IPv6, of 60 to 1,496 bytes: most of them short, as on the Internet. */
function writeMixedCapture(path: string, packets: number): void {
  const frames = Array.from({ length: FLOWS }, (_, flow) => {
    const ends = flow % 5 === 0 ? { src: `2001:db8::${flow.toString(16)}`, dst: "2001:db8:1::1" } : { src: `10.1.${flow >> 8}.${flow & 255}`, dst: "192.0.2.1" };
    const ip = packet().eth().ip(ends);
    const ports = { srcPort: 1024 + flow, dstPort: [53, 443, 80, 123][flow % 4] };
    return (flow % 3 === 0 ? ip.tcp(ports) : ip.udp(ports)).payload(flow % 12 === 0 ? 1400 : 18 + (flow % 7) * 20).build();
  });
  const writer = new PcapWriter(path);
  for (let i = 0; i < packets; i++) writer.write(frames[(i * 7919) % FLOWS], i * SPACING_NS);
  writer.close();
}

interface Run {
  /** From process start to its end, s. */
  readonly seconds: number;
  readonly stdout: string;
}

function run(command: string, args: readonly string[]): Run {
  const begin = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  const seconds = (performance.now() - begin) / 1000;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: exit code ${status}: ${stderr}`);
  return { seconds, stdout };
}

function beeline(capture: string, program: string, ...more: string[]): Run {
  return run(process.execPath, [join(ROOT, "dist/ui/cli/main.js"), "run", "--program", join(ROOT, program), "--pcap", capture, "--json", ...more]);
}

/** Time that the program took on the workers, ms, as the run measured it. */
function executeMs({ stdout }: Run): number {
  return (JSON.parse(stdout) as { host: { executeMs: number } }).host.executeMs;
}

/** Median and spread of both, measured in turn. */
function inTurn(rounds: number, first: () => number, second: () => number): [Spread, Spread] {
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    times[0].push(first());
    times[1].push(second());
  }
  return [spreadOf(times[0]), spreadOf(times[1])];
}

const seconds = ({ median, min, max }: Spread): string => `${median.toFixed(2)} s (${min.toFixed(2)} to ${max.toFixed(2)})`;

function pipeline(capture: string, packets: number, rounds: number): void {
  const scenario = "scenarios/dos-udp-flood/program.bpf.o";
  const hasTcpdump = spawnSync("tcpdump", ["--version"]).status === 0;
  const [ours, theirs] = inTurn(rounds, () => beeline(capture, scenario).seconds, () => (hasTcpdump ? run("tcpdump", ["-r", capture, "-w", "/dev/null", "udp port 53"]).seconds : 1));
  console.log(`beeline run, process start to result: ${seconds(ours)}, ${(packets / ours.median / 1e6).toFixed(2)} million packets/s`);
  if (!hasTcpdump) console.log("tcpdump: not installed");
  else console.log(`tcpdump -w /dev/null 'udp port 53':   ${seconds(theirs)}, ${(packets / theirs.median / 1e6).toFixed(2)} million packets/s; beeline takes ${(ours.median / theirs.median).toFixed(2)} times as long`);
}

/** At which the card drops nothing: a run in order would not execute what is dropped, and parallel ones do. */
const RATE = "1Mpps";

/**
 * One worker is a run in order on one thread; two share the machine with the thread that reads, steers and models. What a
 * user waits for is the whole run; the engines' time is that of the worker that spent most.
 */
function parallel(capture: string, rounds: number): void {
  for (const [title, program] of [["per-CPU map", "protocol_counter"], ["shared LRU map", "connections"], ["jhash, 50 rounds", "jhash_loop"]] as const) {
    const engine: number[][] = [[], []];
    const time = (workers: number): number => {
      const done = beeline(capture, `bench/programs/${program}.bpf.o`, "--rate", RATE, ...(workers === 1 ? [] : ["--parallel", "--workers", String(workers)]));
      engine[workers - 1].push(executeMs(done));
      return done.seconds;
    };
    const [one, two] = inTurn(rounds, () => time(1), () => time(2));
    const [oneEngine, twoEngines] = engine.map((times) => spreadOf(times).median);
    console.log(`--parallel, ${title}: 1 worker ${seconds(one)}, 2 workers ${seconds(two)}: x${(one.median / two.median).toFixed(2)}; in the engine ${oneEngine.toFixed(0)} and ${twoEngines.toFixed(0)} ms: x${(oneEngine / twoEngines).toFixed(2)}`);
  }
}

/** The largest card: 480 hardware threads to model, at 10 million packets a second. */
function largestCard(folder: string, packets: number, rounds: number): void {
  const capture = join(folder, "mixed.pcap");
  writeMixedCapture(capture, packets);
  spawnSync("cat", [capture], { stdio: ["ignore", "ignore", "ignore"] });
  const times = Array.from({ length: rounds }, () => beeline(capture, "scenarios/dos-udp-flood/program.bpf.o", "--nic", "agilio-lx", "--set", "cores=120", "--set", "contextsPerCore=4").seconds);
  const time = spreadOf(times);
  console.log(`agilio-lx, 120 cores of 4 threads, mixed capture: ${seconds(time)}, ${(packets / time.median / 1e6).toFixed(2)} million packets/s`);
  rmSync(capture);
}

const { values } = parseArgs({ options: { packets: { type: "string", default: "10000000" }, rounds: { type: "string", default: "7" } } });
const folder = mkdtempSync(join(tmpdir(), "beeline-pipeline-"));
try {
  const capture = join(folder, "capture.pcap");
  writeCapture(capture, Number(values.packets));
  // Into the page cache, a part at a time.
  spawnSync("cat", [capture], { stdio: ["ignore", "ignore", "ignore"] });
  console.log(`${values.packets} packets of 60 bytes, measured on ${describeFacts(machineFacts())}; medians of ${values.rounds} rounds`);
  pipeline(capture, Number(values.packets), Number(values.rounds));
  parallel(capture, Number(values.rounds));
  largestCard(folder, Number(values.packets), Math.min(3, Number(values.rounds)));
} finally {
  rmSync(folder, { recursive: true });
}
