import * as fc from "fast-check";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { openCapture } from "./open.js";
import { Blocks } from "./testing/capture-bytes.js";
import { collect } from "./testing/collect.js";
import { temporaryDirectory } from "./testing/temporary.js";

const dir = temporaryDirectory();
const frame = (length: number, fill = 0xab): Uint8Array => new Uint8Array(length).fill(fill);
const NS = 1_700_000_000_123_456_789n;

async function read(bytes: Uint8Array, frameBytes?: number, packets?: number) {
  const reader = await openCapture(dir.put("c.pcapng", bytes));
  try {
    return { ...(await collect(reader, frameBytes, packets)), warnings: reader.warnings, interfaces: reader.interfaces };
  } finally {
    reader.close();
  }
}

const resolution = (b: Blocks, code: number): Buffer => b.option(9, Uint8Array.of(code));
const noName = { name: "", snaplen: 0, fcsBytes: 0 };

describe("pcapng", () => {
  for (const little of [true, false]) {
    it(`reads all packet blocks, ${little ? "little" : "big"}-endian`, async () => {
      const b = new Blocks(little).section();
      b.iface(1, 100, b.option(2, Buffer.from("eth7")), resolution(b, 9), b.option(0, Buffer.alloc(0)));
      b.enhanced(frame(61, 1), { ticks: NS, original: 1514 }).packet(frame(62, 2), 0, NS + 5n).simple(frame(100, 3), 4000);
      const got = await read(b.bytes());
      expect(got.interfaces).toMatchObject([{ name: "eth7", linkType: 1, snaplen: 100, ticksPerSecond: 1e9 }]);
      expect(got.epochNs).toBe(NS);
      expect(got.packets).toEqual([
        { hex: "01".repeat(61), time: 0, original: 1514, iface: 0 },
        { hex: "02".repeat(62), time: 5, original: 62, iface: 0 },
        { hex: "03".repeat(100), time: 5, original: 4000, iface: 0 },
      ]);
      expect(got.warnings).toEqual([]);
    });
  }

  it("reads simple packets without a snaplen, and before any time is known", async () => {
    const got = await read(new Blocks().section().iface().simple(frame(61)).enhanced(frame(60), { ticks: 77n }).bytes());
    expect(got.packets.map((p) => [p.hex.length / 2, p.time])).toEqual([[61, 0], [60, 0]]);
    expect(got.epochNs).toBe(77_000n);
  });

  it("numbers interfaces over sections of either byte order", async () => {
    const big = new Blocks(false).section().iface(1).iface(101).enhanced(frame(60, 2), { iface: 0 });
    big.enhanced(Uint8Array.of(0x45, 1, 2), { iface: 1 });
    const bytes = new Blocks().section().iface(1).enhanced(frame(60, 1)).raw(big.bytes()).section().iface(1).simple(frame(60, 3));
    const got = await read(bytes.bytes());
    expect(got.packets.map((p) => p.iface)).toEqual([0, 1, 2, 3]);
    expect(got.packets[2].hex).toBe("0200000000010200000000020800450102");
    expect(got.interfaces.map((i) => i.linkType)).toEqual([1, 1, 101, 1]);
  });

  it("passes over every other block, also one larger than the window", async () => {
    const b = new Blocks().section().block(4, frame(100)).iface().block(10, frame(5000)).enhanced(frame(60, 1));
    b.block(5, frame(20)).block(0xbad, frame(70)).block(0x8000_0001, frame(9)).enhanced(frame(60, 2)).block(10, frame(9000));
    for (const window of [1 << 20, 600]) {
      const got = await read(b.bytes(), window);
      expect(got.packets.map((p) => p.hex)).toEqual(["01".repeat(60), "02".repeat(60)]);
      expect(got.warnings).toEqual([]);
    }
    const many = new Blocks().section().iface();
    for (let i = 0; i < 200; i++) many.block(5, frame(24));
    expect((await read(many.enhanced(frame(60)).bytes(), 300)).packets.length).toBe(1);
  });

  it("accepts blocks whose length is no multiple of 4", async () => {
    const b = new Blocks().section().iface().enhanced(frame(60)).bytes();
    const odd = Buffer.alloc(16);
    odd.writeUInt32LE(0x4242, 0);
    odd.writeUInt32LE(13, 4);
    odd.writeUInt32LE(13, 12);
    const got = await read(Buffer.concat([b, odd, b]));
    expect(got.packets.length).toBe(2);
  });

  it("takes the frame check sequence off, by interface and by packet", async () => {
    for (const length of [4, 32]) {
      const b = new Blocks().section();
      b.iface(1, 0, b.option(13, Uint8Array.of(length)));
      const flags = Buffer.alloc(4);
      flags.writeUInt32LE(2 << 5);
      b.enhanced(frame(64)).enhanced(frame(62), { original: 64 }).enhanced(frame(64), {}, b.option(2, flags));
      const got = await read(b.bytes());
      expect(got.packets.map((p) => [p.hex.length / 2, p.original])).toEqual([[60, 60], [60, 60], [62, 62]]);
    }
  });

  it("reads times of any resolution to the nanosecond", async () => {
    const check = fc.record({
      code: fc.oneof(fc.nat(19), fc.nat(63).map((n) => n | 0x80)),
      ticks: fc.array(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), { minLength: 1, maxLength: 4 }),
      near: fc.nat(1_000_000),
      offset: fc.bigInt({ min: -2_000_000_000n, max: 2_000_000_000n }),
    });
    await fc.assert(
      fc.asyncProperty(check, async ({ code, ticks, near, offset }) => {
        const perSecond = (code & 0x80) === 0 ? 10n ** BigInt(code) : 2n ** BigInt(code & 0x7f);
        const shift = Buffer.alloc(8);
        shift.writeBigInt64LE(offset);
        const b = new Blocks().section();
        b.iface(1, 0, resolution(b, code), b.option(14, shift));
        const all = ticks.flatMap((t) => [t, t >= BigInt(near) ? t - BigInt(near) : t]);
        for (const t of all) b.enhanced(frame(1), { ticks: t });
        const got = await read(b.bytes());
        const absolute = (t: bigint): bigint => offset * 1_000_000_000n + (t * 1_000_000_000n) / perSecond;
        const epoch = absolute(all[0]);
        // A hundred million years are out of reach of doubles, and of networks.
        if (all.some((t) => t / perSecond >= 1n << 52n)) return;
        expect(got.epochNs).toBe(epoch);
        all.forEach((t, i) => {
          const exact = absolute(t) - epoch;
          const size = exact < 0n ? -exact : exact;
          // 2^53 nanoseconds are 104 days; beyond, a double rounds.
          if (size < 1n << 53n) expect(BigInt(got.packets[i].time)).toBe(exact);
          else expect(Math.abs(got.packets[i].time / Number(exact) - 1)).toBeLessThan(1e-15);
        });
      }),
      { numRuns: 500 },
    );
  });

  it("delivers whole packets of a capture that was cut off, with one warning", async () => {
    const b = new Blocks().section().iface().enhanced(frame(60, 1)).block(5, frame(100));
    const whole = b.bytes().length;
    const bytes = b.enhanced(frame(60, 2)).bytes();
    for (let length = whole - 111; length < bytes.length; length++) {
      const got = await read(bytes.subarray(0, length));
      expect(got.packets.map((p) => p.hex)).toEqual(["01".repeat(60)]);
      expect(got.warnings.length).toBe(length === whole ? 0 : 1);
      if (length !== whole) expect(got.warnings[0]).toContain(`cut off at byte ${length}, in packet 2`);
    }
  });

  it("warns of a gzip that was cut off, and keeps what was whole", async () => {
    const b = new Blocks().section().iface();
    for (let i = 0; i < 2000; i++) b.enhanced(Buffer.from(Array.from({ length: 60 }, (_, k) => (i * k * 7919) >> 3)));
    const zipped = gzipSync(b.bytes());
    const cut = await read(zipped.subarray(0, zipped.length / 2));
    expect(cut.packets.length).toBeGreaterThan(100);
    expect(cut.packets.length).toBeLessThan(2000);
    expect(cut.warnings).toHaveLength(1);
    expect(cut.warnings[0]).toMatch(/gzip data is cut off/);
    const trailerless = await read(zipped.subarray(0, zipped.length - 4));
    expect([trailerless.packets.length, trailerless.warnings.length]).toEqual([2000, 1]);
    const broken = Buffer.from(zipped);
    broken[zipped.length - 6] ^= 1;
    await expect(read(broken)).rejects.toThrow(/gzip data is damaged/);
  });

  it("reads the same from a stream in any pieces and windows", async () => {
    const part = fc.record({
      kind: fc.constantFrom("enhanced", "simple", "packet", "other", "iface", "section"),
      data: fc.uint8Array({ maxLength: 120 }),
      pick: fc.nat(100),
      ticks: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    });
    const input = fc.record({
      parts: fc.array(part, { maxLength: 40 }),
      little: fc.boolean(),
      cut: fc.nat(60),
      size: fc.integer({ min: 1, max: 300 }),
      window: fc.integer({ min: 400, max: 3000 }),
    });
    await fc.assert(
      fc.asyncProperty(input, async ({ parts, little, cut, size, window }) => {
        const types = [1, 101, 0, 113, 276];
        const b = new Blocks(little).section().iface(1, 64);
        let interfaces = 1;
        for (const { kind, data, pick, ticks } of parts) {
          if (kind === "enhanced") b.enhanced(data, { iface: pick % interfaces, ticks, original: pick });
          else if (kind === "simple") b.simple(data, data.length + pick);
          else if (kind === "packet") b.packet(data, pick % interfaces, ticks);
          else if (kind === "other") b.block(0x100 + pick, Buffer.concat([data, frame(pick * 10)]));
          else if (kind === "iface") b.iface(types[pick % types.length], 0, resolution(b, pick % 20));
          else b.section().iface(types[pick % types.length]);
          if (kind === "iface") interfaces++;
          if (kind === "section") interfaces = 1;
        }
        const whole = b.bytes();
        const bytes = whole.subarray(0, Math.max(24, whole.length - cut));
        const file = dir.put("s.pcapng", bytes);
        const indexed = await openCapture(file);
        const expected = await collect(indexed);
        const small = await openCapture(file);
        const streamed = await openCapture(Readable.from(pieces(bytes, size)), { name: file });
        for (const reader of [small, streamed]) {
          const got = await collect(reader, window, 7);
          expect([got.packets, got.epochNs]).toEqual([expected.packets, expected.epochNs]);
          expect(reader.warnings).toEqual(indexed.warnings);
          expect(reader.interfaces).toEqual(indexed.interfaces);
        }
        for (const reader of [indexed, small, streamed]) reader.close();
      }),
      { numRuns: 300 },
    );
  });
});

