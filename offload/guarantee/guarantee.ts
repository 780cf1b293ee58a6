/**
 * The rate that a card keeps up whatever packets come: the slowest path that any packet can take through the program. It is
 * sought over the paths that the verifier walked, or over the control flow where the verifier did not; either way it is a
 * bound: no packet is slower. Modelled.
 */
import { wireBytes } from "../../nic/index.js";
import type { ObjectSpec, ProgramSpec } from "../../xdp/index.js";
import { checkAdmission } from "../admission/rules.js";
import type { OffloadProfile } from "../profiles/schema.js";
import type { Bound } from "../types.js";
import { slowest } from "./bound.js";
import type { Slowest } from "./bound.js";
import { findExample } from "./example.js";
import type { ExamplePacket } from "./example.js";
import { hunt, TRIED } from "./hunt.js";
import { summarize } from "./lines.js";
import type { PathSummary } from "./lines.js";
import { Programs } from "./programs.js";
import type { Place } from "./programs.js";
import { BUDGET, canSearch, search } from "./search.js";
import type { Budget, Search } from "./search.js";
import type { LongestPath } from "./steps.js";
import { Trials } from "./trial.js";

/**
 * What a bound is over. `paths`: the conditions of the slowest path do not contradict each other, and every slower one's do.
 * `verifier`: all paths that the verifier found feasible. `control flow`: all paths that the code has.
 */
export type BoundKind = "paths" | "verifier" | "control flow";

/** The slowest packet that could be made. */
export interface Example extends ExamplePacket {
  /** It takes the slowest path itself, or one that is as slow. */
  readonly onPath: boolean;
  /** Packets that were tried until this was the slowest; 0 where it was made for its path. */
  readonly tried: number;
}

export interface Guarantee extends PathSummary {
  readonly provenance: "modelled";
  /** Whether the card takes the program, and why not: then the figures say what it would do if it took it. */
  readonly admitted: boolean;
  readonly reasons: readonly string[];
  readonly over: BoundKind;
  /** Why it is not over the verifier's paths. */
  readonly why?: string;
  /** Cycles of a core that no packet exceeds, firmware included; and most that any path asks of the shared memory engine. */
  readonly cycles: number;
  readonly memoryCycles: number;
  /** Cycles of the path whose lines are given, firmware included: less than the bound where no path was found that is as slow. */
  readonly pathCycles: number;
  /** Packets a second, millions, of any kind and of 64 bytes. */
  readonly mpps: number;
  readonly bound: Bound;
  readonly limits: Readonly<Partial<Record<Bound, number>>>;
  readonly example?: Example;
  /** Why there is no example. */
  readonly noExample?: string;
}

export interface GuaranteeOptions extends Pick<Place, "btf" | "kconfig"> {
  /** How much paths are gone through for contradictions and examples. */
  readonly budget?: Budget;
}

/** Finds the slowest path of `program` on `device`. Throws {@link GuaranteeError} where nothing bounds a loop. */
export function guarantee(object: ObjectSpec, program: ProgramSpec, device: OffloadProfile, options: GuaranteeOptions = {}): Guarantee {
  const { budget = BUDGET, ...place } = options;
  const whole = object.programs.includes(program) ? object : { ...object, programs: [...object.programs, program] };
  const programs = new Programs({ ...place, object: whole, device });
  const tightened = programs.of(program.name).costs.accounts.map((_, i) => tighten(programs, slowest(programs, program.name, i), budget));
  const worst = tightened.reduce((a, b) => (b.cycles > a.cycles ? b : a));
  const memory = tighten(programs, slowest(programs, program.name, "memory"), { steps: budget.steps / 4, waiting: budget.waiting / 4, paths: 1 }).cycles;
  const flow = programs.reachable(program.name).find(({ graph }) => graph === undefined);
  const cycles = device.firmwareCycles + worst.cycles;
  const { admitted, reasons } = checkAdmission(programs.object, programs.of(program.name).program, device);
  const { lines, shares, instructions } = summarize(worst.path.steps());
  return {
    provenance: "modelled", admitted, reasons, over: worst.search?.reached === true ? "paths" : flow === undefined ? "verifier" : "control flow", ...(flow?.why === undefined ? {} : { why: flow.why }),
    cycles, memoryCycles: memory / device.memorySpread, pathCycles: device.firmwareCycles + worst.path.cycles, ...rates(device, cycles, memory), instructions, lines,
    shares: [{ what: "firmware", cycles: device.firmwareCycles }, ...shares], ...exampleOf(whole, program.name, device, options, worst),
  };
}

