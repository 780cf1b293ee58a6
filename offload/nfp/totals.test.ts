import { describe, expect, it } from "vitest";
import { findProfile } from "../profiles/profiles.js";
import type { OffloadProfile } from "../profiles/schema.js";
import { array, programSpec } from "../testing/object.js";
import { objectOf } from "../validate/measure.js";
import { countMin, countMinByHelper, DOS_FILTER } from "../validate/programs.js";
import { nfpCosts } from "../cost/nfp.js";
import { NFP_EPILOGUE, NFP_PADDING, NFP_PROLOGUE, translate } from "./translate.js";

const card = findProfile("agilio-cx-2x40-lean") as OffloadProfile;
const AROUND = NFP_PROLOGUE + NFP_EPILOGUE + NFP_PADDING;
const lengths = (text: string, maps = [array("values", 8, 1)]): number[] => translate(programSpec(text, maps), maps).slots.map(({ insns }) => insns.length);

const commands = (text: string): number => translate(programSpec(text), []).slots.flatMap(({ insns }) => insns).filter(({ kind }) => kind === "cmd").length;

/** Pairs of loads and stores from r0 to r6. */
const pairs = (order: readonly number[]): string => order.map((at) => `r3 = *(u32 *)(r0 + ${at})\n*(u32 *)(r6 + ${at}) = r3`).join("\n");

describe("whole programs", () => {
  it("XDP_DROP is three instructions and what is around every program", () => {
    expect(translate(programSpec("r0 = 1\nexit"), []).instructions).toBe(3 + AROUND);
  });

  // Krude et al., CoNEXT 2021: eBPF and NFP instructions, cycles of the slowest path without the firmware's 224.
  it.each([[1, 157, 406, 402], [5, 267, 668, 664], [10, 403, 991, 987]])("count-min sketch with %i rows: equivalents of %i eBPF instructions are near %i and %i cycles", (rows, ebpf, nfp, cycles) => {
    for (const [program, most] of [[countMin(rows), 0.03], [countMinByHelper(rows), 0.06]] as const) {
      const object = objectOf(program);
      const costs = nfpCosts(object.programs[0], card, object.maps);
      expect(Math.abs(object.programs[0].insns.length / ebpf - 1)).toBeLessThan(0.02);
      expect(Math.abs(costs.instructions / nfp - 1)).toBeLessThan(0.03);
      expect(Math.abs(costs.cycles.reduce((a, b) => a + b, 0) / cycles - 1)).toBeLessThan(most);
    }
  });

  it("a filter against floods: its equivalent is as long as the measured one, before and after translation", () => {
    const object = objectOf(DOS_FILTER);
    expect(object.programs[0].insns.length).toBe(150);
    expect(Math.abs(nfpCosts(object.programs[0], card, object.maps).instructions / 406 - 1)).toBeLessThan(0.02);
  });
});