function* pieces(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe("damaged pcapng", () => {
  const file = (change: (bytes: Buffer) => void, b = new Blocks().section().iface().enhanced(frame(60))): Buffer => {
    const bytes = b.bytes();
    change(bytes);
    return bytes;
  };
  // The section header is at byte 0 (28 bytes), the interface at 28 (20 bytes), the packet at 48.
  const cases: [string, Buffer, RegExp][] = [
    ["no byte-order magic", file((b) => b.writeUInt32LE(1, 8)), /byte 8\).*byte-order|byte-order magic/],
    ["another major version", file((b) => b.writeUInt16LE(9, 12)), /version 9\.0 is not supported \(byte 12\)/],
    ["a short section header", file((b) => b.writeUInt32LE(20, 4)), /section header length 20/],
    ["a short block", file((b) => b.writeUInt32LE(8, 52)), /block length 8 is less than 12 \(byte 48\)/],
    ["a forged block length", file((b) => b.writeUInt32LE(0x7fff_fffc, 52)), /block length 2147483644 is above/],
    ["a wrong trailer", file((b) => b.writeUInt32LE(7, b.length - 4)), /ends with a length of 7 \(byte 136\)/],
    ["a captured length above the limit", file((b) => b.writeUInt32LE(0x7fff_ffff, 68)), /packet length 2147483647.*packet 1, byte 48/],
    ["a captured length above the block's", file((b) => b.writeUInt32LE(61 + 4, 68)), /captured length 65 .*packet 1, byte 48/],
    ["an interface without description", file((b) => b.writeUInt32LE(3, 56)), /interface 3 has no description/],
    ["a simple packet without interface", new Blocks().section().simple(frame(60)).bytes(), /interface 0 has no description/],
    ["a short packet block", new Blocks().section().iface().block(6, frame(4)).bytes(), /block of 16 bytes is too short/],
    ["a short interface", new Blocks().section().block(1, frame(4)).bytes(), /interface description of 16 bytes/],
  ];
  for (const [name, bytes, message] of cases) {
    it(`refuses ${name}`, async () => {
      await expect(read(bytes)).rejects.toThrow(message);
    });
  }

  it("refuses options that run over their block and resolutions that fit no timestamp", async () => {
    const b = new Blocks().section();
    const option = Buffer.from([9, 0, 200, 0, 6, 0, 0, 0]);
    await expect(read(b.iface(1, 0, option).bytes())).rejects.toThrow(/option .* runs over the end/);
    const c = new Blocks().section();
    await expect(read(c.iface(1, 0, resolution(c, 20)).bytes())).rejects.toThrow(/10\^-20 seconds/);
  });

  it("refuses a link type that it cannot read only when it has packets", async () => {
    const b = new Blocks().section().iface(105).iface(1);
    expect((await read(b.enhanced(frame(60), { iface: 1 }).bytes())).interfaces[0]).toMatchObject({ ...noName, linkType: 105 });
    await expect(read(b.enhanced(frame(60)).bytes())).rejects.toThrow(/link type 105 \(IEEE802_11\).*packet 2/);
  });
});
