import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CAPTURE, PROGRAM, ROOT, beeline } from "./beeline.js";

const UNCHECKED = join(ROOT, "xdp/object/testing/unchecked.bpf.o");
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "beeline-verify-"));
  writeFileSync(join(folder, "text.o"), "not an object");
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("beeline run", () => {
  it("verifies first, and exits 1 with one line for what the kernel would reject", () => {
    const { status, stdout, stderr } = beeline(["run", "--program", UNCHECKED, "--pcap", CAPTURE]);
    expect(stderr).toMatch(/^beeline: the kernel would reject program unchecked: R\d offset is outside of the packet \([^\n]*unchecked\.bpf\.c:9\): [^\n]*\n$/);
    expect(stdout).toBe("");
    expect(status).toBe(1);
  });

  it("runs it all the same with --no-verify, every access checked", () => {
    const { status, stdout } = beeline(["run", "--program", UNCHECKED, "--pcap", CAPTURE, "--no-verify", "--json"]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ packets: 11_971, faults: { count: 0 } });
  });
});

describe("beeline for a card", () => {
  it("verify --for says what the card refuses, in the driver's words", () => {
    const { status, stdout } = beeline(["verify", PROGRAM, "--for", "agilio-cx-2x40"]);
    expect(stdout).toMatch(/refused by the card\n/);
    expect(stdout).toMatch(/map blocklist_v4: map type not supported: /);
    expect(status).toBe(1);
  });

  it("inspect --for shows eBPF, C line and the card's cost side by side", () => {
    const { status, stdout } = beeline(["inspect", UNCHECKED, "--for", "agilio-cx-2x40"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/; return data\[13\] \? XDP_DROP : XDP_PASS; @ .*unchecked\.bpf\.c:9\n +\d+: r\d = \*\(u8 \*\)\(r1 \+13\) +\d+ +\d+\n/);
    expect(stdout).toMatch(/instructions on agilio-cx-2x40 for \d+ of eBPF/);
  });
});

describe("beeline verify", () => {
  it("accepts what the kernel accepts", () => {
    const { status, stdout, stderr } = beeline(["verify", PROGRAM]);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^program\.bpf\.o: xdp_dos_filter \(section xdp\): accepted\n[\d,]+ instructions processed of /);
    expect(status).toBe(0);
  });

  it("says in the kernel's words what it rejects, and where in the source", () => {
    const { status, stdout } = beeline(["verify", UNCHECKED]);
    expect(stdout).toMatch(/rejected\ninvalid access to packet, off=13 size=1, R\d\(id=0,off=13,r=0\)\nR\d offset is outside of the packet\n\nat .*unchecked\.bpf\.c:9:9\n +return data\[13\][^\n]*\n +\^\n/);
    expect(stdout).toMatch(/missing: this needs 14 bytes of the packet/);
    expect(status).toBe(1);
  });

  it("prints a table of many objects, and the worst of their exit codes", () => {
    const { status, stdout } = beeline(["verify", PROGRAM, UNCHECKED, join(folder, "text.o")]);
    expect(stdout).toMatch(/xdp_dos_filter +accepted/);
    expect(stdout).toMatch(/unchecked +rejected/);
    expect(stdout).toMatch(/text\.o - +invalid/);
    expect(stdout).toMatch(/1 of 3 programs accepted/);
    expect(status).toBe(2);
  });

  it("prints JSON with the log that was asked for", () => {
    const { status, stdout } = beeline(["verify", UNCHECKED, "--json", "--log", "1"]);
    expect(status).toBe(1);
    const [verdict] = JSON.parse(stdout) as { accepted: boolean; kind: string; at: { line: number }; log: string[] }[];
    expect(verdict).toMatchObject({ accepted: false, kind: "rejected", at: { line: 9 } });
    expect(verdict.log.join("\n")).toMatch(/R1=ctx\(\) R10=fp0/);
  });
});

