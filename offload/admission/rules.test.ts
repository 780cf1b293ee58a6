import { describe, expect, it } from "vitest";
import type { MapSpec, ObjectSpec } from "../../xdp/index.js";
import { findProfile, overrideProfile } from "../profiles/profiles.js";
import type { OffloadProfile } from "../profiles/schema.js";
import { array, hash, mapSpec, objectSpec, perCpuArray, PORT_FILTER } from "../testing/object.js";
import { OffloadError } from "./error.js";
import { inspectFor } from "./inspect.js";
import { admit, RULES } from "./rules.js";

const card = findProfile("agilio-cx-2x40") as OffloadProfile;
const set = (values: Record<string, unknown>): OffloadProfile => overrideProfile(card, values) as OffloadProfile;

function result(text: string, maps: readonly MapSpec[] = [], device = card) {
  const object = objectSpec(text, maps);
  return admit(object, object.programs[0], device);
}

/** `rule: what the driver says`, of everything that is refused. */
function refused(text: string, maps: readonly MapSpec[] = [], device = card): string[] {
  return result(text, maps, device).errors.map(({ rule, driver }) => `${rule}: ${driver}`);
}

const OUT = "\nout:\nr0 = 1\nexit";
const PACKET = "r6 = *(u32 *)(r1 + 0)\n";
const U32 = `${PACKET}r1 = *(u32 *)(r6 + 0)\nr2 = *(u32 *)(r6 + 4)\n`;
const U64 = `${PACKET}r1 = *(u64 *)(r6 + 0)\nr2 = *(u64 *)(r6 + 8)\n`;
const KEY = "r5 = 0\n*(u32 *)(r10 - 4) = r5\nr2 = r10\nr2 += -4\n";
const LOOKUP = `${KEY}r1 = map[m]\ncall bpf_map_lookup_elem\nif r0 == 0 goto out\n`;
const table = hash("m", 4, 16, 100);
const use = (map: MapSpec): string => `r1 = map[${map.name}]\nr0 = 1\nexit`;