describe("passes", () => {
  it("turns small negative constants round", () => {
    expect(lengths("r1 += -4\nr0 = 1\nexit")[0]).toBe(2);
    expect(lengths("r2 = *(u64 *)(r10 - 8)\nif r2 s< -5 goto out\nr0 = 2\nexit\nout:\nr0 = 1\nexit")[1]).toBe(3);
  });
  it("leaves out the context's copy at the start, and nowhere else", () => {
    expect(lengths("r6 = r1\nr0 = 1\nexit")[0]).toBe(0);
    expect(lengths("r0 = 1\nr6 = r1\nexit")[1]).toBe(2);
  });
  it("leaves out dead code and the jumps over it", () => {
    expect(lengths("r1 = 5\nif r1 == 6 goto dead\nr0 = 1\nexit\ndead:\nr0 = 2\nexit")).toEqual([2, 0, 2, 1, 0, 0]);
    expect(lengths("r1 = 5\nif r1 == 5 goto next\nr0 = 1\nexit\nnext:\nr0 = 2\nexit")).toEqual([2, 0, 0, 0, 2, 1]);
  });
  it("clears upper halves only where they are read", () => {
    expect(lengths("r1 = *(u32 *)(r1 + 0)\nr2 = *(u8 *)(r1 + 0)\nw2 += 1\nif w2 == 7 goto out\nout:\nr0 = 1\nexit")[2]).toBe(1);
    expect(lengths("r1 = *(u32 *)(r1 + 0)\nr2 = *(u8 *)(r1 + 0)\nw2 += 1\nr0 = r2\nexit")[2]).toBe(2);
  });
  it("reads packet bytes near each other once, until the packet is written, something is called or paths join", () => {
    const loads = "r2 = *(u32 *)(r1 + 0)\nr3 = *(u8 *)(r2 + 12)\nr4 = *(u16 *)(r2 + 14)\n";
    expect(commands(`${loads}r0 = 1\nexit`)).toBe(1);
    expect(commands(`${loads}r5 = *(u32 *)(r2 + 100)\nr0 = 1\nexit`)).toBe(2);
    expect(commands(`${loads}*(u8 *)(r2 + 0) = r3\nr5 = *(u32 *)(r2 + 16)\nr0 = 1\nexit`)).toBe(3);
    expect(commands(`${loads}if r3 == 4 goto join\njoin:\nr5 = *(u32 *)(r2 + 16)\nr0 = 1\nexit`)).toBe(2);
    expect(commands(`${loads}r2 += r3\nr5 = *(u32 *)(r2 + 16)\nr0 = 1\nexit`)).toBe(2);
  });
  it("gathers copies from packet to packet and counts them once", () => {
    const pairs = [0, 4, 8].map((at) => `r3 = *(u32 *)(r2 + ${at})\n*(u32 *)(r2 + ${at + 64}) = r3`).join("\n");
    expect(lengths(`r2 = *(u32 *)(r1 + 0)\n${pairs}\nr0 = 1\nexit`)).toEqual([2, 7, 0, 0, 0, 0, 0, 2, 1]);
  });
  it("leaves out masks and shifts behind classic loads, where nothing jumps to them", () => {
    expect(lengths("r0 = *(u16 *)skb[12]\nr0 &= 0xffff\nexit").slice(0, 2)).toEqual([5, 0]);
    expect(lengths("r0 = *(u16 *)skb[12]\nr0 &= 0xff\nexit")[1]).toBe(2);
    expect(lengths("r0 = *(u32 *)skb[12]\nr0 <<= 32\nr0 >>= 32\nexit").slice(1, 3)).toEqual([0, 0]);
    expect(lengths("r0 = *(u32 *)skb[12]\nif r0 == 7 goto on\nr0 = *(u32 *)skb[12]\non:\nr0 <<= 32\nr0 >>= 32\nexit").slice(3, 5)).toEqual([2, 2]);
  });
  it("copies from map values to the packet, and downwards", () => {
    const table = [array("values", 16, 1)];
    const lookup = "r6 = *(u32 *)(r1 + 0)\nr5 = 0\n*(u32 *)(r10 - 4) = r5\nr2 = r10\nr2 += -4\nr1 = map[values]\ncall bpf_map_lookup_elem\nif r0 == 0 goto out\n";
    expect(lengths(`${lookup}${pairs([0, 4, 8])}\nout:\nr0 = 1\nexit`, table).slice(9, 15)).toEqual([7, 0, 0, 0, 0, 0]);
    expect(lengths(`${lookup}${pairs([8, 4])}\nout:\nr0 = 1\nexit`, table).slice(9, 13)).toEqual([8, 0, 0, 0]);
    expect(lengths(`${lookup}${pairs([0, 8])}\nout:\nr0 = 1\nexit`, table).slice(9, 13)).toEqual([2, 2, 4, 2]);
  });
  it("calls of functions save r6 to r9 where the function uses them", () => {
    const program = programSpec("r1 = 1\ncall pc+1\nexit\nr6 = r1\nr0 = 1\nexit");
    const functions = [{ name: "prog", start: 0, end: 3, linkage: "global" as const }, { name: "inner", start: 3, end: 6, linkage: "static" as const }];
    const { slots, instructions } = translate({ ...program, functions }, []);
    expect(slots.map(({ insns }) => insns.length)).toEqual([2, 3, 1, 3, 2, 2]);
    expect(instructions).toBe(13 + AROUND + 18);
  });
});
