/** Verdicts on small programs, a line of reasons each; and what the verdict says beside the message. */
import * as fc from "fast-check";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it, test } from "vitest";
import { OPCODES, assemble } from "../isa/index.js";
import { loadObject } from "../object/index.js";
import { fixture } from "../object/testing/fixtures.js";
import type { LineInfo, MapSpec, ObjectSpec, ProgramSpec } from "../object/index.js";
import type { Verdict, VerifyOptions } from "./index.js";
import { REGION_PACKET, verifyObject, verifyProgram } from "./index.js";

const ARRAY: MapSpec = { name: "counts", type: "BPF_MAP_TYPE_ARRAY", typeId: 2, keySize: 4, valueSize: 8, maxEntries: 4, flags: 0, keyTypeId: 0, valueTypeId: 0 };
const HASH: MapSpec = { ...ARRAY, name: "flows", type: "BPF_MAP_TYPE_HASH", typeId: 1 };
const RING: MapSpec = { ...ARRAY, name: "events", type: "BPF_MAP_TYPE_RINGBUF", typeId: 27, keySize: 0, valueSize: 0, maxEntries: 4096 };
const JUMPS: MapSpec = { ...ARRAY, name: "jumps", type: "BPF_MAP_TYPE_PROG_ARRAY", typeId: 3, valueSize: 4 };

const DEVICES: MapSpec = { ...ARRAY, name: "devices", type: "BPF_MAP_TYPE_DEVMAP", typeId: 14, valueSize: 4 };

function judge(text: string, options: VerifyOptions = {}, license = "GPL", lines: readonly LineInfo[] = []): Verdict {
  const insns = assemble(text);
  const program: ProgramSpec = { name: "prog", section: "xdp", type: "xdp", frags: false, attach: "device", autoload: true, insns, functions: [{ name: "prog", start: 0, end: insns.length, linkage: "global" }], lines };
  const object: ObjectSpec = { file: "prog.o", license, programs: [program], maps: [ARRAY, HASH, RING, JUMPS, DEVICES] };
  return verifyProgram(object, program, options);
}

const LOOKUP = `
  *(u32 *)(r10 - 4) = r6
  r2 = r10
  r2 += -4
  r1 = map[1]
  call 1
`;
const PACKET = `
  r2 = *(u32 *)(r1 + 0)
  r3 = *(u32 *)(r1 + 4)
`;

describe("what is taken", () => {
  test.each([
    ["a constant", "r0 = 2\nexit"],
    ["a packet access behind its check", `${PACKET}r4 = r2\nr4 += 14\nif r4 > r3 goto +1\nr0 = *(u16 *)(r2 + 12)\nr0 = 2\nexit`],
    ["the check the other way round", `${PACKET}r4 = r2\nr4 += 14\nif r3 >= r4 goto +2\nr0 = 1\nexit\nr0 = *(u8 *)(r2 + 13)\nexit`],
    ["metadata behind its check", "r2 = *(u32 *)(r1 + 8)\nr3 = *(u32 *)(r1 + 0)\nr4 = r2\nr4 += 4\nif r4 > r3 goto +1\nr0 = *(u32 *)(r2 + 0)\nr0 = 2\nexit"],
    ["a value behind its check", `r6 = 1\n${LOOKUP}if r0 == 0 goto +1\nr1 = *(u64 *)(r0 + 0)\nr0 = 2\nexit`],
    ["an element of an array whose index is known to be there", "*(u32 *)(r10 - 8) = 3\nr2 = r10\nr2 += -8\nr1 = map[0]\ncall 1\nr0 = *(u64 *)(r0 + 0)\nexit"],
    ["a spilled pointer", `r6 = 1\n${LOOKUP}*(u64 *)(r10 - 16) = r0\nif r0 == 0 goto +2\nr1 = *(u64 *)(r10 - 16)\nr1 = *(u64 *)(r1 + 0)\nr0 = 2\nexit`],
    ["a bounded loop", "r0 = 0\nr0 += 1\nif r0 < 100 goto -2\nexit"],
    ["a number that two registers share", "call 7\nr6 = r0\nif r0 > 7 goto +3\nr1 = r10\nr1 -= 0\nr0 = 0\nr0 = 2\nexit".replace("r1 -= 0\n", "r2 = r6\n")],
    ["a reservation that is given back", "r1 = map[2]\nr2 = 8\nr3 = 0\ncall 131\nif r0 == 0 goto +3\nr1 = r0\nr2 = 0\ncall 132\nr0 = 2\nexit"],
    ["a tail call", "r2 = map[3]\nr3 = 1\ncall 12\nr0 = 2\nexit"],
    ["the packet after a tail call that failed", `${PACKET}r6 = r2\nr2 += 1\nif r2 > r3 goto +5\nr2 = map[3]\nr3 = 1\ncall 12\nr0 = *(u8 *)(r6 + 0)\nr0 = 2\nexit`],
  ])("%s", (_, text) => {
    const verdict = judge(text);
    expect(verdict.messages).toEqual([]);
    expect(verdict.accepted).toBe(true);
  });
});

