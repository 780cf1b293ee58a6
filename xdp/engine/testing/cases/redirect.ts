/** Redirects: what the helper answers, and what the result says. */
import { REDIRECT_BROADCAST, REDIRECT_IFINDEX, REDIRECT_MAP, REDIRECT_NONE } from "../../../abi.js";
import type { CaseMap, EngineCase } from "../case.js";

const through = (key: number | string, flags: number | string): string => `r1 = map[m] ll\n r2 = ${key}\n r3 = ${flags}\n call bpf_redirect_map`;

const DEVMAP: CaseMap = { name: "m", type: "BPF_MAP_TYPE_DEVMAP", value: 4, before: [["02000000", "01000000"]] };

/** A devmap like any kernel has it, one whose devices need not exist, and so on: target of entry 2. */
const MAPS: readonly (readonly [string, CaseMap, number, boolean])[] = [
  ["devmap", DEVMAP, 1, true],
  ["devmap hash", { ...DEVMAP, type: "BPF_MAP_TYPE_DEVMAP_HASH" }, 1, true],
  ["cpumap", { ...DEVMAP, type: "BPF_MAP_TYPE_CPUMAP", before: [["02000000", "80000000"]] }, 2, false],
  ["xskmap", { ...DEVMAP, type: "BPF_MAP_TYPE_XSKMAP", before: [["02000000", "09000000"]] }, 9, false],
];

export const REDIRECT_CASES: readonly EngineCase[] = [
  { description: "bpf_redirect", asm: "r1 = 7\n r2 = 0\n call bpf_redirect\n exit", packets: [{ ret: 4, redirect: { kind: REDIRECT_IFINDEX, target: 7 } }] },
  { description: "bpf_redirect takes no flags", asm: "r1 = 7\n r2 = 1\n call bpf_redirect\n exit", ret: 0 },
  { description: "XDP_REDIRECT without a helper has no target", asm: "r0 = 4\n exit", packets: [{ ret: 4, redirect: { kind: REDIRECT_NONE } }] },
  { description: "the last of two redirects counts", asm: "r1 = 7\n r2 = 0\n call bpf_redirect\n r1 = 8\n r2 = 0\n call bpf_redirect\n exit", packets: [{ ret: 4, redirect: { kind: REDIRECT_IFINDEX, target: 8 } }] },
  ...MAPS.flatMap(([name, map, target, kernel]): EngineCase[] => [
    { description: `${name}: an entry`, kernel, asm: `${through(2, 0)}\n exit`, maps: [map], packets: [{ ret: 4, redirect: { kind: REDIRECT_MAP, map: 0, key: 2, target } }] },
    { description: `${name}: no entry`, kernel, asm: `${through(3, 0)}\n exit`, maps: [map], ret: 0 },
    { description: `${name}: no entry, with an answer in the flags`, kernel, asm: `${through(3, 2)}\n exit`, maps: [map], ret: 2 },
    { description: `${name}: a key beyond the end`, kernel, asm: `${through(1000, 3)}\n exit`, maps: [map], ret: 3 },
    { description: `${name}: an entry, with an answer in the flags`, kernel, asm: `${through(2, 2)}\n exit`, maps: [map], packets: [{ ret: 4, redirect: { kind: REDIRECT_MAP, target } }] },
    { description: `${name}: unknown flags`, kernel, asm: `${through(2, 0x20)}\n exit`, maps: [map], ret: 0 },
  ]),
  { description: "devmap: broadcast", asm: `${through(0, 8)}\n exit`, maps: [DEVMAP], packets: [{ ret: 4, redirect: { kind: REDIRECT_BROADCAST, map: 0 } }] },
  { description: "devmap: broadcast, not to where it came from", asm: `${through(0, 24)}\n exit`, maps: [DEVMAP], packets: [{ ret: 4, redirect: { kind: REDIRECT_BROADCAST, map: 0 } }] },
  { description: "cpumap: broadcast does not exist", kernel: false, asm: `${through(2, 8)}\n exit`, maps: [{ ...DEVMAP, type: "BPF_MAP_TYPE_CPUMAP", before: [["02000000", "80000000"]] }], ret: 0 },
  {
    description: "a failed redirect takes back the one before",
    asm: `${through(2, 0)}\n ${through(3, 2)}\n r0 = 4\n exit`,
    maps: [DEVMAP],
    packets: [{ ret: 4, redirect: { kind: REDIRECT_NONE } }],
  },
  {
    description: "devmap: a lookup tells the device",
    asm: "*(u32 *)(r10 -4) = 2\n r1 = map[m] ll\n r2 = r10\n r2 += -4\n call bpf_map_lookup_elem\n if r0 == 0 goto none\n r0 = *(u32 *)(r0 +0)\n exit\n none: r0 = 99\n exit",
    maps: [DEVMAP],
    ret: 1,
  },
];
