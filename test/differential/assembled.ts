/** Programs from assembly text, and frames of values for them. */
import { assemble } from "../../xdp/isa/index.js";
import type { ObjectSpec } from "../../xdp/object/index.js";

/** Values at which arithmetic changes its ways. */
export const EDGES: readonly bigint[] = [
  0n, 1n, 2n, 3n, 7n, 31n, 32n, 33n, 63n, 64n, 65n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0xffffn, 0x7fffffffn, 0x80000000n, 0x80000001n, 0xffffffffn,
  0x100000000n, 0x7fffffff80000000n, 0x7fffffffffffffffn, 0x8000000000000000n, 0x8000000000000001n, 0xffffffff00000000n, 0xffffffff80000000n, 0xfffffffffffffffen, 0xffffffffffffffffn,
];

/** A linear congruential generator (Knuth's MMIX constants): the same numbers in every run. */
function generator(): () => bigint {
  let state = 1n;
  return () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return state ^ (state >> 33n);
  };
}

function frameOf(words: readonly bigint[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(words).buffer);
}

/** All pairs of edge values and 100 random pairs, 16 bytes a frame. */
export function pairFrames(): Uint8Array[] {
  const next = generator();
  return [...EDGES.flatMap((a) => EDGES.map((b) => frameOf([a, b]))), ...Array.from({ length: 100 }, () => frameOf([next(), next()]))];
}

/** `count` frames of `words` values of 8 bytes, edges and random ones mixed. */
export function valueFrames(words: number, count: number): Uint8Array[] {
  const next = generator();
  const value = (): bigint => {
    const choice = next();
    return choice & 1n ? EDGES[Number((choice >> 8n) % BigInt(EDGES.length))] : next() >> (choice & 2n ? 32n : 0n);
  };
  return Array.from({ length: count }, () => frameOf(Array.from({ length: words }, value)));
}

/** An object whose program `one` runs `code` with r6 at the packet, of which `words` times 8 bytes are there, and returns XDP_PASS. */
export function programOf(code: string, words: number): ObjectSpec {
  const insns = assemble(`
    r6 = *(u32 *)(r1 + 0)
    r7 = *(u32 *)(r1 + 4)
    r2 = r6
    r2 += ${words * 8}
    if r2 > r7 goto out
    ${code}
    out:
    r0 = 2
    exit`);
  const functions = [{ name: "one", start: 0, end: insns.length, linkage: "global" as const }];
  return { file: "assembled.o", license: "GPL", maps: [], programs: [{ name: "one", section: "xdp", type: "xdp", frags: false, attach: "device", autoload: true, insns, functions, lines: [] }] };
}
