/** Which paths count, and the packets that take them. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadObject, seedMaps } from "../../xdp/index.js";
import type { MapSpec, ObjectSpec } from "../../xdp/index.js";
import { findProfile } from "../profiles/profiles.js";
import type { OffloadProfile } from "../profiles/schema.js";
import { array, hash, mapSpec, objectSpec, programSpec } from "../testing/object.js";
import { runOffload } from "../run.js";
import { randomRuns } from "./testing/random-runs.js";
import { readerOf } from "../testing/traffic.js";
import { GuaranteeError } from "./errors.js";
import { guarantee } from "./guarantee.js";
import type { Guarantee } from "./guarantee.js";

const card = findProfile("agilio-cx-2x40-lean") as OffloadProfile;

/** Guarantees `text`, a program that finds the packet in r2, with 40 bytes in it; it leaves by `drop`. */
function of(text: string, maps: readonly MapSpec[] = []): Guarantee {
  const object = objectSpec(`r6 = r1\nr2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\nr4 = r2\nr4 += 40\nif r4 > r3 goto drop\n${text}\ndrop:\nr0 = 1\nexit`, maps);
  return guarantee(object, object.programs[0], card);
}

/** What is slow, by instructions that nothing leaves out. */
const slow = (label: string, to: string): string => `${label}:\nr5 = *(u32 *)(r2 + 8)\nr5 *= r5\nr5 *= r5\nr5 *= r5\n*(u32 *)(r2 + 0) = r5\ngoto ${to}`;

/** Replays an example as `beeline run` would. */
async function replay(object: ObjectSpec, entry: string, { example }: Guarantee): Promise<number> {
  const result = await runOffload({
    object, entry, device: card, open: () => Promise.resolve(readerOf([{ bytes: example?.packet ?? new Uint8Array(60) }])),
    setup: ({ maps, object: loaded, programs }) => seedMaps(maps, example?.maps ?? {}, loaded.btf, (name) => programs.find(({ spec }) => spec.name === name)?.index),
  });
  return result.device.cyclesPerPacket.max;
}

describe("paths that no packet takes", () => {
  it("do not count where checks of the same byte disagree, though it is read anew", () => {
    const read = "r7 = *(u8 *)(r2 + 23)\n";
    const both = of(`${read}if r7 == 6 goto tcp\nsecond:\n${read}if r7 == 17 goto udp\ngoto drop\n${slow("tcp", "second")}\n${slow("udp", "drop")}`);
    const free = of(`${read}if r7 == 6 goto tcp\nsecond:\nr7 = *(u8 *)(r2 + 24)\nif r7 == 17 goto udp\ngoto drop\n${slow("tcp", "second")}\n${slow("udp", "drop")}`);
    expect(both.over).toBe("paths");
    expect(free.cycles - both.cycles).toBeGreaterThan(10);
    expect([6, 17]).toContain(both.example?.packet[23]);
    expect([both.example?.onPath, free.example?.onPath]).toEqual([true, true]);
    expect([free.example?.packet[23], free.example?.packet[24]]).toEqual([6, 17]);
  });
  it("count again where what was read may have changed", () => {
    const read = "r7 = *(u64 *)(r0 + 0)\n";
    const look = "*(u32 *)(r10 - 4) = 0\nr2 = r10\nr2 += -4\nr1 = map[m]\ncall bpf_map_lookup_elem\nif r0 == 0 goto drop\nr2 = *(u32 *)(r6 + 0)\nr3 = *(u32 *)(r6 + 4)\nr4 = r2\nr4 += 40\nif r4 > r3 goto drop\n";
    const found = of(`${look}${read}if r7 == 6 goto tcp\nsecond:\n${read}if r7 == 17 goto udp\ngoto drop\n${slow("tcp", "second")}\n${slow("udp", "drop")}`, [array("m", 8, 1)]);
    const one = of(`${look}${read}if r7 == 6 goto tcp\nsecond:\n${read}goto drop\n${slow("tcp", "second")}`, [array("m", 8, 1)]);
    expect(found.cycles - one.cycles).toBeGreaterThan(10);
  });
  it("do not count where a lookup in an array finds nothing", () => {
    const key = "*(u32 *)(r10 - 4) = 3\nr2 = r10\nr2 += -4\nr1 = map[m]\ncall bpf_map_lookup_elem\nif r0 != 0 goto drop\nr2 = *(u32 *)(r6 + 0)\nr3 = *(u32 *)(r6 + 4)\nr4 = r2\nr4 += 40\nif r4 > r3 goto drop\n";
    const inArray = of(`${key}${slow("miss", "drop")}`, [array("m", 8, 4)]);
    const inHash = of(`${key}${slow("miss", "drop")}`, [hash("m", 4, 8, 4)]);
    expect([inArray.over, inHash.over]).toEqual(["paths", "paths"]);
    expect(inHash.instructions - inArray.instructions).toBeGreaterThan(8);
  });
});

