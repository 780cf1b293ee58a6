import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it, vi } from "vitest";
import { planVerb } from "./plan.js";
import { runVerb } from "./run.js";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const SCENARIO = join(ROOT, "scenarios/dos-udp-flood");
const BALANCER = join(ROOT, "bench/programs/encapsulate.bpf.o");
const folder = mkdtempSync(join(tmpdir(), "beeline-guarantee-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What `action` prints, and what it returns. */
async function printed(action: () => Promise<number>): Promise<{ text: string; code: number }> {
  let text = "";
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    return { code: await action(), text };
  } finally {
    spy.mockRestore();
  }
}

interface Json {
  readonly provenance: string;
  readonly over: string;
  readonly cycles: number;
  readonly mpps: number;
  readonly lines: readonly { cycles: number; times: number; line: number }[];
  readonly example: { cycles: number; onPath: boolean; packet: string; maps: Record<string, unknown[]> };
  readonly files: { pcap: string; maps: string };
}

describe("plan --guarantee", () => {
  it("prints the rate, the path's lines and a packet that takes it", async () => {
    const { text, code } = await printed(() => planVerb(SCENARIO, { guarantee: true }));
    expect(code).toBe(0);
    expect(text).toMatch(/^agilio-cx-2x40, modelled: [\d.]+ Mpps whatever packets come, bound by \w+/);
    expect(text).toMatch(/slowest path: at most [\d,]+ cycles a packet/);
    expect(text).toMatch(/example packet: takes [\d,]+ cycles of at most [\d,]+, on the slowest path itself/);
    expect(text).toMatch(/cycles .*program\.bpf\.c:\d+ {2}\S/);
  });

  it("writes an example that a run takes just as long for", async () => {
    const example = join(folder, "slow.pcap");
    const { text } = await printed(() => planVerb(undefined, { guarantee: true, program: [BALANCER], example, json: true }));
    const found = JSON.parse(text) as Json;
    expect(found).toMatchObject({ provenance: "modelled", over: "paths", example: { onPath: true }, files: { pcap: example, maps: join(folder, "slow.json") } });
    expect(found.lines.reduce((sum, { cycles }) => sum + cycles, 0)).toBeLessThanOrEqual(found.cycles);
    expect(JSON.parse(readFileSync(found.files.maps, "utf8"))).toEqual(found.example.maps);
    const run = await printed(() => runVerb(undefined, { program: [BALANCER], pcap: [example], maps: found.files.maps, json: true }));
    const { device, packets } = JSON.parse(run.text) as { packets: number; device: { cyclesPerPacket: { max: number } } };
    expect([packets, device.cyclesPerPacket.max]).toEqual([1, found.example.cycles]);
    expect(found.example.cycles).toBeLessThanOrEqual(found.cycles);
  });

  it("refuses what makes no sense in one line", async () => {
    await expect(planVerb(SCENARIO, { example: join(folder, "x.pcap") })).rejects.toThrow("--example writes the packet of --guarantee");
    await expect(planVerb(SCENARIO, { guarantee: true, nic: "linux-xdp-native-cx5" })).rejects.toThrow("is a kernel path");
    expect(existsSync(join(folder, "x.pcap"))).toBe(false);
  });
});
