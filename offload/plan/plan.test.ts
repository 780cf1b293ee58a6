import { describe, expect, it } from "vitest";
import { parseRate } from "../../nic/index.js";
import { findProfile, overrideProfile } from "../profiles/profiles.js";
import { objectSpec, PORT_FILTER } from "../testing/object.js";
import { readerOf, udp } from "../testing/traffic.js";
import { planCapacity } from "./plan.js";
import type { PlanOptions, PlanResult } from "./plan.js";

const card = findProfile("agilio-cx-2x40-lean");
const kernel = findProfile("linux-xdp-native-cx5");

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

  it("shifts with packet size and with what is dropped", async () => {
    const { bySize, byDropShare } = await plan();
    expect(bySize[0].mpps).toBeGreaterThan(bySize[5].mpps);
    expect(bySize[5]).toMatchObject({ bytes: 1518, bound: "line" });
    expect(bySize.every((row, i) => i === 0 || row.mpps <= bySize[i - 1].mpps)).toBe(true);
    expect(byDropShare.map(({ share }) => share)).toEqual([0, 0.25, 0.5, 0.75, 0.9, 1]);
  });

  it("plans for a kernel path too, and gives the same for the same", async () => {
    const options = { device: kernel, target: parseRate("10Mpps") };
    const first = await plan(options);
    expect(first.smallest?.configuration?.cores).toBeGreaterThanOrEqual(1);
    expect(await plan(options)).toEqual(first);
  });
});