/** Every rule at least once: the program breaks it and no other. */
const UPDATE = "r1 = 0\n*(u64 *)(r10 - 24) = r1\n*(u64 *)(r10 - 16) = r1\nr1 = 1\n*(u32 *)(r10 - 16) = r1\nr2 = r10\nr2 += -4\nr3 = r10\nr3 += -24\nr4 = 0\nr1 = map[m]\ncall bpf_map_update_elem";
const CASES: readonly (readonly [rule: string, driver: string, text: string, map?: MapSpec, set?: Record<string, unknown>])[] = [
  ["map-type", "map type not supported", use(mapSpec("m", 11, 8, 4, 10, 1)), mapSpec("m", 11, 8, 4, 10, 1)],
  ["map-type", "map type not supported", use(perCpuArray("m", 8, 1)), perCpuArray("m", 8, 1)],
  ["map-flags", "map flags are not supported", use(mapSpec("m", 1, 4, 4, 10, 1)), mapSpec("m", 1, 4, 4, 10, 1)],
  ["global-data", "map flags are not supported", use({ ...array(".rodata", 8, 1), flags: 0x480, dataSection: ".rodata" }), { ...array(".rodata", 8, 1), flags: 0x480, dataSection: ".rodata" }],
  ["map-entries", "map with too many elements: 3000000, left: 2048000", use(hash("m", 4, 4, 3_000_000)), hash("m", 4, 4, 3_000_000)],
  ["map-key-size", "map key size 57, FW max is 56", use(hash("m", 57, 4, 1)), hash("m", 57, 4, 1)],
  ["map-value-size", "map value size 64, FW max is 56", use(array("m", 64, 1)), array("m", 64, 1)],
  ["map-entry-size", "map elements too large: 72, FW max element size (key+value): 64", use(hash("m", 9, 52, 1)), hash("m", 9, 52, 1)],
  ["opcode", "instruction 0x97 not supported", `${U32}r1 %= 3${OUT}`],
  ["opcode", "instruction 0x9f not supported", `${U32}r1 %= r2${OUT}`],
  ["opcode", "instruction 0x37 not supported", `${U32}r1 s/= 3${OUT}`],
  ["opcode", "instruction 0xbf not supported", `${U32}r1 = (s8)r1${OUT}`],
  ["opcode", "instruction 0xd4 not supported", `${U32}r1 = le16 r1${OUT}`],
  ["opcode", "instruction 0xd7 not supported", `${U32}r1 = bswap32 r1${OUT}`],
  ["opcode", "instruction 0x06 not supported", `gotol +0${OUT}`],
  ["opcode", "instruction 0x91 not supported", `${PACKET}r1 = *(s8 *)(r6 + 0)${OUT}`],
  ["multiply", "multiplier is not within u32 value range", `${U64}r2 &= 1\nr1 *= r2${OUT}`],
  ["multiply", "multiplicand is not within u32 value range", `${U64}r1 &= 1\nr1 *= r2${OUT}`],
  ["multiply", "sign extended multiplicand won't be within u32 value range", `${U32}r1 *= -3${OUT}`],
  ["divide", "dividend is not within u32 value range", `${U64}r1 /= 3${OUT}`],
  ["divide", "divisor is not constant", `${U32}r1 /= r2${OUT}`],
  ["divide", "divisor is not within u32 value range", `${U32}r2 = 0x100000001 ll\nr1 /= r2${OUT}`],
  ["divide", "divide by negative constant is not supported", `${U32}r1 /= -3${OUT}`],
  ["atomic", "atomic op not implemented: 1", `${LOOKUP}r1 = 1\nr1 = atomic_fetch_add((u64 *)(r0 + 0), r1)${OUT}`, table],
  ["atomic", "atomic op not implemented: 64", `${LOOKUP}r1 = 1\nlock *(u64 *)(r0 + 0) |= r1${OUT}`, table],
  ["atomic", "atomic add not to a map value pointer: 6", `r1 = 1\n*(u64 *)(r10 - 8) = r1\nlock *(u64 *)(r10 - 8) += r1${OUT}`],
  ["atomic", "atomic add not of a scalar: 6", `${LOOKUP}r1 = r10\nlock *(u64 *)(r0 + 0) += r1${OUT}`, table],
  ["pointer-type", "unsupported ptr type: 9", `r2 = *(u32 *)(r1 + 4)\nr3 = *(u8 *)(r2 - 1)${OUT}`],
  ["pointer-varies", "ptr type changed for instruction 6 -> 8", `${PACKET}r3 = *(u32 *)(r6 + 0)\n*(u64 *)(r10 - 8) = r3\nr2 = r10\nr2 += -8\nif r3 > 5 goto on\nr2 = r6\non:\nr4 = *(u8 *)(r2 + 0)${OUT}`],
  ["immediate-store", "Translation failed with error -95", `*(u32 *)(r10 - 4) = 5${OUT}`],
  ["map-store", "map writes not supported", `${LOOKUP}r1 = 1\n*(u32 *)(r0 + 0) = r1${OUT}`, table],
  ["map-offset", "map value offset is variable", `${PACKET}r7 = *(u8 *)(r6 + 0)\nr7 &= 7\n${LOOKUP}r0 += r7\nr1 = *(u8 *)(r0 + 0)${OUT}`, table],
  ["map-offset", "map value access out-of-bounds", `${LOOKUP}r1 = *(u32 *)(r0 + 16)${OUT}`, table],
  ["map-words", "map value use type conflict atomic vs read off: 0", `${LOOKUP}r1 = 1\nlock *(u64 *)(r0 + 0) += r1\nr1 = *(u32 *)(r0 + 0)${OUT}`, table],
  ["map-words", "value at offset 8/15 may be non-zero, bpf_map_update_elem() is required to initialize atomic counters to zero to avoid offload endian issues",
    `${LOOKUP}r1 = 1\nlock *(u32 *)(r0 + 8) += r1\n${UPDATE}${OUT}`, table],
  ["map-words", "atomic counter in map value may already be initialized to non-zero value off: 8",
    `r1 = 0\n*(u32 *)(r10 - 4) = r1\n${UPDATE}\n${LOOKUP}r1 = 1\nlock *(u32 *)(r0 + 8) += r1${OUT}`, table],
  ["stack-offset", "variable ptr stack access", `${PACKET}r2 = *(u8 *)(r6 + 0)\nr2 &= 7\nr3 = 0\n*(u64 *)(r10 - 8) = r3\nr4 = r10\nr4 += -8\nr4 += r2\nr5 = *(u8 *)(r4 + 0)${OUT}`],
  ["stack-offset", "stack access changed location", `${U32}*(u64 *)(r10 - 8) = r1\nr4 = r10\nr4 += -8\nif r1 > 5 goto on\nr4 += 2\non:\nr5 = *(u8 *)(r4 + 0)${OUT}`],
  ["stack-offset", "stack access changed location", "r1 = 0\nagain:\nr3 = r10\nr3 += -64\nr3 += r1\n*(u8 *)(r3 + 0) = r1\nr1 += 1\nif r1 == 40 goto out\ngoto again\nout:\nr0 = 1\nexit"],
  ["context-load", "Translation failed with error -95", `r2 = *(u32 *)(r1 + 12)${OUT}`],
  ["context-store", "queue selection not supported by FW", `r2 = 1\n*(u32 *)(r1 + 16) = r2${OUT}`, undefined, { queueSelect: false }],
  ["context-store", "unsupported store to context field", `r2 = 1\n*(u32 *)(r1 + 12) = r2${OUT}`],
  ["helper", "unsupported function id: 5", `call bpf_ktime_get_ns${OUT}`],
  ["helper", "unsupported function id: 23", `r1 = 1\nr2 = 0\ncall bpf_redirect\nexit`],
  ["helper", "adjust_head not supported by FW", `r2 = 4\ncall bpf_xdp_adjust_head${OUT}`, undefined, { helpers: ["bpf_map_lookup_elem"] }],
  ["helper", "map_lookup: not supported by FW", LOOKUP + OUT, table, { helpers: ["bpf_xdp_adjust_head"] }],
  ["stack-argument", "map_lookup: unsupported ptr type 8", `r2 = *(u32 *)(r1 + 0)\nr1 = map[m]\ncall bpf_map_lookup_elem${OUT}`, table],
  ["stack-argument", "map_lookup: unaligned stack pointer 6", `r5 = 0\n*(u64 *)(r10 - 8) = r5\nr2 = r10\nr2 += -6\nr1 = map[m]\ncall bpf_map_lookup_elem${OUT}`, table],
  ["stack-argument", "map_delete: variable pointer", `${PACKET}r3 = *(u8 *)(r6 + 0)\nr3 &= 4\nr5 = 0\n*(u64 *)(r10 - 8) = r5\nr2 = r10\nr2 += -8\nr2 += r3\nr1 = map[m]\ncall bpf_map_delete_elem${OUT}`, table],
  ["event-output", "event_output: must use BPF_F_CURRENT_CPU", `r2 = map[m]\nr3 = 0\nr4 = r10\nr4 += -8\nr5 = 0\n*(u64 *)(r10 - 8) = r5\nr5 = 8\ncall bpf_perf_event_output${OUT}`, mapSpec("m", 4, 4, 4, 8)],
  ["return-code", "return codes above 3 are XDP_ABORTED on the card", "r0 = 4\nexit"],
  ["stack-size", "stack too large: program 512B > FW stack 256B", `r1 = 0\n*(u64 *)(r10 - 512) = r1${OUT}`, undefined, { stackBytes: 256 }],
  ["packet-offset", "BPF offload not supported with potential packet access beyond HW packet split boundary", `${PACKET}r2 = *(u8 *)(r6 + 2000)${OUT}`],
  ["program-length", "program too long: instruction limit reached (30 NFP instructions)", `${U32}${OUT}`, undefined, { maxInstructions: 30 }],
];

