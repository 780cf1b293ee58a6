/** `beeline bench`: how fast a program runs on this host, by engine, and what changed since an earlier measurement. */
import { z } from "zod";
import { MOST_PACKETS, compareResults, describeFacts, runBench } from "../../../bench/index.js";
import type { BenchResult, EngineChange } from "../../../bench/index.js";
import { Trace, openCapture } from "../../../traffic/index.js";
import type { EngineName } from "../../../xdp/index.js";
import { UsageError } from "../errors.js";
import { figure } from "../format.js";
import { readInput } from "../input.js";
import { table } from "../table.js";
import { loadProgram, seedMachine } from "./prepare.js";
import { runRequest } from "./request.js";
import type { RunRequest } from "./request.js";

/** Flags of `beeline bench`, as commander gives them. */
export interface BenchFlags {
  readonly program?: readonly string[];
  readonly entry?: string;
  readonly pcap?: readonly string[];
  readonly maps?: string;
  readonly engine?: readonly EngineName[];
  readonly samePacket?: boolean;
  readonly rounds?: number;
  readonly compare?: string;
  readonly setGlobal?: readonly string[];
  readonly json?: boolean;
}

const TRACE_BYTES = 128 * 2 ** 20;

/** Measures, prints, and returns the exit code. `scenario`: measured where no program is named. */
export async function benchVerb(scenario: string | undefined, flags: BenchFlags): Promise<number> {
  const { engine, ...rest } = flags;
  const request = runRequest(scenario, rest);
  const before = flags.compare === undefined ? undefined : readResult(flags.compare);
  const { object, program } = loadProgram(request);
  const mode = flags.samePacket === true ? "same" : "trace";
  if (before !== undefined && (before.entry !== program.name || before.mode !== mode)) {
    throw new UsageError(`${flags.compare}: measured ${before.entry} on ${what(before.mode)}, not ${program.name} on ${what(mode)}: compare like with like`);
  }
  const result = runBench({
    object,
    entry: program.name,
    trace: await readTrace(request),
    mode,
    setup: (machine) => seedMachine(request, machine),
    ...(engine === undefined ? {} : { engines: engine }),
    ...(flags.rounds === undefined ? {} : { rounds: flags.rounds }),
    ...(request.spec.network === undefined ? {} : { network: request.spec.network }),
    kconfig: request.kconfig,
  });
  const changes = before === undefined ? undefined : compareResults(before, result);
  if (flags.json === true) process.stdout.write(`${JSON.stringify({ ...result, ...(changes ? { changes } : {}) }, null, 2)}\n`);
  else print(result, changes);
  for (const note of result.notes) process.stderr.write(`beeline: ${note}\n`);
  return 0;
}

async function readTrace(request: RunRequest): Promise<Trace> {
  const [capture] = request.captures;
  if (capture === undefined) throw new UsageError("name the traffic to measure with: --pcap FILE");
  const reader = await openCapture(capture.file);
  try {
    const trace = Trace.allocate(TRACE_BYTES, MOST_PACKETS);
    if (!(await reader.read(trace))) throw new UsageError(`${capture.file}: holds no packets to measure with`);
    return trace;
  } finally {
    reader.close();
  }
}

const spread = z.object({ median: z.number().positive(), min: z.number().positive(), max: z.number().positive() });
const figures = z.object({ nsPerPacket: spread, mpps: z.number() });
const facts = z.object({ cpu: z.string(), cores: z.number(), node: z.string(), os: z.string(), load: z.number() });
const earlier = z.object({ program: z.string(), entry: z.string(), mode: z.enum(["same", "trace"]), rounds: z.number(), provenance: z.literal("measured"), engines: z.partialRecord(z.enum(["wasm", "interpreter", "kernel"]), figures), machine: facts, notes: z.array(z.string()) });

function readResult(path: string): BenchResult {
  try {
    return earlier.parse(JSON.parse(readInput(path, "the earlier measurement").toString("utf8")));
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`${path}: not what beeline bench --json writes: measure again with --json and keep that output`, { cause });
  }
}

function what(mode: BenchResult["mode"]): string {
  return mode === "same" ? "one packet repeated" : "the whole trace";
}

const CHANGES = { faster: "faster", slower: "slower", same: "no change beyond noise" } as const;

function print(result: BenchResult, changes: readonly EngineChange[] | undefined): void {
  const rows = Object.entries(result.engines).map(([name, { nsPerPacket, mpps }]) => {
    const change = changes?.find(({ engine }) => engine === name);
    const row = [name, figure(nsPerPacket.median), figure(nsPerPacket.min), figure(nsPerPacket.max), figure(mpps)];
    return changes === undefined ? row : [...row, change === undefined ? "-" : `x${change.ratio.toFixed(2)}`, change === undefined ? "not measured before" : CHANGES[change.change]];
  });
  const head = ["engine", "ns/packet", "least", "most", "Mpps"];
  const floor = result.engines.kernel?.floorNs;
  process.stdout.write(`${result.entry} of ${result.program}: ${what(result.mode)}, ${result.rounds} rounds, measured on ${describeFacts(result.machine)}\n\n`);
  process.stdout.write(`${table(changes === undefined ? head : [...head, "time", "change"], rows)}\n`);
  if (floor === undefined) return;
  const packets = result.mode === "same" ? "" : "packets out of the trace, each repeated; ";
  process.stdout.write(`\nkernel: ${packets}less ${figure(floor)} ns that an empty program takes in the same test run\n`);
}
