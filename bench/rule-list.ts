/** Programs of any length: rule lists, as firewalls have them. Fields are loaded and compared, counters in a map go up, some rules mix hashes. */
import { assemble } from "../xdp/index.js";
import type { ObjectSpec } from "../xdp/index.js";

const RULES_MAP = 0;
const COUNTERS = 256;

/** A program of about `length` instructions that the kernel takes; `variant` makes it another one. */
export function ruleList(length: number, variant: number): ObjectSpec {
  const lines = ["r6 = *(u32 *)(r1 +0)", "r7 = *(u32 *)(r1 +4)", "r2 = r6", "r2 += 42", "if r2 > r7 goto out", "r8 = 0", "*(u64 *)(r10 -16) = 0"];
  let written = lines.length;
  for (let rule = 0; written < length - 8; rule++) {
    const text = [
      `r2 = *(u32 *)(r6 +${26 + (rule % 2) * 4})`,
      `w2 ^= ${(variant * 7919 + rule * 104729) & 0x7fffffff}`,
      "w3 = w2",
      `w3 <<= ${1 + (rule % 30)}`,
      `w2 >>= ${31 - (rule % 30)}`,
      "w2 |= w3",
      "r8 += r2",
      `if w2 > ${1 + rule} goto next${rule}`,
      `*(u32 *)(r10 -4) = ${rule % COUNTERS}`,
      "r1 = map[counters]",
      "r2 = r10",
      "r2 += -4",
      "call bpf_map_lookup_elem",
      `if r0 == 0 goto next${rule}`,
      "r1 = *(u64 *)(r0 +0)",
      "r1 += 1",
      "*(u64 *)(r0 +0) = r1",
    ];
    lines.push(...text, `next${rule}:`);
    written += text.length + 1;
  }
  lines.push("r0 = r8", "r0 &= 1", "r0 += 1", "exit", "out: r0 = 2", "exit");
  const insns = assemble(lines.join("\n"), { map: (name) => (name === "counters" ? RULES_MAP : undefined), helper: (name) => (name === "bpf_map_lookup_elem" ? 1 : undefined) });
  return {
    file: "rules.o",
    license: "GPL",
    maps: [{ name: "counters", type: "BPF_MAP_TYPE_ARRAY", typeId: 2, keySize: 4, valueSize: 8, maxEntries: COUNTERS, flags: 0, keyTypeId: 0, valueTypeId: 0 }],
    programs: [{ name: "rules", section: "xdp", type: "xdp", frags: false, attach: "device", autoload: true, insns, functions: [{ name: "rules", start: 0, end: insns.length, linkage: "global" }], lines: [] }],
  };
}