describe("what is refused, in the kernel's words", () => {
  test.each([
    ["R0 !read_ok", "exit"],
    ["R0 !read_ok", "r1 = 0\nexit"],
    ["R3 !read_ok", "r0 = r3\nexit"],
    ["frame pointer is read only", "r10 = 0\nexit"],
    ["unreachable insn 2", "r0 = 0\nexit\nr0 = 1\nexit"],
    ["last insn is not an exit or jmp", "r0 = 0"],
    ["jump out of range from insn 1 to 7", "r0 = 0\ngoto +5\nexit"],
    ["infinite loop detected at insn 1", "r0 = 0\ngoto -1\nexit".replace("goto -1", "if r0 == 0 goto -1")],
    ["R2 offset is outside of the packet", `${PACKET}r0 = *(u8 *)(r2 + 0)\nexit`],
    ["R2 offset is outside of the packet", `${PACKET}r4 = r2\nr4 += 14\nif r4 > r3 goto +1\nr0 = *(u32 *)(r2 + 12)\nr0 = 2\nexit`],
    ["R0 invalid mem access 'map_value_or_null'", `r6 = 1\n${LOOKUP}r0 = *(u64 *)(r0 + 0)\nexit`],
    ["R0 max value is outside of the allowed memory range", `r6 = 1\n${LOOKUP}if r0 == 0 goto +4\nr6 = *(u8 *)(r0 + 0)\nr6 &= 7\nr0 += r6\nr1 = *(u16 *)(r0 + 0)\nr0 = 2\nexit`],
    ["invalid bpf_context access off=0 size=8", "r0 = *(u64 *)(r1 + 0)\nexit"],
    ["invalid bpf_context access off=20 size=4", "r0 = *(u32 *)(r1 + 20)\nexit"],
    ["invalid write to stack R10 off=-520 size=8", "*(u64 *)(r10 - 520) = 0\nr0 = 0\nexit"],
    ["R1 pointer arithmetic with *= operator prohibited", "r1 *= 2\nr0 = 0\nexit"],
    ["div by zero", "r0 = 1\nr0 /= 0\nexit"],
    ["program of this type cannot use helper bpf_skb_load_bytes#26", "call 26\nexit"],
    ["invalid func unknown#9999", "call 9999\nexit"],
    ["BPF_EXIT instruction in main prog would lead to reference leak", "r1 = map[2]\nr2 = 8\nr3 = 0\ncall 131\nr0 = 2\nexit"],
    ["write into map forbidden", "*(u32 *)(r10 - 4) = 0\nr2 = r10\nr2 += -4\nr3 = r2\nr4 = 0\nr1 = map[4]\ncall 2\nr0 = 2\nexit"],
    ["cannot pass map_type 3 into func bpf_map_lookup_elem#1", "*(u32 *)(r10 - 4) = 0\nr2 = r10\nr2 += -4\nr1 = map[3]\ncall 1\nr0 = 2\nexit"],
    ["R1 type=ctx expected=map_ptr", "r2 = r10\ncall 1\nexit"],
  ])("%s: %s", (message, text) => {
    const verdict = judge(text);
    expect(verdict).toMatchObject({ accepted: false, kind: "rejected", message });
  });

  it("a licence that is not the GPL's", () => {
    expect(judge("r1 = r10\nr1 += -8\n*(u64 *)(r10 - 8) = 0\nr2 = 8\ncall 6\nr0 = 2\nexit", {}, "Proprietary").message).toBe("cannot call GPL-restricted function from non-GPL compatible program");
  });

  it("stores to rx_queue_index, but of programs bound to a card", () => {
    const text = "r2 = 3\n*(u32 *)(r1 + 16) = r2\nr0 = 2\nexit";
    expect(judge(text).message).toBe("invalid bpf_context access off=16 size=4");
    expect(judge(text, { offloaded: true }).accepted).toBe(true);
    expect(judge(text.replace("r1 + 16", "r1 + 12"), { offloaded: true }).accepted).toBe(false);
  });

  it("packet pointers from before the packet moved", () => {
    const text = `r6 = r1\n${PACKET}r7 = r2\nr4 = r2\nr4 += 14\nif r4 > r3 goto +5\nr1 = r6\nr2 = 0\ncall 44\nr0 = *(u8 *)(r7 + 0)\nexit\nr0 = 2\nexit`;
    expect(judge(text).message).toBe("R7 invalid mem access 'scalar'");
  });

  it("a number that only a function reads, from its caller's stack", () => {
    const reads = "call 7\n*(u64 *)(r10 - 8) = 0\nif r0 > 5 goto +2\nr0 = 0\ngoto +1\n*(u64 *)(r10 - 8) = 100\nr1 = r10\nr1 += -8\ncall pc+4\nr2 = r10\nr2 += r0\nr0 = *(u8 *)(r2 - 16)\nexit\nr0 = *(u64 *)(r1 + 0)\nexit";
    expect(judge(reads, { testStateFreq: true }).message).toBe("invalid read from stack R2 off=84 size=1");
  });

  it("a program without end stops at the limit", () => {
    const verdict = judge("r0 = 5\nif r0 < 4 goto +2\nr0 += 1\ngoto -2\nexit");
    expect(verdict.message).toBe("BPF program is too large. Processed 1000001 insn");
    expect(verdict.processed).toBe(1_000_001);
  });
});

