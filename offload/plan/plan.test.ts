import { describe, expect, it } from "vitest";
import { parseRate } from "../../nic/index.js";
import type { CaptureReader } from "../../traffic/index.js";
import { findProfile, overrideProfile } from "../profiles/profiles.js";
import { hash, objectSpec, PORT_FILTER } from "../testing/object.js";
import { readerOf, udp } from "../testing/traffic.js";
import { framesReader } from "../validate/measure.js";
import { planCapacity } from "./plan.js";
import type { PlanOptions, PlanResult } from "./plan.js";

const card = findProfile("agilio-cx-2x40-lean");
const kernel = findProfile("linux-xdp-native-cx5");

/** Packets on two interfaces in turn: dropped and passed on the first, dropped alone on the second. */
function twoPorts(): CaptureReader {
  return framesReader([udp(1, 53), udp(2, 80), udp(3, 53), udp(4, 53)], 2000, 2);
}

/** Looks the source address up, and drops. */
const BY_ADDRESS = "r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\nr4 = r2\nr4 += 34\nif r4 > r3 goto out\nr3 = *(u32 *)(r2 + 26)\n*(u32 *)(r10 - 4) = r3\nr2 = r10\nr2 += -4\nr1 = map[seen]\ncall bpf_map_lookup_elem\nif r0 == 0 goto out\nr0 = 2\nexit\nout:\nr0 = 1\nexit";

/** Four flows in turn: dropped, passed, sent back, aborted. */
const packets = Array.from({ length: 2000 }, (_, i) => ({ bytes: udp(i * 7, [53, 80, 123, 4000][i % 4], 60 + ((i * 13) % 200)) }));
const drops = Array.from({ length: 2000 }, (_, i) => ({ bytes: udp(i * 7, 53) }));

/** p99 of even, random or bursty arrivals at 10 Mpps. */
async function p99(pattern?: PlanOptions["pattern"]): Promise<number> {
  const { smallest } = await plan({ target: parseRate("10Mpps"), ...(pattern === undefined ? {} : { pattern }) });
  return smallest?.trial.latencyNs.p99 ?? 0;
}

function plan(options: Partial<PlanOptions> = {}, traffic = packets, text = PORT_FILTER): Promise<PlanResult> {
  return planCapacity({ object: objectSpec(text), entry: "prog", device: card, others: [], trialPackets: 20_000, open: () => Promise.resolve(readerOf(traffic)), ...options });
}

