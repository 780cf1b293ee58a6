/** Objects from assembly text, as the loader would give them. */
import { assemble, HELPER_NAMES, mapTypeName } from "../../xdp/index.js";
import type { MapSpec, ObjectSpec, ProgramSpec } from "../../xdp/index.js";

export function mapSpec(name: string, typeId: number, keySize: number, valueSize: number, maxEntries: number, flags = 0): MapSpec {
  return { name, type: mapTypeName(typeId), typeId, keySize, valueSize, maxEntries, flags, keyTypeId: 0, valueTypeId: 0 };
}

export const array = (name: string, valueSize: number, maxEntries: number): MapSpec => mapSpec(name, 2, 4, valueSize, maxEntries);
export const hash = (name: string, keySize: number, valueSize: number, maxEntries: number): MapSpec => mapSpec(name, 1, keySize, valueSize, maxEntries);
export const perCpuArray = (name: string, valueSize: number, maxEntries: number): MapSpec => mapSpec(name, 6, 4, valueSize, maxEntries);

export function programSpec(text: string, maps: readonly MapSpec[] = [], name = "prog"): ProgramSpec {
  const insns = assemble(text, {
    helper: (called) => HELPER_NAMES.indexOf(called),
    map: (called) => maps.findIndex((map) => map.name === called),
  });
  return {
    name, section: "xdp", type: "xdp", frags: false, attach: "device", autoload: true, insns,
    functions: [{ name, start: 0, end: insns.length, linkage: "global" }],
    lines: [{ insn: 0, file: "prog.bpf.c", line: 10, column: 1, text: "  first line" }, { insn: 2, file: "prog.bpf.c", line: 12, column: 1, text: "  second line" }],
  };
}

export function objectSpec(text: string, maps: readonly MapSpec[] = []): ObjectSpec {
  return { file: "test.o", license: "GPL", programs: [programSpec(text, maps)], maps };
}

/** Reads the IPv4 destination port of UDP and looks at it: 53 drops, 80 passes, 123 is sent back, the rest 7 (no verdict). */
export const PORT_FILTER = `
  r2 = *(u32 *)(r1 + 0)
  r3 = *(u32 *)(r1 + 4)
  r4 = r2
  r4 += 38
  if r4 > r3 goto drop
  r5 = *(u16 *)(r2 + 36)
  r5 = be16 r5
  if r5 == 80 goto pass
  if r5 == 123 goto tx
  if r5 != 53 goto other
drop:
  r0 = 1
  exit
pass:
  r0 = 2
  exit
tx:
  r0 = 3
  exit
other:
  r0 = 7
  exit
`;

/** Counts packets by receive queue in the array `seen` (u64), and drops them. */
export const COUNT_BY_QUEUE = `
  r6 = *(u32 *)(r1 + 16)
  *(u32 *)(r10 - 4) = r6
  r2 = r10
  r2 += -4
  r1 = map[seen]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r1 = 1
  lock *(u64 *)(r0 + 0) += r1
out:
  r0 = 1
  exit
`;