describe("a hostile program", () => {
  it("with 2^40 paths of which none is like another stops at the limit, with few states kept", () => {
    // A sum of what each branch adds, which decides an address: no state stands for another.
    const branches = Array.from({ length: 40 }, (_, i) => `call 7\nif r0 > ${i} goto +1\nr6 += ${2 ** (i % 30)}`).join("\n");
    const verdict = judge(`r6 = 0\n${branches}\nr6 &= 7\nr1 = r10\nr1 += r6\nr0 = *(u8 *)(r1 - 16)\nr0 = 2\nexit`);
    expect(verdict).toMatchObject({ accepted: false, code: "E2BIG", message: "BPF program is too large. Processed 1000001 insn" });
    expect(verdict.peakStates).toBeLessThan(10_000);
  });
});

describe("a function that makes a tail call", () => {
  const object = fixture("tail_results");

  test.each([
    ["packet_after", "R6 invalid mem access 'scalar'"],
    ["result_after", "invalid unbounded variable-offset read from stack R2"],
    ["packet_inside", ""],
  ])("%s: %s", (name, message) => {
    expect(verifyProgram(object, object.programs.find((program) => program.name === name) as ProgramSpec).message).toBe(message);
  });
});

describe("the verdict", () => {
  it("says what is not known instead of refusing it", () => {
    const program = judge("r0 = 2\nexit");
    expect(program).toMatchObject({ accepted: true, processed: 2, instructions: 2 });
  });

  it("points to the source and says what is missing", () => {
    const lines: LineInfo[] = [{ insn: 2, file: "src/prog.bpf.c", line: 12, column: 9, text: "    x = eth->h_proto;" }];
    const verdict = judge(`${PACKET}r0 = *(u16 *)(r2 + 12)\nexit`, {}, "GPL", lines);
    expect(verdict.at).toMatchObject({ insn: 2, file: "src/prog.bpf.c", line: 12 });
    expect(verdict.explanation).toEqual({
      where: "prog.bpf.c:12:9",
      excerpt: ["x = eth->h_proto;", "    ^"],
      known: ["r2: pkt(r=0), nothing proven"],
      missing: "this needs 14 bytes of the packet from where r2 started, and none is proven to be there: a comparison with data_end is missing on this path",
      mend: "before the access: if ((void *)p + 14 > data_end) return XDP_DROP; where p is the pointer that is read through",
    });
  });

  it("has facts of accesses that are in bounds on every path", () => {
    const { facts } = judge(`${PACKET}r4 = r2\nr4 += 14\nif r4 > r3 goto +1\nr0 = *(u16 *)(r2 + 12)\nr0 = 2\nexit`);
    expect(facts?.inBounds(5)).toBe(true);
    expect(facts?.regions[5]).toBe(REGION_PACKET);
    expect(facts?.inBounds(6)).toBe(false);
  });

  it("logs as the kernel does", () => {
    const { log } = judge("r0 = -1\nr6 = r0\nr0 = r9\nexit", { logLevel: 1 });
    expect(log.split("\n")).toEqual([
      "0: R1=ctx() R10=fp0",
      "0: (b7) r0 = -1                       ; R0=-1",
      "1: (bf) r6 = r0                       ; R0=-1 R6=-1",
      "2: (bf) r0 = r9",
      "R9 !read_ok",
      "processed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0",
      "",
    ]);
  });

  it("is the device's too, where the kernel takes the program", () => {
    const rules = { name: "card", refusal: () => "[nfp] unsupported function id: 5" };
    expect(judge("r0 = 2\nexit", { for: rules })).toMatchObject({ accepted: false, kind: "rejected", message: "[nfp] unsupported function id: 5" });
    expect(judge("r0 = r5\nexit", { for: rules }).message).toBe("R5 !read_ok");
  });

  it("is given for anything that looks like instructions", () => {
    const kinds = OPCODES.flatMap((info, op) => (info === undefined ? [] : [op]));
    let judged = 0;
    fc.assert(
      fc.property(
        fc.array(fc.record({ op: fc.oneof(fc.constantFrom(...kinds), fc.integer({ min: 0, max: 255 })), dst: fc.integer({ min: 0, max: 12 }), src: fc.integer({ min: 0, max: 12 }), off: fc.integer({ min: -6, max: 6 }), imm: fc.oneof(fc.integer({ min: -2, max: 220 }), fc.integer()) }), { minLength: 1, maxLength: 12 }),
        (random) => {
          const insns = [...random, { op: 0xb7, dst: 0, src: 0, off: 0, imm: 0 }, { op: 0x95, dst: 0, src: 0, off: 0, imm: 0 }];
          const program: ProgramSpec = { name: "prog", section: "xdp", type: "xdp", frags: false, attach: "device", autoload: true, insns, functions: [{ name: "prog", start: 0, end: insns.length, linkage: "global" }], lines: [] };
          const verdict = verifyProgram({ file: "prog.o", license: "GPL", programs: [program], maps: [ARRAY, HASH, RING, JUMPS] }, program, { limit: 2000, logLevel: 2 });
          judged++;
          return verdict.accepted || verdict.message !== "";
        },
      ),
      { numRuns: 3000 },
    );
    expect(judged).toBe(3000);
  });

  it("is given for every XDP program of an object", () => {
    const file = fileURLToPath(new URL("../../test/differential/programs/functions.bpf.o", import.meta.url));
    const verdicts = verifyObject(loadObject(readFileSync(file), "functions.bpf.o"));
    expect(verdicts.length).toBeGreaterThan(3);
    expect(verdicts.filter(({ accepted }) => !accepted)).toEqual([]);
  });
});
