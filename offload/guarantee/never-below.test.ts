/** No packet takes more than what is guaranteed: random packets through compiled and random programs, with the costs that runs count. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadObject } from "../../xdp/index.js";
import type { ObjectSpec, ProgramSpec } from "../../xdp/index.js";
import { borderProgram } from "../../xdp/verifier/testing/border.js";
import { findProfile } from "../profiles/profiles.js";
import type { OffloadProfile } from "../profiles/schema.js";
import { GuaranteeError } from "./errors.js";
import { guarantee } from "./guarantee.js";
import { randomRuns } from "./testing/random-runs.js";

const card = findProfile("agilio-cx-2x40") as OffloadProfile;
const fpga = findProfile("hxdp-fpga") as OffloadProfile;
const PACKETS = Number(process.env["PACKETS"] ?? 256);
const PROGRAMS = Number(process.env["PROGRAMS"] ?? 150);
/** Of the many compiled programs, one in so many; 1 in a long run. */
const EVERY = Number(process.env["EVERY"] ?? 5);

function programsIn(folder: string): [string, ObjectSpec, ProgramSpec][] {
  const url = new URL(`../../${folder}/`, import.meta.url);
  return readdirSync(url).filter((name) => name.endsWith(".bpf.o")).flatMap((name) => {
    const object = loadObject(readFileSync(new URL(name, url)), name);
    return object.programs.filter(({ type }) => type === "xdp").map((program): [string, ObjectSpec, ProgramSpec] => [`${name} ${program.name}`, object, program]);
  });
}

/** What is wrong; undefined where nothing is. */
function excess(object: ObjectSpec, program: ProgramSpec, device: OffloadProfile, seed: number): { runs: number; reached: number; wrong?: string } {
  const found = guarantee(object, program, device);
  const run = randomRuns(object, program.name, device, PACKETS, seed);
  const most = device.firmwareCycles + run.cycles;
  const memory = run.memoryCycles / device.memorySpread;
  const wrong = most > found.cycles + 1e-6 ? `a packet took ${most} cycles of at most ${found.cycles}` : memory > found.memoryCycles * 1.01 + 1e-6 ? `a packet took ${memory} memory cycles of at most ${found.memoryCycles}` : undefined;
  return { runs: run.runs, reached: run.cycles / (found.cycles - device.firmwareCycles), ...(wrong === undefined ? {} : { wrong }) };
}

describe("no packet is slower", () => {
  it.each(programsIn("bench/programs"))("%s", (_, object, program) => {
    const { wrong, runs } = excess(object, program, card, 1);
    expect(wrong).toBeUndefined();
    expect(runs).toBeGreaterThan(0);
    expect(excess(object, program, fpga, 2).wrong).toBeUndefined();
  });

  it("than what compiled programs of every kind are said to take", { timeout: 300_000 }, () => {
    const wrong: string[] = [];
    let bounded = 0;
    let reached = 0;
    for (const [name, object, program] of programsIn("test/differential/programs").filter((_, i) => i % EVERY === 0)) {
      try {
        const one = excess(object, program, card, 3);
        bounded++;
        reached += one.reached;
        if (one.wrong !== undefined) wrong.push(`${name}: ${one.wrong}`);
      } catch (error) {
        if (!(error instanceof GuaranteeError)) throw error;
      }
    }
    console.info(`${bounded} programs; their slowest random packet took ${((100 * reached) / bounded).toFixed(0)} % of the bound on average`);
    expect(wrong).toEqual([]);
    expect(bounded).toBeGreaterThan(150 / EVERY);
  });

  it(`than what ${PROGRAMS} random programs are said to take`, { timeout: 600_000 }, () => {
    const wrong: string[] = [];
    let bounded = 0;
    for (let seed = 1; seed <= PROGRAMS; seed++) {
      const { object, program } = borderProgram(seed);
      try {
        const one = excess(object, program, card, seed);
        bounded++;
        if (one.wrong !== undefined) wrong.push(`seed ${seed}: ${one.wrong}`);
      } catch (error) {
        if (!(error instanceof GuaranteeError)) throw error;
      }
    }
    expect(wrong).toEqual([]);
    expect(bounded).toBeGreaterThan(PROGRAMS / 4);
  });
});
