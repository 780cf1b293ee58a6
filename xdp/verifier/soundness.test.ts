/**
 * Random programs near the border: what the verifier takes never accesses what is nothing's, and at every instruction of every run
 * some state that the verifier walked through covers every register. What is taken with pruning is taken without it.
 * SOUNDNESS=N runs N programs instead of the few of every day.
 */
import { describe, expect, it } from "vitest";
import type { Insn } from "../object/index.js";
import type { Reg } from "./reg.js";
import type { Scalar } from "./scalar.js";
import { ConcreteMachine, CONTEXT, FRAME_STRIDE, MAP_VALUE, PACKET, STACK_TOP } from "./testing/concrete.js";
import { Random, VALUE_BYTES, borderProgram } from "./testing/border.js";
import { s64, tnumIn } from "./tnum.js";
import { NOT_INIT, PTR_TO_CTX, PTR_TO_MAP_VALUE, PTR_TO_PACKET, PTR_TO_PACKET_END, PTR_TO_STACK, SCALAR_VALUE } from "./types.js";
import { verifyProgram } from "./verify.js";

const PROGRAMS = Number(process.env["SOUNDNESS"] ?? 4000);
/** Seeds that found something once. */
const FOUND = [6627, 14632, 50951, 61559, 67522];
const RUNS = 6;
const MOST_STEPS = 5000;
/** States at one instruction beyond which a program is left out: every path is kept. */
const MOST_STATES = 500;
/** Instructions that are walked: programs that take more are left out, with pruning, or only their accesses are checked, without. */
const MOST_WALKED = 10_000;

function allows(scalar: Scalar, value: bigint): boolean {
  const signed = s64(value);
  const low = Number(value & 0xffff_ffffn);
  return (
    value >= scalar.umin && value <= scalar.umax && signed >= scalar.smin && signed <= scalar.smax && low >= scalar.u32min && low <= scalar.u32max && (low | 0) >= scalar.s32min && (low | 0) <= scalar.s32max &&
    tnumIn(scalar.bits, { value, mask: 0n })
  );
}

const BASES: Readonly<Record<number, bigint>> = { [PTR_TO_STACK]: STACK_TOP, [PTR_TO_PACKET]: PACKET, [PTR_TO_MAP_VALUE]: MAP_VALUE, [PTR_TO_CTX]: CONTEXT };

function covers(reg: Reg, value: bigint, machine: ConcreteMachine): boolean {
  if (reg.type === NOT_INIT) return true;
  if (reg.type === SCALAR_VALUE) return allows(reg.scalar, value);
  if (reg.type === PTR_TO_PACKET_END) return value === PACKET + BigInt(machine.packet.length);
  const start = BASES[reg.type];
  if (start === undefined) return false;
  const base = reg.type === PTR_TO_STACK ? start + FRAME_STRIDE * BigInt(reg.frame) : start;
  // What is proven to be there is there.
  if (reg.type === PTR_TO_PACKET && reg.range > 0 && value - BigInt(reg.off) + BigInt(reg.range) > PACKET + BigInt(machine.packet.length)) return false;
  return allows(reg.scalar, BigInt.asUintN(64, value - base - BigInt(reg.off)));
}

/** Bytes of every kind, and where the program loads its numbers from, often such as sit at the program's own bounds. */
function packetFor(insns: readonly Insn[], random: Random): Uint8Array {
  const packet = Uint8Array.from({ length: random.pick([20, 31, 32, 33, 64, 20 + random.below(80)]) }, () => random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256), random.below(256)]));
  const bounds = insns.map(({ imm }) => imm);
  for (const { op, src, off } of insns) {
    if ((op & 7) !== 1 || src !== 6 || off < 0 || random.below(4) === 0) continue;
    const size = [4, 2, 1, 8][(op & 0x18) >> 3] as number;
    let value = BigInt(random.pick(bounds) + random.below(5) - 2);
    for (let i = 0; i < size && off + i < packet.length; i++, value >>= 8n) packet[off + i] = Number(value & 0xffn);
  }
  return packet;
}

interface Tally {
  accepted: number;
  runs: number;
  steps: number;
}

function judge(seed: number, calls: boolean, tally: Tally): string | undefined {
  const { object, program } = borderProgram(seed, calls);
  // States at every branch give twice the chances to stand wrongly for another.
  const taken = verifyProgram(object, program, { limit: MOST_WALKED }).accepted || verifyProgram(object, program, { limit: MOST_WALKED, testStateFreq: true }).accepted;
  if (!taken) return undefined;
  tally.accepted++;
  const states: (readonly Reg[])[][] = program.insns.map(() => []);
  let many = false;
  const all = verifyProgram(object, program, {
    exhaustive: true,
    limit: MOST_WALKED,
    observe: (insn, state) => {
      const at = states[insn] as (readonly Reg[])[];
      if (at.length >= MOST_STATES) many = true;
      else at.push(state.top.regs.slice());
    },
  });
  if (!all.accepted && all.code !== "E2BIG") return `seed ${seed}: taken with pruning, refused without: ${all.message}`;
  const random = new Random(seed ^ 0x5eed);
  for (let run = 0; run < RUNS; run++) {
    const packet = packetFor(program.insns, random);
    const machine = new ConcreteMachine(program.insns, packet, Uint8Array.from({ length: VALUE_BYTES }, () => random.below(256)));
    tally.runs++;
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      tally.steps++;
      const { pc } = machine;
      if (!many && all.accepted && !(states[pc] as (readonly Reg[])[]).some((regs) => regs.every((reg, i) => i === 10 || covers(reg, machine.regs[i] as bigint, machine)))) {
        return `seed ${seed}, run ${run}: no state of instruction ${pc} covers ${machine.regs.map((value, i) => `r${i}=0x${value.toString(16)}`).join(" ")}`;
      }
      try {
        if (!machine.step()) break;
      } catch (error) {
        return `seed ${seed}, run ${run}: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
  }
  return undefined;
}

describe("soundness", () => {
  it.each(FOUND)("seed %i does only what the verifier said", (seed) => {
    expect(judge(seed, false, { accepted: 0, runs: 0, steps: 0 })).toBeUndefined();
  });

  it(`${PROGRAMS} random programs do only what the verifier said`, { timeout: 3_600_000 }, () => {
    const tally: Tally = { accepted: 0, runs: 0, steps: 0 };
    const violations: string[] = [];
    for (let seed = 1; seed <= PROGRAMS && violations.length < 5; seed++) {
      const violation = judge(seed, seed % 2 === 1, tally);
      if (violation !== undefined) violations.push(violation);
    }
    console.info(`${tally.accepted} of ${PROGRAMS} programs taken, ${tally.runs} runs, ${tally.steps} instructions, ${violations.length} violations`);
    expect(violations).toEqual([]);
    // A generator whose programs are all refused would show nothing.
    expect(tally.accepted).toBeGreaterThan(PROGRAMS / 20);
  });
});