describe("plan", () => {
  it("the highest rate loses nothing, and a little more does", async () => {
    const few = overrideProfile(card, { cores: 10 });
    const { highest } = await plan({ device: few });
    expect(highest.bound).toBe("cores");
    expect(highest.trial.loss).toBe(0);
    expect(Math.abs(highest.mpps / (highest.limits.cores ?? 0) - 1)).toBeLessThan(0.01);
    const beyond = await plan({ device: few, target: parseRate(`${highest.mpps * 1.05}Mpps`) });
    expect(beyond.smallest?.why).toMatch(/lost \(|cores allow/);
    expect(beyond.smallest?.configuration).toBeUndefined();
  });

  it("the smallest configuration meets the target, and one core less does not", async () => {
    const target = parseRate("20Mpps");
    const { smallest, demand } = await plan({ target, p99Ns: 50_000 }, drops);
    const found = smallest?.configuration;
    expect(found).toBeDefined();
    expect(demand?.mpps).toBe(20);
    expect(smallest?.trial).toMatchObject({ loss: 0 });
    expect(smallest?.trial.latencyNs.p99).toBeLessThanOrEqual(50_000);
    const cores = found?.cores ?? 0;
    const least = await plan({ target, device: overrideProfile(card, { cores }) }, drops);
    expect(least.smallest?.why).toBeUndefined();
    const less = await plan({ target, device: overrideProfile(card, { cores: cores - 1 }) }, drops);
    expect(less.smallest?.why).toBeDefined();
    // Nothing is passed: one queue does; 20 million small frames fit one port of 40 Gb/s.
    expect(found).toMatchObject({ queues: 1, ports: 1 });
  });

  it("counts bits on the wire, and says what cannot be met", async () => {
    const reached = await plan({ target: parseRate("30Gbps") }, drops);
    expect(reached.demand?.mpps).toBeCloseTo(30e3 / 672, 3);
    expect((await plan({ target: parseRate("100Gbps") })).smallest?.why).toMatch(/ports of 40 Gb\/s bring/);
    expect((await plan({ target: parseRate("10Mpps"), p99Ns: 200 })).smallest?.why).toMatch(/latency p99/);
    await expect(plan({ target: parseRate("line") })).rejects.toThrow("a target is a rate");
    await expect(plan({}, [])).rejects.toThrow("nothing to plan from");
  });

  it("packets that come at random or in bursts take longer", async () => {
    expect(await p99({ kind: "bursts", packets: 64 })).toBeGreaterThan(await p99());
  });

  it("a card saves the processors that the kernel path would need, but for what is passed", async () => {
    const { savings, savingsAtMpps, candidates } = await plan({ target: parseRate("20Mpps"), others: [findProfile("agilio-lx"), findProfile("hxdp-fpga")] });
    const raw = savings.find(({ path }) => path === "iptables raw PREROUTING drop");
    expect(savingsAtMpps).toBe(20);
    expect(raw?.cores).toBeCloseTo(20 / 5.05, 6);
    expect(raw?.saved).toBeCloseTo(20 / 5.05 - 20e6 * 0.25 * 178.2e-9, 6);
    expect(candidates.map(({ profile }) => profile)).toContain("agilio-lx");
    // Its one core takes 7 to 9 rows of 6.4 ns a packet.
    const fpga = candidates.find(({ profile }) => profile === "hxdp-fpga");
    expect(fpga?.bound).toBe("cores");
    expect(fpga?.mpps).toBeGreaterThan(156.25 / 10);
    expect(fpga?.mpps).toBeLessThan(156.25 / 6);
  });

  it("shifts with packet size", async () => {
    const { bySize } = await plan();
    expect(bySize[0].mpps).toBeGreaterThan(bySize[5].mpps);
    expect(bySize[5]).toMatchObject({ bytes: 1518, bound: "line" });
    expect(bySize.every((row, i) => i === 0 || row.mpps <= bySize[i - 1].mpps * 1.001)).toBe(true);
  });

  it("shifts with the share of attack: by what is dropped, or by the label", async () => {
    const few = { device: overrideProfile(card, { cores: 4 }) };
    const { byAttackShare: dropped } = await plan(few);
    expect(dropped).toMatchObject({ by: "verdict", stopped: 1, hurt: 0 });
    expect(dropped?.share).toBeCloseTo(0.5, 6);
    expect(dropped?.rows.map(({ share }) => share)).toEqual([0, 0.25, 0.5, 0.75, 0.9, 1]);
    // The mix as it is is one of the rows: the rate there is that of the traffic itself.
    const { highest } = await plan(few);
    expect(dropped?.rows[2].mpps ?? 0).toBeCloseTo(highest.mpps, 1);
    const { byAttackShare: shift } = await plan({ ...few, open: () => Promise.resolve(twoPorts()), portOf: () => 0, labelOf: ({ name }) => (name === "port1" ? "attack" : "legitimate") });
    expect(shift).toMatchObject({ by: "label", attack: "attack", share: 0.5, stopped: 0.5, hurt: 1 });
    await expect(plan({ ...few, attack: "storm" })).rejects.toThrow("no packet is labelled 'storm'");
  });

  it("shifts with full maps where the program has hash tables, and says how far unpublished figures reach", async () => {
    const { byFill, ranges } = await plan({ object: objectSpec(BY_ADDRESS, [hash("seen", 4, 8, 1_000_000)]), device: overrideProfile(card, { cores: 10 }) });
    expect(byFill.map(({ fill }) => fill)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(byFill.every((row, i) => i === 0 || row.mpps <= byFill[i - 1].mpps)).toBe(true);
    expect(byFill[4].mpps).toBeLessThan(byFill[0].mpps);
    expect(ranges.some(({ of, low, high }) => of.startsWith("hash lookups") && low < high)).toBe(true);
    const onHost = await plan({ object: objectSpec(BY_ADDRESS, [hash("seen", 4, 8, 1_000_000)]), device: kernel });
    expect(onHost.byFill[4].mpps).toBeLessThan(onHost.byFill[0].mpps * 0.8);
    expect((await plan()).byFill).toEqual([]);
  });

  it("gives each candidate the least of itself that does", async () => {
    const { candidates } = await plan({ target: parseRate("8Mpps"), others: [findProfile("agilio-lx"), kernel, findProfile("linux-xdp-generic")] });
    for (const { meets, configuration, why } of candidates) expect(meets === true ? configuration !== undefined : why !== undefined).toBe(true);
    const [lx, native] = candidates;
    expect(lx.configuration?.cores).toBeLessThan(120);
    expect(native.configuration?.cores).toBeLessThan(6);
  });

  it("plans for a kernel path too, and gives the same for the same", async () => {
    const options = { device: kernel, target: parseRate("10Mpps") };
    const first = await plan(options);
    expect(first.smallest?.configuration?.cores).toBeGreaterThanOrEqual(1);
    expect(await plan(options)).toEqual(first);
  });
});