/** An example that is as slow as this share of the bound needs no better one. */
const NEARLY = 0.995;

/** A bound, and the path that it is told by. */
interface Tightened {
  readonly cycles: number;
  readonly path: LongestPath;
  readonly search?: Search;
}

function tighten(programs: Programs, found: Slowest, budget: Budget): Tightened {
  if (!canSearch(found)) return { cycles: found.longest.cycles, path: found.longest };
  const result = search(found, programs.object, budget);
  const cycles = Math.min(result.bound, found.longest.cycles);
  // Where the search ended early, a path that it found says more than one that may contradict itself; unless that is the bound.
  const [first] = result.paths;
  const path = first !== undefined && (result.reached || found.longest.cycles > cycles) ? first : found.longest;
  return { cycles, path, search: result };
}

function exampleOf(object: ObjectSpec, entry: string, device: OffloadProfile, options: GuaranteeOptions, { search: found, path, cycles }: Tightened): Pick<Guarantee, "example" | "noExample"> {
  const trials = new Trials(object, entry, device, options);
  const bound = device.firmwareCycles + cycles;
  const made = found === undefined ? undefined : findExample(found.paths, object, trials);
  if (made !== undefined && ((made.run.asExpected && found?.paths[0] === path) || made.run.cycles >= bound)) return { example: { ...made, onPath: true, tried: 0 } };
  // Nearly as slow is as good as trying gets.
  const tried = made !== undefined && made.run.cycles >= bound * NEARLY ? undefined : hunt(object, entry, device, trials, options, made === undefined ? [] : [made.packet], made?.maps ?? {});
  if (typeof tried === "object" && tried.run.cycles > (made?.run.cycles ?? 0)) return { example: { ...tried, onPath: tried.run.cycles >= bound, tried: TRIED } };
  if (made !== undefined) return { example: { ...made, onPath: false, tried: 0 } };
  return { noExample: `${whyNone(found)}; nor was one found by trying: ${typeof tried === "string" ? tried : "none runs"}` };
}

function whyNone(found: Search | undefined): string {
  if (found === undefined) return "the path goes through loops that are bounded as a whole, or the verifier's paths are not known: its conditions cannot be followed";
  return found.paths.length === 0 ? "no path to the end was found within the budget" : "no bytes were found that meet a path's conditions";
}

/** What packets of `cycles` and, of the memory engine at its slowest, `memory` cycles each leave of a card's rate. */
function rates(device: OffloadProfile, cycles: number, memory: number): Pick<Guarantee, "mpps" | "bound" | "limits"> {
  // A core with few threads waits for the memory's answers.
  const waits = device.memoryReadCycles > 0 ? (memory * Math.max(0, device.mapLatencyCycles - device.mapReadCycles)) / device.memoryReadCycles : 0;
  const held = Math.max(cycles, (cycles + waits) / device.contextsPerCore);
  const engine = memory / device.memorySpread;
  const limits: Partial<Record<Bound, number>> = {
    cores: (device.cores * device.clockHz) / held / 1e6,
    line: (device.ports * device.linkBps) / (wireBytes(60) * 8) / 1e6,
    ...(engine > 0 ? { memory: device.clockHz / engine / 1e6 } : {}),
    ...(device.macPps > 0 ? { mac: device.macPps / 1e6 } : {}),
  };
  const [bound, mpps] = (Object.entries(limits) as [Bound, number][]).reduce((a, b) => (b[1] < a[1] ? b : a));
  return { mpps, bound, limits };
}
