/**
 * Random programs over random maps on random packets, on interpreter, JIT and kernel: return values, packets and maps are equal.
 * RANDOM_SEED (default: today's date) and RANDOM_PROGRAMS give other and more programs.
 */
import { describe, expect, it } from "vitest";
import { kernelAvailable } from "../../xdp/engine/kernel/index.js";
import { BPF_ADD, BPF_ALU64, BPF_XOR } from "../../xdp/isa/index.js";
import type { ProgramSpec } from "../../xdp/object/index.js";
import { randomGroup, runGroup, shrink } from "./random-group.js";

const SEED = Number(process.env["RANDOM_SEED"] ?? new Date().toISOString().slice(0, 10).replaceAll("-", ""));
const PROGRAMS = Number(process.env["RANDOM_PROGRAMS"] ?? 20_000);
/** Programs that share maps, machine and module. */
const GROUP = 100;
/** Share of the programs that the kernel's verifier must take. */
const TAKEN = 0.95;

/** Runs groups until so many programs have run; fails at the first difference, with the smallest program that shows it. */
function runAll(kernel: boolean, engines: string): void {
  const refused = new Map<string, number>();
  let [ran, packets, made] = [0, 0, 0];
  for (let i = 0; ran < PROGRAMS && made < PROGRAMS * 2; i++) {
    const seed = (SEED + i * 0x9e3779b1) >>> 0;
    const group = randomGroup(seed, GROUP);
    const result = runGroup(group, { kernel });
    made += GROUP;
    ran += result.ran;
    packets += result.ran * group.frames.length;
    for (const message of result.refused) refused.set(message.replaceAll(/\d+/g, "N"), (refused.get(message.replaceAll(/\d+/g, "N")) ?? 0) + 1);
    if (result.difference === undefined) continue;
    const { program, text } = result.difference;
    const smallest = program < 0 ? undefined : shrink(group, program, { kernel });
    throw new Error(`RANDOM_SEED=${SEED}, group ${i} (${seed}), program ${program}: ${smallest?.text ?? `${text}\n(only with the group's programs before it)`}`);
  }
  const share = 1 - [...refused.values()].reduce((sum, n) => sum + n, 0) / made;
  const why = [...refused].map(([message, count]) => `${count} x ${message}`).join("; ");
  process.stdout.write(`${ran} random programs (${packets} packets, ${Math.ceil(made / GROUP)} sets of maps) on ${engines}, seed ${SEED}: 0 differences; the kernel's verifier takes ${kernel ? `${(share * 100).toFixed(2)} %` : "none, it is not here"}${why === "" ? "" : ` (${why})`}\n`);
  expect(ran).toBeGreaterThanOrEqual(PROGRAMS);
  expect(share).toBeGreaterThan(TAKEN);
}

/** The program with its first XOR of an immediate turned into an addition: the JIT then does something else than the interpreter, where values differ. */
function wrong(program: ProgramSpec): ProgramSpec {
  const at = program.insns.findIndex(({ op }) => op === (BPF_ALU64 | BPF_XOR));
  return { ...program, insns: program.insns.map((insn, i) => (i === at ? { ...insn, op: BPF_ALU64 | BPF_ADD } : insn)) };
}

const { available, reason } = kernelAvailable();

describe("random programs", () => {
  it.skipIf(!available)(`${PROGRAMS} on interpreter, JIT and kernel${available ? "" : ` (${reason})`}`, () => runAll(true, "interpreter, JIT and kernel"), 600_000);
  it.runIf(!available)(`${PROGRAMS} on interpreter and JIT`, () => runAll(false, "interpreter and JIT"), 600_000);

  it("finds a wrong instruction, and a small program that shows it", () => {
    const run = { kernel: false, jitGets: wrong };
    const group = randomGroup(SEED, GROUP);
    const { difference } = runGroup(group, run);
    expect(difference?.text).toMatch(/^interpreter and JIT, /);
    const program = difference?.program ?? 0;
    const smallest = shrink(group, program, run);
    expect(smallest?.text).toMatch(/^interpreter and JIT, /);
    expect(smallest?.group.frames).toHaveLength(1);
    expect(smallest?.group.shapes[0].main.length).toBeLessThanOrEqual(group.shapes[program].main.length);
  });
});
