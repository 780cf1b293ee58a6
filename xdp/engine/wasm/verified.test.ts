/** What the verifier proved takes checks away, of exactly what it judged; and changes nothing that a program does. */
import { describe, expect, test } from "vitest";
import { FUEL } from "../../abi.js";
import { BPF_ADD, BPF_PSEUDO_MAP_IDX_VALUE } from "../../isa/index.js";
import { BPF_F_RDONLY_PROG } from "../../maps/uapi.js";
import type { MapSpec, ProgramSpec } from "../../object/index.js";
import { verifyProgram } from "../../verifier/index.js";
import { borderProgram } from "../../verifier/testing/border.js";
import type { MachineView } from "../contract.js";
import { createInterpreter } from "../interpreter.js";
import { createMachine } from "../machine.js";
import type { Machine } from "../machine.js";
import { objectOf, programOf } from "../testing/object.js";
import { Code } from "../testing/random-programs-code.js";
import type { EngineCase } from "../testing/case.js";
import { Bench, difference, listing, machineWith, placeFrames, withEntry } from "../testing/random-programs-run.js";
import { verifyMachine } from "../verified.js";
import { machineBytes } from "./compile.js";
import { createWasmEngine } from "./engine.js";
import { printWat } from "./wat.js";

const MAPS: EngineCase["maps"] = [{ name: "values", type: "BPF_MAP_TYPE_ARRAY", value: 64, entries: 1 }];
const START = "r6 = r1\n r2 = *(u32 *)(r1 +0)\n r3 = *(u32 *)(r1 +4)\n r4 = r2\n r4 += 34\n if r4 > r3 goto out\n";
const END = "\n r0 = 2\n exit\n out: r0 = 1\n exit";
const LOOKUP = "*(u32 *)(r10 -4) = 0\n r1 = map[values]\n r2 = r10\n r2 += -4\n call bpf_map_lookup_elem\n if r0 == 0 goto out\n";

function machineFor(asm: string): Machine {
  return createMachine({ object: objectOf({ description: "", asm, maps: MAPS }), entry: "main" });
}

const text = (machine: MachineView): string => printWat(machineBytes(machine));
const checks = (wat: string): number => wat.split("\n").filter((line) => ["call $guard", "call $check_arguments"].includes(line.trim())).length;

const PROVEN: readonly [what: string, asm: string][] = [
  ["an index between two signed comparisons", `${START} r7 = *(u64 *)(r2 +0)\n r8 = r7\n if r7 s> 56 goto out\n if r7 s< 0 goto out\n ${LOOKUP.replace("r2 = r10", "r2 = r10")} r0 += r7\n r5 = *(u64 *)(r0 +0) ${END}`],
  ["an index whose copy was compared", `${START} r7 = *(u32 *)(r2 +0)\n r8 = r7\n if r8 > 7 goto out\n ${LOOKUP} r0 += r7\n *(u8 *)(r0 +8) = 1 ${END}`],
  ["a helper's memory of a size that was compared with signs", `${START} r7 = *(u64 *)(r2 +0)\n if r7 s> 8 goto out\n if r7 s< 1 goto out\n *(u64 *)(r10 -8) = 0\n r1 = r6\n r2 = 0\n r3 = r10\n r3 += -8\n r4 = r7\n call bpf_xdp_load_bytes ${END}`],
];

describe("what was proven is not checked", () => {
  test.each(PROVEN)("%s", (_, asm) => {
    const machine = machineFor(asm);
    const before = checks(text(machine));
    expect(verifyMachine(machine)).toMatchObject([{ message: "", accepted: true }]);
    expect(checks(text(machine))).toBeLessThanOrEqual(Math.max(0, before - 1));
    expect(checks(text(machine))).toBe(0);
  });

  test("loops that were walked to their end use no fuel", () => {
    const machine = machineFor("r0 = 0\n again: r0 += 1\n if r0 < 100 goto again\n exit");
    expect(text(machine)).toContain(`i32.const ${FUEL}`);
    verifyMachine(machine);
    expect(text(machine)).not.toContain(`i32.const ${FUEL}`);
  });

  test("loops that were not do", () => {
    const machine = machineFor("r6 = 0\n again: may_goto done\n r6 += 1\n goto again\n done: r0 = r6\n exit");
    expect(verifyMachine(machine)).toMatchObject([{ accepted: true }]);
    expect(text(machine)).toContain(`i32.const ${FUEL}`);
  });

  test("code that is never reached is not there", () => {
    const machine = machineFor(`${START} r7 = *(u8 *)(r2 +0)\n r7 <<= 1\n r7 |= 1\n if r7 & 1 goto in\n r0 = 123456789\n exit\n in: r0 = 2\n exit\n out: r0 = 1\n exit`);
    expect(text(machine)).toContain("i64.const 123456789");
    verifyMachine(machine);
    expect(text(machine)).not.toContain("i64.const 123456789");
  });
});

