/** Bad input: each gives one clear line on stderr, exit code 2, and no output file. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CAPTURE, PROGRAM, ROOT, beeline } from "./beeline.js";

const SEVERAL = join(ROOT, "xdp/object/testing/several.bpf.o");
let folder = "";
const file = (name: string): string => join(folder, name);

/** A pcap header, little-endian, and one packet record that claims `captured` bytes. */
function pcap(captured: number, body: Uint8Array): Uint8Array {
  const header = Buffer.alloc(40);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(1, 20);
  header.writeUInt32LE(captured, 32);
  header.writeUInt32LE(captured, 36);
  return Buffer.concat([header, body]);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "beeline-bad-"));
  writeFileSync(file("empty.pcap"), "");
  writeFileSync(file("text.pcap"), "these are not packets, and more text follows\n");
  writeFileSync(file("forged.pcap"), pcap(0x8000_0000, Buffer.alloc(64)));
  writeFileSync(file("magic.pcap"), Buffer.from(`deadbeef${"00".repeat(60)}`, "hex"));
  writeFileSync(file("good.pcap"), pcap(60, Buffer.alloc(60)));
  writeFileSync(file("text.o"), "not an object");
  writeFileSync(file("unknown-map.json"), '{"blocklist_v5":[]}');
  writeFileSync(file("key-size.json"), '{"blocklist_v4":[{"key":["0x01"],"value":["0x00","0x00","0x00","0x00"]}]}');
  writeFileSync(file("broken.json"), '{"blocklist_v4":[');
  mkdirSync(file("wrong-type"));
  writeFileSync(join(file("wrong-type"), "scenario.yaml"), `program: ${PROGRAM}\ncaptures: [${CAPTURE}]\nqueues: many\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]): string[] => ["run", "--program", PROGRAM, ...args];

const CASES: readonly (readonly [what: string, args: () => string[], message: RegExp])[] = [
  ["an empty capture", () => run("--pcap", file("empty.pcap")), /empty\.pcap: .*empty/],
  ["text for a capture", () => run("--pcap", file("text.pcap")), /text\.pcap: /],
  ["a forged length of 2 GiB", () => run("--pcap", file("forged.pcap")), /forged\.pcap: .*2147483648.*packet 1/],
  ["an unknown magic", () => run("--pcap", file("magic.pcap")), /magic\.pcap: .*(deadbeef|de ad be ef)/i],
  ["a capture that is not there", () => run("--pcap", file("nowhere.pcap")), /nowhere\.pcap: /],
  ["a folder for a capture", () => run("--pcap", folder), /directory/],
  ["an object that is none", () => ["run", "--program", file("text.o"), "--pcap", file("good.pcap")], /text\.o: .*ELF/],
  ["an object that is not there", () => ["run", "--program", file("nowhere.o"), "--pcap", file("good.pcap")], /nowhere\.o: cannot read the program's object file: there is no such file/],
  ["two programs and no --entry", () => ["run", "--program", SEVERAL, "--pcap", file("good.pcap")], /several\.bpf\.o: it has \d+ XDP programs, choose one with --entry: /],
  ["an --entry that is not there", () => run("--pcap", file("good.pcap"), "--entry", "nothing"), /no program nothing; it has xdp_dos_filter/],
  ["an unknown map in seeds", () => run("--pcap", file("good.pcap"), "--maps", file("unknown-map.json")), /unknown-map\.json: there is no map blocklist_v5; the object has blocklist_v4, /],
  ["a wrong key size in seeds", () => run("--pcap", file("good.pcap"), "--maps", file("key-size.json")), /key-size\.json: map blocklist_v4, entry 0: key has 1 bytes, expected 8/],
  ["broken JSON for seeds", () => run("--pcap", file("good.pcap"), "--maps", file("broken.json")), /broken\.json: /],
  ["a wrong type in a scenario", () => ["run", file("wrong-type")], /wrong-type\/scenario\.yaml:3: 'queues': expected .*number/],
  ["a scenario that is not there", () => ["run", file("nowhere.yaml")], /nowhere\.yaml: cannot read the scenario/],
  ["neither scenario nor program", () => ["run"], /name a scenario, or a program with --program/],
  ["a program without traffic", () => run(), /--pcap FILE/],
  ["an unknown profile", () => run("--pcap", file("good.pcap"), "--nic", "nope"), /no profile 'nope': use one of agilio-cx-2x40, /],
  ["an unknown profile key", () => run("--pcap", file("good.pcap"), "--set", "corse=3"), /has no 'corse': its keys are /],
  ["a wrong profile value", () => run("--pcap", file("good.pcap"), "--set", "cores=many"), /cores=many: expected a number/],
  ["an unknown global variable", () => run("--pcap", file("good.pcap"), "--set-global", "rate=1"), /rate/],
  ["a value that a global variable cannot hold", () => run("--pcap", file("good.pcap"), "--set-global", "burst=many"), /burst/],
  ["a global variable without value", () => run("--pcap", file("good.pcap"), "--set-global", "burst"), /--set-global takes NAME=VALUE, not 'burst'/],
  ["a BTF file that is none", () => run("--pcap", file("good.pcap"), "--btf", file("text.o")), /text\.o/],
  ["an unknown engine", () => run("--pcap", file("good.pcap"), "--engine", "steam"), /--engine takes wasm, interpreter, kernel, not 'steam'/],
  ["a rate that is none", () => run("--pcap", file("good.pcap"), "--rate", "fast"), /fast/],
  ["no number of queues", () => run("--pcap", file("good.pcap"), "--queues", "0"), /--queues takes a whole number, 1 to 256, not '0'/],
  ["an unknown flag", () => run("--pcap", file("good.pcap"), "--wrong"), /unknown option '--wrong'/],
  ["an unknown verb", () => ["walk"], /unknown command 'walk'/],
  ["an output folder that is not there", () => run("--pcap", file("good.pcap"), "--out", file("no/where.pcapng")), /no\/where\.pcapng: cannot be written.*directory/],
  ["an object that is none, to inspect", () => ["inspect", file("text.o")], /text\.o: .*ELF/],
];

describe("bad input", () => {
  it.each(CASES)("%s: one line, exit code 2", (_what, args, message) => {
    const { status, stdout, stderr } = beeline(args());
    expect(stderr).toMatch(/^beeline: [^\n]*\n$/);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/internal error/);
    expect(stdout).toBe("");
    expect(status).toBe(2);
  });

  it("leaves no half-written output file behind", () => {
    const outputs = mkdtempSync(join(folder, "out-"));
    const args = run("--pcap", file("good.pcap"), "--pcap", file("forged.pcap"), "--packets", join(outputs, "p.jsonl"), "--out", join(outputs, "o.pcapng"), "--dump-maps", join(outputs, "m.json"));
    expect(beeline(args).status).toBe(2);
    expect(readdirSync(outputs)).toEqual([]);
  });

  it("keeps the output file of an earlier run when a later one fails", () => {
    const output = file("kept.jsonl");
    writeFileSync(output, "earlier\n");
    expect(beeline(run("--pcap", file("forged.pcap"), "--packets", output)).status).toBe(2);
    expect(existsSync(output)).toBe(true);
    expect(readdirSync(folder).filter((name) => name.includes(".part"))).toEqual([]);
  });
});
