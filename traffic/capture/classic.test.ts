import * as fc from "fast-check";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { openCapture } from "./open.js";
import { classic, KUZNETZOV, MICRO, NANO } from "./testing/capture-bytes.js";
import type { ClassicSpec } from "./testing/capture-bytes.js";
import { collect } from "./testing/collect.js";
import { temporaryDirectory } from "./testing/temporary.js";

const dir = temporaryDirectory();
const frame = (length: number, fill = 0xab): Uint8Array => new Uint8Array(length).fill(fill);

async function read(bytes: Uint8Array, frameBytes?: number, packets?: number) {
  const reader = await openCapture(dir.put("c.pcap", bytes));
  try {
    return { ...(await collect(reader, frameBytes, packets)), warnings: reader.warnings, interfaces: reader.interfaces };
  } finally {
    reader.close();
  }
}

describe("classic pcap", () => {
  for (const littleEndian of [true, false]) {
    for (const [magic, tickNs] of [[MICRO, 1000], [NANO, 1]] as const) {
      it(`reads magic ${magic.toString(16)}, ${littleEndian ? "little" : "big"}-endian`, async () => {
        const packets = [
          { seconds: 1_700_000_000, fraction: 999_999, data: frame(60) },
          { seconds: 1_700_000_001, fraction: 1, data: frame(61), original: 1500 },
          { seconds: 1_699_999_999, fraction: 0, data: frame(0) },
        ];
        const got = await read(classic({ littleEndian, magic, packets }));
        expect(got.epochNs).toBe(1_700_000_000_000_000_000n + 999_999n * BigInt(tickNs));
        expect(got.packets.map((p) => p.time)).toEqual([
          0,
          1e9 + (1 - 999_999) * tickNs,
          -1e9 - 999_999 * tickNs,
        ]);
        expect(got.packets.map((p) => [p.hex.length / 2, p.original])).toEqual([[60, 60], [61, 1500], [0, 0]]);
        expect(got.warnings).toEqual([]);
        expect(got.interfaces[0].ticksPerSecond).toBe(1e9 / tickNs);
      });
    }
  }

  it("keeps nanoseconds over months", async () => {
    const packets = [
      { seconds: 1_700_000_000, fraction: 1, data: frame(60) },
      { seconds: 1_700_000_000 + 8_000_000, fraction: 999_999_999, data: frame(60) },
    ];
    const got = await read(classic({ magic: NANO, packets }));
    expect(got.packets[1].time).toBe(8_000_000_999_999_998);
  });

  it("reads Kuznetzov's variant with its longer record headers", async () => {
    const spec: ClassicSpec = { magic: KUZNETZOV, recordHeader: 24, packets: [{ data: frame(60, 1) }, { data: frame(64, 2) }] };
    const got = await read(classic(spec));
    expect(got.packets.map((p) => p.hex)).toEqual(["01".repeat(60), "02".repeat(64)]);
    const stream = await openCapture(Readable.from([classic(spec)]));
    expect((await collect(stream)).packets).toEqual(got.packets);
  });

  it("reads the swapped lengths of old versions", async () => {
    const data = frame(60);
    expect((await read(classic({ minor: 2, packets: [{ data, captured: 1500, original: 60 }] }))).packets[0].original).toBe(1500);
    for (const [captured, original] of [[1500, 60], [60, 1500]]) {
      const got = await read(classic({ minor: 3, packets: [{ data, captured, original }] }));
      expect(got.packets.map((p) => [p.hex.length / 2, p.original])).toEqual([[60, 1500]]);
    }
  });

  it("takes the frame check sequence off where it was captured", async () => {
    const fcs4 = 0x2400_0001;
    const packets = [
      { data: frame(64) },
      { data: frame(62), original: 64 },
      { data: frame(40), original: 64 },
      { data: frame(2), original: 2 },
    ];
    const got = await read(classic({ linkType: fcs4, packets }));
    expect(got.packets.map((p) => [p.hex.length / 2, p.original])).toEqual([[60, 60], [60, 60], [40, 60], [0, 0]]);
    expect(got.interfaces[0]).toMatchObject({ linkType: 1, fcsBytes: 4 });
    const without = await read(classic({ linkType: 0x2000_0001, packets }));
    expect(without.packets[0].original).toBe(64);
  });

  it("reads packets beyond the snaplen that the header claims", async () => {
    expect((await read(classic({ snaplen: 68, packets: [{ data: frame(9000) }] }))).packets[0].hex.length).toBe(18000);
  });

  it("reads gzip by content, in one member or several", async () => {
    const bytes = classic({ packets: [{ data: frame(60, 1) }, { data: frame(70, 2) }] });
    const plain = await read(bytes);
    expect(plain.packets.length).toBe(2);
    expect(await read(gzipSync(bytes))).toEqual(plain);
    expect(await read(Buffer.concat([gzipSync(bytes.subarray(0, 50)), gzipSync(bytes.subarray(50))]))).toEqual(plain);
    const stream = await openCapture(Readable.from([gzipSync(bytes)]));
    expect((await collect(stream)).packets).toEqual(plain.packets);
  });

  it("delivers whole packets of a capture that was cut off, with one warning", async () => {
    const bytes = classic({ packets: [{ data: frame(60, 1) }, { data: frame(70, 2) }] });
    for (const cut of [1, 69, 70, 71, 85]) {
      const got = await read(bytes.subarray(0, bytes.length - cut));
      expect(got.packets.map((p) => p.hex)).toEqual(["01".repeat(60)]);
      expect(got.warnings).toHaveLength(1);
      expect(got.warnings[0]).toContain(`cut off at byte ${bytes.length - cut}, in packet 2`);
    }
    expect((await read(bytes.subarray(0, bytes.length - 86))).warnings).toEqual([]);
  });

  it("reads a file without packets", async () => {
    const got = await read(classic());
    expect([got.packets, got.warnings, got.windows]).toEqual([[], [], []]);
  });

  it("fills windows by packets and by bytes", async () => {
    const packets = Array.from({ length: 100 }, (_, i) => ({ seconds: i, data: frame(60 + i, i) }));
    const whole = await read(classic({ packets }));
    expect(whole.windows).toEqual([100]);
    const byPackets = await read(classic({ packets }), 1 << 16, 7);
    expect(byPackets.windows).toEqual([...Array<number>(14).fill(7), 2]);
    const byBytes = await read(classic({ packets }), 400, 4096);
    expect(byBytes.windows.length).toBeGreaterThan(30);
    expect([byPackets.packets, byBytes.packets]).toEqual([whole.packets, whole.packets]);
    expect([byPackets.epochNs, byBytes.epochNs]).toEqual([whole.epochNs, whole.epochNs]);
  });

  it("names the packet that no window holds", async () => {
    const bytes = classic({ packets: [{ data: frame(60) }, { data: frame(2000) }] });
    await expect(read(bytes, 1024)).rejects.toThrow(/packet 2, byte 100/);
    const stream = await openCapture(Readable.from([bytes]));
    await expect(collect(stream, 1024)).rejects.toThrow(/packet 2/);
  });
});