describe("what the card refuses", () => {
  it.each(CASES.map(([rule, driver, ...rest]) => [rule, driver, rest] as const))("%s: %s", (rule, driver, [text, map, changed]) => {
    expect(refused(text, map === undefined ? [] : [map], changed === undefined ? card : set(changed))).toEqual([`${rule}: ${driver}`]);
  });

  it("but no loop over words of the stack", () => {
    expect(refused("r1 = 0\nr2 = 7\nagain:\nr3 = r10\nr3 += -248\nr3 += r1\n*(u32 *)(r3 + 0) = r2\nr1 += 4\nif r1 == 248 goto out\ngoto again\nout:\nr0 = 1\nexit", [], card)).toEqual([]);
  });

  it("too many maps, by number", () => {
    const maps = [array("a", 8, 1), array("b", 8, 1)];
    expect(refused("r1 = map[a]\nr1 = map[b]\nr0 = 1\nexit", maps, set({ maxMaps: 1 }))).toEqual(["map-count: too many maps for a device"]);
  });

  it("programs for packets of several buffers, and of other hooks", () => {
    const object = objectSpec("r0 = 1\nexit");
    const of = (change: Partial<ObjectSpec["programs"][0]>): string[] => admit(object, { ...object.programs[0], ...change }, card).errors.map(({ rule }) => rule);
    expect(of({ frags: true })).toEqual(["program-type"]);
    expect(of({ attach: "devmap" })).toEqual(["program-type"]);
    expect(of({})).toEqual([]);
  });

  it("has no rule without a case", () => {
    const covered = new Set([...CASES.map(([rule]) => rule), "map-count", "program-type"]);
    // Registers above r10 cannot be in a program that was read.
    expect(RULES.map(({ id }) => id).filter((id) => !covered.has(id))).toEqual(["register"]);
  });
});

