import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it, vi } from "vitest";
import { planVerb } from "./plan.js";
import { profilesVerb } from "./profiles.js";
import { sweepVerb } from "./sweep.js";

const SCENARIO = resolve(dirname(fileURLToPath(import.meta.url)), "../../../scenarios/dos-udp-flood");
const WORKER = resolve(SCENARIO, "../../dist/ui/cli/verbs/sweep-worker.js");
const folder = mkdtempSync(join(tmpdir(), "beeline-sweep-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What `action` prints. */
async function printed(action: () => unknown): Promise<string> {
  let text = "";
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    await action();
  } finally {
    spy.mockRestore();
  }
  return text;
}

describe("sweep", () => {
  const vary = ["cores=5..15..5", "rate=5Mpps,20Mpps"];
  it("runs every point of the grid, and goes on where it was interrupted", async () => {
    const whole = join(folder, "whole.csv");
    await printed(() => sweepVerb(SCENARIO, { vary, out: whole }));
    const text = readFileSync(whole, "utf8");
    expect(text.split("\n").slice(1, -1).map((line) => line.split(",").slice(0, 2))).toEqual([["5", "5Mpps"], ["5", "20Mpps"], ["10", "5Mpps"], ["10", "20Mpps"], ["15", "5Mpps"], ["15", "20Mpps"]]);
    const part = join(folder, "part.csv");
    // Cut off in the middle of a line.
    writeFileSync(part, text.slice(0, text.indexOf("\n10,20Mpps") + 30));
    expect(await printed(() => sweepVerb(SCENARIO, { vary, out: part }))).toContain("6 points in");
    expect(readFileSync(part, "utf8")).toBe(text);
    expect(await printed(() => sweepVerb(SCENARIO, { vary, out: part }))).toContain("6 of them from before");
    await expect(sweepVerb(SCENARIO, { vary: ["cores=5"], out: part })).rejects.toThrow("is of another sweep (its columns differ)");
    await expect(sweepVerb(SCENARIO, { vary, set: ["clockHz=1e9"], out: part })).rejects.toThrow("is of another sweep (its program, traffic or settings differ)");
    const notes = join(folder, "notes.txt");
    writeFileSync(notes, "not ours\nno end of line");
    await expect(sweepVerb(SCENARIO, { vary, out: notes })).rejects.toThrow("is of another sweep");
    expect(readFileSync(notes, "utf8")).toBe("not ours\nno end of line");
    await expect(sweepVerb(SCENARIO, { vary, out: folder })).rejects.toThrow("cannot be read and written");
  });
  it.skipIf(!existsSync(WORKER))("gives the same on a pool of threads", async () => {
    const [one, two] = [join(folder, "one.csv"), join(folder, "two.csv")];
    await printed(() => sweepVerb(SCENARIO, { vary, out: one }));
    await printed(() => sweepVerb(SCENARIO, { vary, out: two, workers: 2 }));
    expect(readFileSync(two, "utf8")).toBe(readFileSync(one, "utf8"));
  });
  it("prints JSON with figures as numbers", async () => {
    const points = JSON.parse(await printed(() => sweepVerb(SCENARIO, { vary: ["nic=agilio-cx-2x40,linux-xdp-native-cx5", "loop=1"], json: true }))) as Record<string, unknown>[];
    expect(points).toMatchObject([{ nic: "agilio-cx-2x40", loop: 1, packets: 11971, admitted: false }, { nic: "linux-xdp-native-cx5", admitted: null }]);
    expect(points[0].mpps).toBeTypeOf("number");
  });
  it.each([
    [[], "say what to vary"], [["cores"], "--vary takes KEY=VALUE"], [["cores="], "--vary takes KEY=VALUE"], [["core=5"], "has no 'core'"], [["cores=5", "cores=6"], "given twice"],
    [["cores=9..5"], "a range counts up"], [["seed=x"], "--vary seed=x: a whole number"], [["nic=cx"], "no profile 'cx'"], [["rate=fast"], "rate 'fast' is not one of"], [["queues=0"], "1 to 256"],
  ])("refuses %j in one line before anything runs", async (bad, message) => {
    await expect(sweepVerb(SCENARIO, { vary: bad })).rejects.toThrow(message);
  });
});

describe("plan", () => {
  it("says what meets a target, as text and as JSON", async () => {
    const flags = { target: "10Mpps", p99: "50us", loss: "0.1%" };
    const text = await printed(() => planVerb(SCENARIO, flags));
    expect(text).toContain("agilio-cx-2x40, modelled:");
    expect(text).toMatch(/Target 10\.0 Mpps, loss 0\.1 %, p99 50\.0 us: agilio-cx-2x40 refuses the program, but would meet it with \d+ ports?, \d+ cores?/);
    const json = JSON.parse(await printed(() => planVerb(SCENARIO, { ...flags, json: true }))) as { demand: unknown; candidates: unknown[] };
    expect(json.demand).toEqual({ mpps: 10, loss: 0.001, p99Ns: 50_000 });
    expect(json.candidates.length).toBeGreaterThan(8);
  });
  it.each([[{ p99: "5", target: "1Mpps" }, "--p99 takes a time"], [{ p99: "5us" }, "--p99 is part of a target"], [{ attack: "storm" }, "no packet is labelled 'storm': labels are legitimate, attack"], [{ loss: "2" }, "--loss takes a share"], [{ arrivals: "burst=0" }, "--arrivals takes"], [{ target: "fast" }, "rate 'fast'"], [{ target: "pcap" }, "a target is a rate"]])("refuses %j in one line", async (flags, message) => {
    await expect(planVerb(SCENARIO, flags)).rejects.toThrow(message);
  });
});

describe("profiles", () => {
  it("lists all, shows one with its sources, and prints the schema", async () => {
    expect(await printed(() => profilesVerb(undefined, {}))).toContain("hxdp-fpga");
    expect(await printed(() => profilesVerb("agilio-cx-2x40", {}))).toMatch(/firmwareCycles +407 +derived: Krude/);
    expect(JSON.parse(await printed(() => profilesVerb("agilio-cx-2x40", { json: true })))).toMatchObject({ cores: 50, sources: { cores: { evidence: "primary" } } });
    expect(JSON.parse(await printed(() => profilesVerb(undefined, { schema: true })))).toHaveProperty("$schema");
  });
});