const packetSpec = fc.record({
  seconds: fc.nat(0xffff_ffff),
  fraction: fc.nat(0xffff_ffff),
  data: fc.uint8Array({ maxLength: 200 }),
  original: fc.option(fc.nat(70_000), { nil: undefined }),
});

describe("the two readers", () => {
  it("read the same from every capture", async () => {
    const spec = fc.record({
      littleEndian: fc.boolean(),
      magic: fc.constantFrom(MICRO, NANO, KUZNETZOV),
      minor: fc.constantFrom(4, 4, 4, 3, 2),
      linkType: fc.constantFrom(1, 0x2400_0001, 101, 113, 276, 0, 108, 12, 228, 229, 0x2400_0065),
      packets: fc.array(packetSpec, { maxLength: 30 }),
    });
    const slicing = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(spec, slicing, fc.nat(100), fc.integer({ min: 1, max: 40 }), async (random, sizes, cut, window) => {
        const { magic, minor } = random;
        const packets = random.packets.map((packet) => {
          const original = Math.max(packet.original ?? 0, packet.data.length);
          // Old files have the lengths in the other order.
          return minor === 2 ? { ...packet, captured: original, original: packet.data.length } : { ...packet, original };
        });
        const whole = classic({ ...random, packets, recordHeader: magic === KUZNETZOV ? 24 : 16 });
        const bytes = whole.subarray(0, Math.max(24, whole.length - cut));
        const file = dir.put("p.pcap", bytes);
        const indexed = await openCapture(file);
        const streamed = await openCapture(Readable.from(slices(bytes, sizes)), { name: file });
        const zipped = await openCapture(Readable.from(slices(gzipSync(bytes), sizes)), { name: file });
        const expected = await collect(indexed, 1 << 16, window);
        expect((await collect(streamed, 1 << 16, window))).toEqual(expected);
        expect((await collect(zipped, 1 << 16, window))).toEqual(expected);
        expect([streamed.warnings, zipped.warnings]).toEqual([indexed.warnings, indexed.warnings]);
        expect(indexed.warnings.length <= 1 && (cut > 0 || indexed.warnings.length === 0)).toBe(true);
        expect(streamed.interfaces).toEqual(indexed.interfaces);
        for (const reader of [indexed, streamed, zipped]) reader.close();
      }),
      { numRuns: 300 },
    );
  });
});

function* slices(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length];
    yield bytes.subarray(at, at + size);
    at += size;
  }
}