describe("checks stay", () => {
  const unproven = `${START} r7 = *(u64 *)(r2 +0)\n ${LOOKUP} r0 += r7\n r5 = *(u64 *)(r0 +0) ${END}`;

  test("of a program that is refused", () => {
    const machine = machineFor(unproven);
    expect(verifyMachine(machine)).toMatchObject([{ accepted: false, kind: "rejected" }]);
    expect(checks(text(machine))).toBeGreaterThan(0);
  });

  test.each(PROVEN)("of a program that nobody judged: %s", (_, asm) => {
    expect(checks(text(machineFor(asm)))).toBeGreaterThan(0);
  });

  test("of a program with other instructions than were judged", () => {
    const [, asm] = PROVEN[0] as (typeof PROVEN)[number];
    const judged = machineFor(asm);
    verifyMachine(judged);
    const other = machineFor(asm.replace("if r7 s> 56", "if r7 s> 57"));
    other.facts?.set(0, judged.facts?.get(0) as never);
    expect(checks(text(other))).toBe(checks(text(machineFor(asm))));
  });

  test("where constant data is not what was judged", () => {
    const rodata = { ...(objectOf({ description: "", asm: "r0 = 0\n exit", maps: MAPS }).maps[0] as MapSpec), name: ".rodata", flags: BPF_F_RDONLY_PROG, initial: Buffer.alloc(64, 7).toString("base64") };
    const values = objectOf({ description: "", asm: "r0 = 0\n exit", maps: MAPS }).maps[0] as MapSpec;
    const code = new Code();
    code.wide(1, BPF_PSEUDO_MAP_IDX_VALUE, 0, 0);
    code.load(1, 2, 1, 0);
    code.wide(3, BPF_PSEUDO_MAP_IDX_VALUE, 1, 0);
    code.aluRegister(BPF_ADD, 3, 2);
    code.load(1, 0, 3, 0);
    code.exit();
    const machine = createMachine({ object: { ...objectOf({ description: "", asm: "r0 = 0\n exit" }), maps: [rodata, values], programs: [{ ...programOf("main", "r0 = 0\n exit"), insns: code.finish() }].map((program) => ({ ...program, functions: [{ name: "main", start: 0, end: program.insns.length, linkage: "static" }] })) }, entry: "main" });
    expect(verifyMachine(machine)).toMatchObject([{ message: "", accepted: true }]);
    expect(checks(text(machine))).toBe(0);
    // 200 is behind the value's 64 bytes.
    machine.maps[0]?.update(new Uint8Array(4), new Uint8Array(64).fill(200));
    expect(checks(text(machine))).toBe(1);
  });
});

/** Programs near the border of what is allowed that are tried; most are refused. */
const PROGRAMS = Number(process.env["SOUNDNESS"] ?? 3000);
const TOGETHER = 50;
const LENGTHS = [20, 31, 32, 33, 40, 64, 100];

test("programs near the border do the same with checks and without", { timeout: 3_600_000 }, () => {
  const { maps } = borderProgram(1).object;
  const taken: ProgramSpec[] = [];
  for (let seed = 1; seed <= PROGRAMS; seed++) {
    const { object, program } = borderProgram(seed);
    if (verifyProgram(object, program, { limit: 20_000 }).accepted) taken.push({ ...program, name: `seed${seed}` });
  }
  let fewer = 0;
  for (let from = 0; from < taken.length; from += TOGETHER) {
    const machine = machineWith(taken.slice(from, from + TOGETHER), maps, { batchSize: LENGTHS.length, maxFrame: 256 });
    const bench = new Bench(machine, placeFrames(machine, LENGTHS, from + 1));
    const interpreter = createInterpreter(machine);
    const checked = machine.programs.map(({ index }) => checks(text(withEntry(machine, index))));
    verifyMachine(machine);
    for (const { index, spec } of machine.programs.slice(1)) {
      const bytes = machineBytes(withEntry(machine, index));
      if (checks(printWat(bytes)) < (checked[index] as number)) fewer += 1;
      const engine = createWasmEngine(machine, 0, { bytes, module: new WebAssembly.Module(bytes) });
      const differs = difference(bench.run(interpreter, index), bench.run(engine, index));
      if (differs !== undefined) throw new Error(`${spec.name}: interpreter and wasm differ, ${differs}\n${listing(spec)}`);
    }
  }
  console.info(`${taken.length} of ${PROGRAMS} programs were verified, ${fewer} have fewer checks for it: no difference`);
  expect(taken.length).toBeGreaterThan(PROGRAMS / 20);
  expect(fewer).toBeGreaterThan(0);
});
