/** The contract cases leave no instruction out. */
import { expect, it } from "vitest";
import { BPF_PSEUDO_FUNC, LD_IMM64, OPCODES } from "../../isa/index.js";
import type { Insn } from "../../isa/index.js";
import { HELPERS, KFUNCS } from "../../helpers/index.js";
import type { EngineCase } from "./case.js";
import { CASES } from "./cases/index.js";
import { objectOf } from "./object.js";

/** What an opcode may mean besides: signed or not, widths, atomic operations. */
function variants(op: number): string[] {
  const info = OPCODES[op];
  const operation = op & 0xf0;
  const of = (...fields: readonly number[]): string[] => fields.map((field) => `${op}/${field}`);
  if (info?.form === "alu" && (operation === 0x30 || operation === 0x90)) return of(0, 1);
  if (info?.form === "alu" && operation === 0xb0 && op & 8) return (op & 7) === 7 ? of(0, 8, 16, 32) : of(0, 8, 16);
  if (info?.form === "end") return of(16, 32, 64);
  if (info?.form === "atomic") return (op & 0x18) === 0x00 || (op & 0x18) === 0x18 ? of(0x00, 0x01, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1, 0x100, 0x110) : of(0x100, 0x110);
  return [`${op}`];
}

function variantOf({ op, off, imm }: Insn): string {
  const all = variants(op);
  if (all.length === 1) return `${op}`;
  return `${op}/${OPCODES[op]?.form === "alu" ? off : imm}`;
}

const CASES_IN_ALL: readonly EngineCase[] = Object.values(CASES).flat();
const insnsOf = (testCase: EngineCase): Insn[] => objectOf(testCase).programs.flatMap(({ insns }) => [...insns]);

it("every instruction of RFC 9669 and of the kernel that programs of XDP may have, on engines and kernel", () => {
  const wanted = OPCODES.flatMap((info, op) => (info && info.form !== "load_packet" ? variants(op) : []));
  const seen = new Set(CASES_IN_ALL.filter(({ kernel }) => kernel !== false).flatMap((testCase) => insnsOf(testCase).map(variantOf)));
  expect(wanted.filter((variant) => !seen.has(variant))).toEqual([]);
  expect(wanted.length).toBeGreaterThan(130);
});

it("every helper and kernel function", () => {
  const seen = new Set(CASES_IN_ALL.flatMap(({ asm, programs = {} }) => [asm, ...Object.values(programs)].flatMap((text) => [...text.matchAll(/\bcall (bpf_\w+)/g)].map((match) => match[1]))));
  expect([...HELPERS, ...KFUNCS].map(({ name }) => name).filter((name) => !seen.has(name))).toEqual([]);
});

it("functions whose address is taken", () => {
  expect(CASES_IN_ALL.some((testCase) => insnsOf(testCase).some(({ op, src }) => op === LD_IMM64 && src === BPF_PSEUDO_FUNC))).toBe(true);
});
