import { describe, expect, it } from "vitest";
import { findProfile, overrideProfile } from "../profiles/profiles.js";
import type { OffloadProfile } from "../profiles/schema.js";
import { runOffload } from "../run.js";
import { objectSpec, PORT_FILTER } from "../testing/object.js";
import { readerOf, udp } from "../testing/traffic.js";
import { measure, objectOf } from "../validate/measure.js";
import { countMin, DOS_FILTER, FIREWALL } from "../validate/programs.js";
import { guarantee } from "./guarantee.js";

const card = findProfile("agilio-cx-2x40-lean") as OffloadProfile;
const of = (text: string, device = card) => {
  const object = objectSpec(text);
  return guarantee(object, object.programs[0], device);
};

const loop = (turns: number): number => of(`r1 = 0\nr2 = ${turns}\nagain:\nr1 += 1\nif r1 < r2 goto again\nr0 = 1\nexit`).cycles;

describe("guarantee", () => {
  it.each([["count-min sketch", countMin(4)], ["DoS filter", DOS_FILTER], ["firewall", FIREWALL]] as const)("%s: no packet that ran is slower than the slowest path", async (_, program) => {
    const object = objectOf(program);
    const { cycles, memoryCycles } = guarantee(object, object.programs[0], card);
    const { device } = await measure(program, card);
    expect(device.cyclesPerPacket.max).toBeLessThanOrEqual(cycles);
    expect(cycles / device.cyclesPerPacket.max).toBeLessThan(1.15);
    expect(1e3 * (device.limits.memory ?? Infinity)).toBeGreaterThanOrEqual(memoryCycles === 0 ? 0 : (card.clockHz / memoryCycles / 1e6) * 1e3 * 0.98);
  });
  it("is the published slowest path of the count-min sketch, where its length is the same: 820 cycles with 4 rows", () => {
    const object = objectOf(countMin(4));
    const found = guarantee(object, object.programs[0], card);
    expect(Math.abs(found.cycles / 820 - 1)).toBeLessThan(0.03);
    expect(found.memoryCycles).toBeCloseTo(12.8793, 2);
    expect(found.bound).toBe("cores");
  });
  it("bounds every way through a filter, and tells its lines", async () => {
    const ports = [53, 80, 123, 4000, 9];
    const { device } = await runOffload({ object: objectSpec(PORT_FILTER), entry: "prog", device: card, open: () => Promise.resolve(readerOf(ports.map((port, i) => ({ bytes: udp(i, port) })))) });
    const found = of(PORT_FILTER);
    expect(device.cyclesPerPacket.max).toBeLessThanOrEqual(found.cycles);
    expect(found.lines.map(({ line }) => line)).toEqual([10, 12]);
    const onLines = found.lines.reduce((sum, { cycles }) => sum + cycles, 0);
    expect(found.cycles - onLines).toBeCloseTo(card.firmwareCycles + 2, 6);
  });
  it("takes the slower branch, and leaves out one that is never taken", () => {
    const fast = of("r0 = 1\nexit");
    const both = of("r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\nr2 += 40\nif r2 > r3 goto slow\nr0 = 1\nexit\nslow:\nr0 = 7\nr0 *= r0\nr0 *= r0\nexit");
    expect(both.cycles).toBeGreaterThan(fast.cycles + 14);
    const never = of("r2 = 5\nif r2 == 9 goto slow\nr0 = 1\nexit\nslow:\nr0 = 7\nr0 *= r0\nr0 *= r0\nr0 *= r0\nr0 *= r0\nexit");
    expect(never.cycles).toBe(fast.cycles + of("r2 = 5\nif r2 == 9 goto out\nr0 = 1\nout:\nexit").cycles - fast.cycles);
  });
  it("counts a bounded loop as often as it turns", () => {
    const turn = loop(6) - loop(5);
    expect(turn).toBeGreaterThan(3);
    expect(loop(50) - loop(6)).toBe(44 * turn);
  });
  it("gives none where nothing bounds a loop, and says where", () => {
    expect(() => of("again:\nr1 = 0\nif r1 == 0 goto again\nr0 = 1\nexit")).toThrow(/prog\.bpf\.c:10 \(instruction \d\): the program loops here/);
  });
  it("follows calls, and rows of a VLIW core", () => {
    const hxdp = findProfile("hxdp-fpga") as OffloadProfile;
    expect(of("r0 = 1\nexit", hxdp).cycles).toBe(3);
    expect(of("r0 = 1\nexit", overrideProfile(card, { cores: 10 }) as OffloadProfile).mpps).toBeCloseTo(8000 / (224 + of("r0 = 1\nexit").cycles - 224), 6);
  });
});
