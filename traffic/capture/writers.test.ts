import * as fc from "fast-check";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, symlinkSync, lstatSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Trace } from "../trace.js";
import { CaptureError } from "./errors.js";
import { openCapture } from "./open.js";
import { PcapWriter } from "./pcap-writer.js";
import { PcapngWriter } from "./pcapng-writer.js";
import { collect } from "./testing/collect.js";
import { temporaryDirectory } from "./testing/temporary.js";

const dir = temporaryDirectory();
const EPOCH = 1_700_000_000_123_456_789n;
const has = (tool: string): boolean => spawnSync(tool, ["--version"]).status === 0;
const tshark = has("tshark");

async function read(file: string) {
  const reader = await openCapture(file);
  const got = { ...(await collect(reader, 1 << 20)), interfaces: reader.interfaces, warnings: reader.warnings };
  reader.close();
  return got;
}

const packets = fc.array(
  fc.record({
    data: fc.uint8Array({ maxLength: 300 }),
    time: fc.integer({ min: -1_000_000_000_000, max: 2 ** 52 }),
    extra: fc.nat(2000),
    comment: fc.option(fc.string({ maxLength: 20 }), { nil: undefined }),
    queue: fc.option(fc.nat(64), { nil: undefined }),
    hash: fc.option(fc.nat(0xffff_ffff), { nil: undefined }),
    verdict: fc.option(fc.nat(0xffff_ffff), { nil: undefined }),
    packetId: fc.option(fc.maxSafeNat(), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 20 },
);

describe("writers", () => {
  it("give pcaps that read back the same", async () => {
    const shape = fc.record({ littleEndian: fc.boolean(), nanoseconds: fc.boolean(), snaplen: fc.integer({ min: 1, max: 400 }) });
    await fc.assert(
      fc.asyncProperty(packets, shape, async (list, options) => {
        const file = join(dir.path, "w.pcap");
        const writer = new PcapWriter(file, { ...options, epochNs: EPOCH });
        for (const { data, time, extra } of list) writer.write(data, time, data.length + extra);
        writer.close();
        const got = await read(file);
        const unit = options.nanoseconds ? 1n : 1000n;
        expect(got.packets.map((p) => p.hex)).toEqual(list.map((p) => Buffer.from(p.data.subarray(0, options.snaplen)).toString("hex")));
        expect(got.packets.map((p) => p.original)).toEqual(list.map((p) => p.data.length + p.extra));
        expect(got.packets.map((p) => got.epochNs + BigInt(p.time))).toEqual(
          list.map((p) => ((EPOCH + BigInt(p.time)) / unit) * unit),
        );
      }),
      { numRuns: 100 },
    );
  });

  it("give pcapngs that read back the same", async () => {
    await fc.assert(
      fc.asyncProperty(packets, async (list) => {
        const file = join(dir.path, "w.pcapng");
        const writer = new PcapngWriter(file, { epochNs: EPOCH, comment: "all" });
        writer.addInterface({ name: "a" });
        writer.addInterface({ name: "b", description: "two", speed: 25e9, snaplen: 100 });
        list.forEach((p, i) => writer.write(p.data, p.time, { ...p, iface: i & 1, originalLength: p.data.length + p.extra }));
        writer.close();
        const got = await read(file);
        expect(got.packets).toEqual(
          list.map((p, i) => ({
            hex: Buffer.from(p.data.subarray(0, (i & 1) === 0 ? undefined : 100)).toString("hex"),
            time: p.time - list[0].time,
            original: p.data.length + p.extra,
            iface: i & 1,
          })),
        );
        expect(got.epochNs).toBe(EPOCH + BigInt(list[0].time));
        expect(got.interfaces.map((i) => [i.name, i.snaplen, i.ticksPerSecond])).toEqual([["a", 0, 1e9], ["b", 100, 1e9]]);
      }),
      { numRuns: 100 },
    );
  });

  it("write a whole trace", async () => {
    const trace = Trace.allocate(1 << 12, 8);
    trace.epochNs = EPOCH;
    for (let i = 0; i < 8; i++) trace.push(new Uint8Array(60).fill(i), i * 1000, 90);
    const file = join(dir.path, "trace.pcap");
    const writer = new PcapWriter(file);
    writer.writeTrace(trace);
    writer.close();
    const got = await read(file);
    expect([got.packets.length, got.epochNs, got.packets[7].time, got.packets[7].original]).toEqual([8, EPOCH, 7000, 90]);
  });

  it("leave no half-written file", async () => {
    const file = dir.put("old.pcap", Buffer.from("old"));
    const aborted = new PcapWriter(file);
    aborted.write(new Uint8Array(3 << 18).subarray(0, 1000), 0);
    aborted.abort();
    expect(readFileSync(file, "utf8")).toBe("old");
    const link = join(dir.path, "link.pcap");
    symlinkSync(file, link);
    const writer = new PcapWriter(link);
    for (let i = 0; i < 30; i++) writer.write(new Uint8Array(100_000), i);
    expect(readFileSync(file, "utf8")).toBe("old");
    writer.close();
    writer.abort();
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect((await read(file)).packets.length).toBe(30);
    expect(readdirSync(dir.path).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  it("write to a device directly", () => {
    const writer = new PcapngWriter("/dev/null");
    writer.addInterface();
    writer.write(new Uint8Array(60), 0);
    writer.close();
    expect(existsSync("/dev/null")).toBe(true);
  });

  it("refuse places, times and interfaces that are not there", () => {
    expect(() => new PcapWriter(join(dir.path, "none", "x.pcap"))).toThrow(/the directory does not exist/);
    expect(() => new PcapWriter(dir.path)).toThrow(CaptureError);
    const writer = new PcapWriter(join(dir.path, "t.pcap"));
    expect(() => writer.write(new Uint8Array(1), -1)).toThrow(/packet 1.*epoch/);
    expect(() => writer.write(new Uint8Array(1), 2 ** 32 * 1e9)).toThrow(CaptureError);
    expect(() => writer.write(new Uint8Array(1), NaN)).toThrow(CaptureError);
    writer.abort();
    const ng = new PcapngWriter(join(dir.path, "t.pcapng"));
    expect(() => ng.write(new Uint8Array(1), 0)).toThrow(/addInterface/);
    ng.abort();
    expect(() => ng.addInterface()).not.toThrow();
  });

  it.skipIf(!tshark)("are understood by tshark, with verdict, queue and packet number", () => {
    const file = join(dir.path, "notes.pcapng");
    const writer = new PcapngWriter(file, { epochNs: EPOCH, comment: "the whole" });
    writer.addInterface({ name: "port0", description: "first port", speed: 25e9 });
    writer.addInterface({ name: "port1" });
    const frame = Buffer.from("02000000000102000000000288b5" + "00".repeat(46), "hex");
    writer.write(frame, 0, { verdict: 1, queue: 5, packetId: 2 ** 40 + 7, hash: 0x51ccc178, comment: "dropped" });
    writer.write(frame, 1_000_000_001, { iface: 1, verdict: 4, originalLength: 1500 });
    writer.close();
    const fields = ["frame.time_epoch", "frame.len", "frame.cap_len", "frame.interface_name", "frame.verdict.ebpf_xdp"];
    fields.push("frame.interface_queue", "frame.packet_id", "frame.comment");
    const lines = tsharkFields(file, fields);
    expect(lines).toEqual([
      ["1700000000.123456789", "60", "60", "port0", "1", "5", String(2 ** 40 + 7), "dropped"],
      ["1700000001.123456790", "1500", "60", "port1", "4", "", "", ""],
    ]);
    expect(hashBytes(readFileSync(file))).toBe("0551ccc178");
  });

  it.skipIf(!tshark)("are understood by tshark as pcap", () => {
    for (const littleEndian of [true, false]) {
      for (const nanoseconds of [true, false]) {
        const file = join(dir.path, "plain.pcap");
        const writer = new PcapWriter(file, { littleEndian, nanoseconds, epochNs: EPOCH });
        writer.write(new Uint8Array(60), 1, 1500);
        writer.close();
        const time = nanoseconds ? "1700000000.123456790" : "1700000000.123456000";
        expect(tsharkFields(file, ["frame.time_epoch", "frame.len", "frame.cap_len"])).toEqual([[time, "1500", "60"]]);
      }
    }
  });

  it.skipIf(!has("editcap"))("and editcap agree on other formats of the same capture", async () => {
    const file = join(dir.path, "source.pcapng");
    const writer = new PcapngWriter(file, { epochNs: EPOCH });
    writer.addInterface({ name: "port0" });
    for (let i = 0; i < 50; i++) writer.write(new Uint8Array(60 + i).fill(i), i * 1_000_003, { queue: i });
    writer.close();
    const ours = await read(file);
    for (const format of ["pcap", "nsecpcap", "pcapng", "modpcap"]) {
      const other = join(dir.path, `other.${format}`);
      execFileSync("editcap", ["-F", format, file, other], { stdio: "ignore" });
      const got = await read(other);
      expect(got.packets.map((p) => p.hex)).toEqual(ours.packets.map((p) => p.hex));
      const coarse = format === "pcap" || format === "modpcap" ? 1000 : 1;
      got.packets.forEach((p, i) => expect(Math.abs(p.time - ours.packets[i].time)).toBeLessThan(coarse));
    }
  });
});

function tsharkFields(file: string, fields: readonly string[]): string[][] {
  const args = ["-r", file, "-T", "fields", ...fields.flatMap((field) => ["-e", field])];
  const text = execFileSync("tshark", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return text.replace(/\n$/, "").split("\n").map((line) => line.split("\t"));
}

/** The value of the first epb_hash option (code 3, length 5). */
function hashBytes(bytes: Buffer): string {
  const at = bytes.indexOf(Buffer.from([3, 0, 5, 0]));
  return bytes.subarray(at + 4, at + 9).toString("hex");
}
