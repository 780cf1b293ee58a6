/**
 * The rate that a card keeps up whatever packets come: the slowest path that any packet can take through the program. It is
 * sought over the paths that the verifier walked, or over the control flow where the verifier did not; either way it is a
 * bound: no packet is slower. Modelled.
 */
import { wireBytes } from "../../nic/index.js";
import type { ObjectSpec, ProgramSpec } from "../../xdp/index.js";
import type { OffloadProfile } from "../profiles/schema.js";
import type { Bound } from "../types.js";
import { slowest } from "./bound.js";
import { summarize } from "./lines.js";
import type { PathSummary } from "./lines.js";
import { Programs } from "./programs.js";
import type { Place } from "./programs.js";

/** What a bound is over. */
export type BoundKind = "verifier" | "control flow";

export interface Guarantee extends PathSummary {
  readonly provenance: "modelled";
  /** `verifier`: the paths that the verifier found feasible. `control flow`: every path that the code has. */
  readonly over: BoundKind;
  /** Why it is not over the verifier's paths. */
  readonly why?: string;
  /** Cycles of a core on the slowest path, firmware included; and most that any path asks of the shared memory engine. */
  readonly cycles: number;
  readonly memoryCycles: number;
  /** Packets a second, millions, of any kind and of 64 bytes. */
  readonly mpps: number;
  readonly bound: Bound;
  readonly limits: Readonly<Partial<Record<Bound, number>>>;
}

export type GuaranteeOptions = Pick<Place, "btf" | "kconfig">;

/** Finds the slowest path of `program` on `device`. Throws {@link GuaranteeError} where nothing bounds a loop. */
export function guarantee(object: ObjectSpec, program: ProgramSpec, device: OffloadProfile, options: GuaranteeOptions = {}): Guarantee {
  const programs = new Programs({ ...options, object: object.programs.includes(program) ? object : { ...object, programs: [...object.programs, program] }, device });
  const entry = programs.of(program.name);
  const paths = entry.costs.accounts.map((_, i) => slowest(programs, program.name, i));
  const path = paths.reduce((a, b) => (b.cycles > a.cycles ? b : a));
  const cycles = device.firmwareCycles + path.cycles;
  const memory = slowest(programs, program.name, "memory").cycles;
  const subjects = programs.reachable(program.name);
  const flow = subjects.find(({ graph }) => graph === undefined);
  const { lines, shares, instructions } = summarize(path.steps());
  return {
    provenance: "modelled", over: flow === undefined ? "verifier" : "control flow", ...(flow?.why === undefined ? {} : { why: flow.why }),
    cycles, memoryCycles: memory / device.memorySpread, ...rates(device, cycles, memory), instructions, lines, shares: [{ what: "firmware", cycles: device.firmwareCycles }, ...shares],
  };
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