describe("what the card takes", () => {
  it.each([
    ["a filter", PORT_FILTER, undefined],
    ["a lookup, a read and a counter in different words", `${LOOKUP}r1 = *(u32 *)(r0 + 0)\nr2 = 1\nlock *(u64 *)(r0 + 8) += r2${OUT}`, table],
    ["an update that writes zero where it counts", `${LOOKUP}r1 = 1\nlock *(u32 *)(r0 + 8) += r1\nr1 = 0\n*(u64 *)(r10 - 24) = r1\n*(u64 *)(r10 - 16) = r1\nr1 = 7\n*(u32 *)(r10 - 24) = r1\nr2 = r10\nr2 += -4\nr3 = r10\nr3 += -24\nr4 = 0\nr1 = map[m]\ncall bpf_map_update_elem${OUT}`, table],
    ["factors and dividends of 32 bits", `${U32}r1 *= r2\nw1 = w1\nr1 /= 10\nw1 *= -3${OUT}`, undefined],
    ["a constant of each path on the stack", `${U32}*(u64 *)(r10 - 8) = r1\nr4 = r10\nr4 += -8\nif r1 > 5 goto on\nr4 += 4\non:\nr5 = *(u8 *)(r4 + 0)${OUT}`, undefined],
    ["a packet offset from the packet", `${PACKET}r2 = *(u16 *)(r6 + 0)\nr6 += r2\nr2 = *(u8 *)(r6 + 0)${OUT}`, undefined],
    ["events to the host", "r2 = map[m]\nw3 = -1\nr4 = r10\nr4 += -8\nr5 = 0\n*(u64 *)(r10 - 8) = r5\nr5 = 8\ncall bpf_perf_event_output\nr0 = 1\nexit", mapSpec("m", 4, 4, 4, 8)],
    ["a queue by the program's choice", `r2 = 3\n*(u32 *)(r1 + 16) = r2${OUT}`, undefined],
    ["what is dead", `r1 = 1\nif r1 == 1 goto out\ncall bpf_ktime_get_ns\nr0 %= 3${OUT}`, undefined],
    ["what no instruction names", "r0 = 1\nexit", perCpuArray("m", 8, 1)],
  ] as const)("%s", (_, text, map) => {
    const { admitted, reasons, checked } = result(text, map === undefined ? [] : [map]);
    expect(reasons).toEqual([]);
    expect(admitted).toBe(true);
    expect(checked).toEqual(RULES.map(({ id }) => id));
  });

  it("other devices are asked only what is not the driver's own", () => {
    const fpga = findProfile("hxdp-fpga") as OffloadProfile;
    const { admitted, checked } = result("r1 = 1\nr2 = 0\ncall bpf_redirect\nexit", [], fpga);
    expect(admitted).toBe(true);
    expect(checked).not.toContain("opcode");
  });
});

describe("a refusal", () => {
  it("says where, in the driver's words, and what would help; once for all alike", () => {
    const [error] = result(`${U32}r1 %= 3\nr1 %= 5${OUT}`).errors;
    expect(error).toBeInstanceOf(OffloadError);
    expect(error.message).toBe("prog.bpf.c:12 (instruction 3): instruction 0x97 not supported (and 1 more like it): the card cannot divide for a remainder (modulo): use a power of 2 and mask, or multiply and shift");
    expect(error).toMatchObject({ rule: "opcode", actual: "0x97", slot: 3, source: { file: "prog.bpf.c", line: 12, text: "second line" } });
    const [size] = result(use(hash("m", 57, 4, 1)), [hash("m", 57, 4, 1)]).errors;
    expect(size).toMatchObject({ rule: "map-key-size", limit: 56, actual: 57, map: "m", message: "map m: map key size 57, FW max is 56: make the key smaller, for example by a hash of its parts" });
  });
});

describe("inspection", () => {
  it("puts eBPF, C line and NFP instructions side by side", () => {
    const object = objectSpec(`${LOOKUP}r1 = 1\nlock *(u64 *)(r0 + 0) += r1${OUT}`, [table]);
    const { rows, instructions, admitted } = inspectFor(object, object.programs[0], card);
    expect(rows.map((row) => [row.slot, row.text, row.instructions])).toEqual([
      [0, "r5 = 0", 2], [1, "*(u32 *)(r10 -4) = r5", 1], [2, "r2 = r10", 2], [3, "r2 += -4", 2], [4, "r1 = map[m]", 2], [6, "call bpf_map_lookup_elem#1", 3],
      [7, "if r0 == 0x0 goto pc+2", 2], [8, "r1 = 1", 2], [9, "lock *(u64 *)(r0 +0) += r1", 3], [10, "r0 = 1", 2], [11, "exit", 1],
    ]);
    expect(rows[8]).toMatchObject({ mapCommands: 1, packetCommands: 0, cycles: 3, source: { line: 12 } });
    expect([rows[6].cycles, rows[6].cyclesTaken]).toEqual([2, 5]);
    expect(instructions).toEqual({ program: 22, around: 23, total: 45, limit: card.maxInstructions });
    expect(admitted).toBe(true);
  });
});
