/** The command line as a user meets it. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCapture, Trace } from "../../traffic/index.js";
import { kernelAvailable } from "../../xdp/index.js";
import { CAPTURE, PROGRAM, ROOT, SCENARIO, beeline } from "./beeline.js";

interface RunJson {
  readonly packets: number;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly host: { readonly provenance: string; readonly engine: string };
  readonly device: { readonly provenance: string; readonly mpps: number };
  readonly baseline: { readonly provenance: string; readonly mpps: number };
  readonly rules: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
}

let folder = "";
const file = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "beeline-e2e-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function runJson(args: readonly string[]): RunJson {
  const { status, stdout, stderr } = beeline(["run", ...args, "--json"]);
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return JSON.parse(stdout) as RunJson;
}

/** All but what was measured on this machine. */
function modelledPart(result: RunJson): object {
  return Object.fromEntries(Object.entries(result).filter(([key]) => key !== "host"));
}

const hasTshark = spawnSync("tshark", ["--version"]).status === 0;

describe("beeline run", () => {
  it("runs the default scenario, whose expectations hold", () => {
    const { status, stdout, stderr } = beeline(["run", SCENARIO]);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    for (const text of ["XDP_DROP", "legitimate", "amplification", "measured", "modelled", "Expectations: all 12 hold."]) expect(stdout).toContain(text);
  });

  it("prints one JSON document that keeps measured and modelled apart", () => {
    const result = runJson([SCENARIO]);
    expect(result.verdicts.XDP_DROP + result.verdicts.XDP_PASS).toBe(result.packets);
    expect(Object.values(result.rules).reduce((sum, hits) => sum + hits, 0)).toBe(result.packets);
    expect([result.host.provenance, result.device.provenance, result.baseline.provenance]).toEqual(["measured", "modelled", "modelled"]);
    expect(result.device.mpps).toBeGreaterThan(0);
  });

  it.skipIf(!kernelAvailable())("runs on the kernel, whose maps are read before they are gone", () => {
    const { status, stdout, stderr } = beeline(["run", SCENARIO, "--engine", "kernel", "--json", "--dump-maps", file("kernel-maps.json")]);
    // The clock is this host's: rate limits, and so what is expected, differ.
    expect([0, 1]).toContain(status);
    expect(stderr).toMatch(/^beeline: warning: engine kernel: time is this host's/);
    const result = JSON.parse(stdout) as RunJson;
    expect(Object.values(result.rules).reduce((sum, hits) => sum + hits, 0)).toBe(result.packets);
    expect(JSON.parse(readFileSync(file("kernel-maps.json"), "utf8"))).toHaveProperty("rule_hits");
  });

  it("gives the same result whatever the engine, and all modelled figures to the bit", () => {
    expect(modelledPart(runJson([SCENARIO, "--engine", "interpreter"]))).toEqual(modelledPart(runJson([SCENARIO])));
  });

  it("exits 1 where an expectation does not hold", () => {
    const scenario = file("scenario.yaml");
    writeFileSync(scenario, `program: ${PROGRAM}\ncaptures: [${CAPTURE}]\nexpect: { verdicts: { XDP_DROP: 0 } }\n`);
    const { status, stdout } = beeline(["run", scenario]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/verdicts\.XDP_DROP: expected 0, found \d+/);
  });

  it("writes packets, capture and maps that agree with each other", async () => {
    const result = runJson([SCENARIO, "--packets", file("p.jsonl"), "--packet-data", "--out", file("o.pcapng"), "--dump-maps", file("m.json")]);
    const lines = readFileSync(file("p.jsonl"), "utf8").trimEnd().split("\n").map((line) => JSON.parse(line) as { i: number; verdict: string; ret: number; queue: number; hash: string; len: number; data: string });
    expect(lines.length).toBe(result.packets);
    expect(lines.filter(({ verdict }) => verdict === "XDP_DROP").length).toBe(result.verdicts.XDP_DROP);
    const reader = await openCapture(file("o.pcapng"));
    const trace = Trace.allocate(8 << 20, 20_000);
    expect(await reader.read(trace)).toBe(true);
    expect(trace.count).toBe(result.packets);
    for (const i of [0, 1, 5000, result.packets - 1]) {
      expect(lines[i].i).toBe(i);
      expect(lines[i].len).toBe(trace.length[i]);
      expect(lines[i].data).toBe(Buffer.from(trace.frame(i)).toString("hex"));
    }
    reader.close();
    const maps = JSON.parse(readFileSync(file("m.json"), "utf8")) as Record<string, { formatted: { values: { value: { packets: number } }[] } }[]>;
    const hits = maps.rule_hits.map(({ formatted }) => formatted.values.reduce((sum, { value }) => sum + value.packets, 0));
    expect(hits).toEqual(Object.values(result.rules));
  });

  it.skipIf(!hasTshark)("writes a capture in which tshark shows verdict and queue", () => {
    runJson([SCENARIO, "--out", file("t.pcapng")]);
    const fields = execFileSync("tshark", ["-r", file("t.pcapng"), "-c", "2000", "-T", "fields", "-e", "frame.verdict.ebpf_xdp", "-e", "frame.interface_queue"], { encoding: "utf8" }).trimEnd().split("\n");
    const verdicts = new Set(fields.map((line) => line.split("\t")[0]));
    expect([...verdicts].toSorted()).toEqual(["1", "2"]);
    expect(new Set(fields.map((line) => line.split("\t")[1])).size).toBe(8);
  });

  it("loads what it dumped", () => {
    runJson([SCENARIO, "--dump-maps", file("first.json")]);
    runJson(["--program", PROGRAM, "--pcap", CAPTURE, "--queues", "8", "--maps", file("first.json"), "--loop", "1"]);
  });

  it("runs several programs as a chain", () => {
    const { packets, verdicts } = runJson(["--program", PROGRAM, "--program", PROGRAM, "--pcap", CAPTURE]);
    // Each has maps of its own, so that the second drops only what the first would have dropped, too.
    expect(verdicts).toEqual(runJson(["--program", PROGRAM, "--pcap", CAPTURE]).verdicts);
    expect(packets).toBe(11_971);
  });

  it("writes what a program sends through a ring buffer", () => {
    const { packets, verdicts } = runJson(["--program", join(ROOT, "bench/programs/events.bpf.o"), "--pcap", CAPTURE, "--events", file("e.jsonl")]);
    const events = readFileSync(file("e.jsonl"), "utf8").trimEnd().split("\n").map((line) => JSON.parse(line) as { map: string; data: string });
    expect(events.length).toBeGreaterThan(0);
    expect(events.length).toBeLessThanOrEqual(packets);
    expect(new Set(events.map(({ map }) => map)).size).toBe(1);
    for (const { data } of events.slice(0, 10)) expect(data).toMatch(/^([0-9a-f]{2})+$/);
    expect(Object.values(verdicts).reduce((sum, count) => sum + count, 0)).toBe(packets);
  });

  it("sets global variables by name", () => {
    const { status, stdout } = beeline(["run", SCENARIO, "--set-global", "drop_fragments=0", "--set-global", "rate_pps=1000000", "--json"]);
    // What the scenario expects is true of its own settings.
    expect(status).toBe(1);
    const { rules } = JSON.parse(stdout) as RunJson;
    expect(rules["UDP fragment"]).toBe(0);
    expect(rules["rate limit"]).toBe(0);
  });

  it("reads a capture from standard input", () => {
    const { status, stdout } = beeline(["run", "--program", PROGRAM, "--pcap", "-", "--json"], gunzipSync(readFileSync(CAPTURE)));
    expect(status).toBe(0);
    expect((JSON.parse(stdout) as RunJson).packets).toBe(11_971);
  });

  it("runs the whole packets of a capture that was cut off, with one warning that says where", () => {
    writeFileSync(file("cut.pcapng"), gunzipSync(readFileSync(CAPTURE)).subarray(0, 100_001));
    const { status, stdout, stderr } = beeline(["run", "--program", PROGRAM, "--pcap", file("cut.pcapng"), "--json"]);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^beeline: warning: [^\n]*cut\.pcapng[^\n]*\n$/);
    expect((JSON.parse(stdout) as RunJson).packets).toBeGreaterThan(500);
  });

  it("runs queues in parallel with the same counts where rules do not depend on order", () => {
    const args = ["--program", PROGRAM, "--pcap", CAPTURE, "--queues", "8", "--maps", join(SCENARIO, "maps.json"), "--set", "ringSize=4096"];
    const { status, stdout, stderr } = beeline(["run", ...args, "--parallel", "--workers", "2", "--json"]);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^beeline: warning: --parallel: the order[^\n]*\n$/);
    const { verdicts } = JSON.parse(stdout) as RunJson;
    expect(Object.values(verdicts).reduce((sum, packets) => sum + packets, 0)).toBe(11_971);
  });
});

describe("beeline inspect", () => {
  it("shows programs, maps and instructions with their source lines", () => {
    const { status, stdout } = beeline(["inspect", PROGRAM, "--disasm"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/xdp_dos_filter.*map_lookup_elem map_update_elem ktime_get_ns/);
    expect(stdout).toMatch(/blocklist_v4 +lpm_trie/);
    expect(stdout).toMatch(/; if \(network > end\) @ .*program\.bpf\.c:\d+/);
    expect(stdout).toMatch(/\(85\) call bpf_map_lookup_elem#1/);
  });

  it("prints the WebAssembly that a program becomes", () => {
    const { status, stdout } = beeline(["inspect", PROGRAM, "--wat"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/\(module\n[^]*\(import "env" "memory"[^]*\(export "run_batch"/);
  });

  it("prints it as JSON", () => {
    const { stdout } = beeline(["inspect", PROGRAM, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ programs: [{ name: "xdp_dos_filter", helpers: expect.arrayContaining(["bpf_map_lookup_elem"]) }] });
  });
});
