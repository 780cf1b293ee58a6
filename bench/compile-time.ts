/**
 * How long it takes until a program runs at full speed, by its length: verifying, making WebAssembly of it and compiling that;
 * and how much slower the first batch is than later ones.
 *
 *   node dist/bench/compile-time.js [--rounds N] [--lengths N,N…]
 *
 * Each round makes another program, since modules are kept by content: the second time, only their bytes are made again.
 * Host time, measured, from a process that gets warm on the way.
 */
import { parseArgs } from "node:util";
import { Trace, packet } from "../traffic/index.js";
import { compileMachine, createMachine, createWasmEngine, verifyMachine } from "../xdp/index.js";
import { describeFacts, machineFacts } from "./facts.js";
import { ruleList } from "./rule-list.js";
import { spreadOf } from "./statistics.js";
import { Workload } from "./workload.js";

interface Times {
  readonly verify: number;
  /** From the machine to a module that runs at full speed. */
  readonly compile: number;
  /** The second time, in the same process. */
  readonly again: number;
  /** Time of the first batch / median of the next. */
  readonly first: number;
}

const LATER = 50;

/** What it took, ms, and what came of it. */
function time<T>(what: () => T): [number, T] {
  const begin = performance.now();
  const result = what();
  return [performance.now() - begin, result];
}

function measure(length: number, variant: number): Times {
  const object = ruleList(length, variant);
  const machine = createMachine({ object, entry: "rules" });
  const trace = Trace.allocate(4096, 1);
  trace.push(packet().eth().ip({ src: "10.1.2.3", dst: "192.0.2.1" }).udp({ srcPort: 4321, dstPort: 53 }).payload(18).build(), 0);
  const [verify, verdicts] = time(() => verifyMachine(machine));
  if (!verdicts[0]?.accepted) throw new Error(`${length} instructions: ${verdicts[0]?.message ?? "no verdict"}`);
  const [compile, program] = time(() => compileMachine(machine));
  const [again] = time(() => compileMachine(machine));
  const pass = new Workload(machine, trace, "same", 3520).pass(createWasmEngine(machine, 0, program));
  const [first] = time(pass);
  const later = spreadOf(Array.from({ length: LATER }, () => time(pass)[0])).median;
  return { verify, compile, again, first: first / later };
}

const { values } = parseArgs({ options: { rounds: { type: "string", default: "7" }, lengths: { type: "string", default: "100,1000,4000,16000" } } });
console.log(`measured on ${describeFacts(machineFacts())}; medians of ${values.rounds} rounds`);
console.log(["instructions", "verify, ms", "compile, ms", "again, ms", "first/later batch"].map((head) => head.padStart(18)).join(""));
for (const length of values.lengths.split(",").map(Number)) {
  const rounds = Array.from({ length: Number(values.rounds) }, (_, round) => measure(length, round));
  const median = (pick: (times: Times) => number): string => spreadOf(rounds.map(pick)).median.toFixed(2).padStart(18);
  console.log(`${String(length).padStart(18)}${median((t) => t.verify)}${median((t) => t.compile)}${median((t) => t.again)}${median((t) => t.first)}`);
}