describe("example packets", () => {
  it("meet masks, shifts, byte orders, bounds and places that depend on bytes", () => {
    const found = of([
      "r7 = *(u8 *)(r2 + 14)", "r8 = r7", "r8 &= 0xf0", "if r8 != 0x40 goto drop", "r7 &= 0x0f", "r7 <<= 2", "if r7 < 24 goto drop", "if r7 > 40 goto drop",
      "r2 += 14", "r2 += r7", "r4 = r2", "r4 += 8", "if r4 > r3 goto drop",
      "r7 = *(u16 *)(r2 + 2)", "r7 = be16 r7", "if r7 < 5000 goto drop", "if r7 > 5010 goto drop", "r8 = *(u32 *)(r2 + 4)", "r8 ^= 0x1234", "r8 += 77", "if r8 != 0x5000 goto drop",
    ].join("\n"));
    expect([found.over, found.example?.onPath, found.example?.tried]).toEqual(["paths", true, 0]);
    const packet = found.example?.packet as Uint8Array;
    const at = 14 + (packet[14] & 15) * 4;
    expect(packet[14] >> 4).toBe(4);
    expect((packet[at + 2] << 8) | packet[at + 3]).toBeGreaterThanOrEqual(5000);
    expect(packet.length).toBeGreaterThanOrEqual(at + 8);
  });
  it("come with what maps must hold, and cost the same when they are replayed", async () => {
    const maps = [hash("allowed", 4, 8, 16)];
    const text = "r7 = *(u32 *)(r2 + 26)\n*(u32 *)(r10 - 4) = r7\nr2 = r10\nr2 += -4\nr1 = map[allowed]\ncall bpf_map_lookup_elem\nif r0 == 0 goto drop\nr7 = *(u32 *)(r0 + 4)\nif r7 != 4711 goto drop\nr8 = 3\nr8 *= r8\nlock *(u64 *)(r0 + 0) += r8";
    const found = of(text, maps);
    expect(found.example?.onPath).toBe(true);
    expect(found.example?.maps).toMatchObject({ allowed: [{ key: ["0x0a", "0x00", "0x00", "0x01"], value: ["0x00", "0x00", "0x00", "0x00", "0x67", "0x12", "0x00", "0x00"] }] });
    const object = objectSpec(`r6 = r1\nr2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\nr4 = r2\nr4 += 40\nif r4 > r3 goto drop\n${text}\ndrop:\nr0 = 1\nexit`, maps);
    expect(await replay(object, "prog", found)).toBe(found.example?.run.cycles);
    expect(found.example?.run.cycles).toBeLessThanOrEqual(found.cycles);
  });
  it("are sought by trying where a condition cannot be solved", () => {
    const hashed = "r7 = *(u32 *)(r2 + 26)\nr7 *= r7\nr8 = r7\nr8 >>= 13\nr7 ^= r8\nr7 *= r7\nr7 &= 3\nif r7 != 3 goto drop\nr7 *= r7";
    const found = of(hashed);
    expect(found.example?.run.cycles).toBeLessThanOrEqual(found.cycles);
    expect(found.example).toBeDefined();
  });
});

/** Two programs, the first of which calls the second where `targets` is 1. */
function chain(targets: number): ObjectSpec {
  const progs = { ...mapSpec("next", 3, 4, 4, 4), values: targets === 0 ? [] : [{ key: 1, program: "second" }] };
  const maps = [progs];
  const first = programSpec("r2 = map[next]\nr3 = 1\ncall bpf_tail_call\nr0 = 1\nexit", maps, "first");
  const second = programSpec("r2 = *(u32 *)(r1 + 16)\nr2 *= r2\nr2 *= r2\nr0 = 2\nexit", maps, "second");
  return { file: "chain.o", license: "GPL", programs: [first, second], maps };
}

describe("tail calls", () => {
  it("lead where the object says", () => {
    const [none, one] = [chain(0), chain(1)];
    const alone = guarantee(none, none.programs[0], card);
    const both = guarantee(one, one.programs[0], card);
    expect(both.cycles).toBeGreaterThan(alone.cycles);
    expect(both.example?.onPath).toBe(true);
    expect(both.instructions).toBe(8);
  });
  it("are as many as the kernel allows where a program can call itself", () => {
    const maps = [{ ...mapSpec("next", 3, 4, 4, 4), values: [{ key: 0, program: "first" }] }];
    const object: ObjectSpec = { file: "self.o", license: "GPL", programs: [programSpec("r2 = map[next]\nr3 = 0\ncall bpf_tail_call\nr0 = 1\nexit", maps, "first")], maps };
    const found = guarantee(object, object.programs[0], card);
    expect(found.instructions).toBe(33 * 3 + 5);
    expect(found.example?.run.cycles).toBe(found.cycles);
  });
});

describe("loops", () => {
  const object = loadObject(readFileSync(new URL("../../test/differential/programs/callbacks.bpf.o", import.meta.url)), "callbacks.bpf.o");
  const named = (name: string): Guarantee => guarantee(object, object.programs.find((program) => program.name === name) as ObjectSpec["programs"][number], card);
  it("of helpers that call back count as often as they can turn", () => {
    const found = named("callbacks_loop");
    expect(found.over).toBe("verifier");
    // Masked to 127, and 3; the other asks for more than the kernel does, which is none.
    expect(Math.max(...found.lines.map(({ times }) => times))).toBeGreaterThanOrEqual(127);
    expect(found.example?.tried).toBeGreaterThan(0);
    expect(found.example?.run.cycles).toBeLessThanOrEqual(found.cycles);
  });
  it.each(["callbacks_loop", "callbacks_entries"])("are never slower than their bound: %s", (name) => {
    const found = named(name);
    const run = randomRuns(object, name, card, 1024, 5);
    expect(card.firmwareCycles + run.cycles).toBeLessThanOrEqual(found.cycles);
    expect(card.firmwareCycles + run.cycles).toBeGreaterThan(found.cycles / 8);
  });
  it("that nothing bounds are refused in one line that says why", () => {
    const endless = objectSpec("again:\nr1 = 0\nif r1 == 0 goto again\nr0 = 1\nexit");
    const ask = (): Guarantee => guarantee(endless, endless.programs[0], card);
    expect(ask).toThrow(GuaranteeError);
    expect(ask).toThrow(/^prog\.bpf\.c:10 .* the program loops here, and how often is not known, for the verifier does not take the program \(infinite loop/);
  });
});
