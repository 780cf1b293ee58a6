import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergeCaptures } from "./merge.js";
import { openCapture } from "./open.js";
import type { CaptureReader } from "./reader.js";
import { Blocks, classic, NANO } from "./testing/capture-bytes.js";
import { collect } from "./testing/collect.js";
import { temporaryDirectory } from "./testing/temporary.js";

const dir = temporaryDirectory();
const small = { windowBytes: 2048, windowPackets: 3 };

describe("mergeCaptures", () => {
  it("merges by time, stably, and numbers interfaces over all captures", async () => {
    const a = classic({ packets: [1, 3, 3, 9].map((seconds) => ({ seconds, data: Buffer.from([0xa, seconds]) })) });
    const b = classic({ magic: NANO, packets: [3, 4].map((seconds) => ({ seconds, data: Buffer.from([0xb, seconds]) })) });
    const c = new Blocks().section().iface().iface().enhanced(Buffer.from([0xc, 2]), { iface: 1, ticks: 2_000_000n });
    const readers: CaptureReader[] = [];
    for (const [i, bytes] of [a, b, c.bytes()].entries()) readers.push(await openCapture(dir.put(`${i}.pcap`, bytes)));
    const merged = mergeCaptures(readers, small);
    const got = await collect(merged);
    expect(got.packets.map((p) => p.hex)).toEqual(["0a01", "0c02", "0a03", "0a03", "0b03", "0b04", "0a09"]);
    expect(got.packets.map((p) => p.iface)).toEqual([0, 3, 0, 0, 1, 1, 0]);
    expect(got.packets.map((p) => p.time / 1e9)).toEqual([0, 1, 2, 2, 2, 3, 8]);
    expect(got.epochNs).toBe(1_000_000_000n);
    expect(merged.interfaces.map((i) => i.file)).toEqual([0, 1, 2, 2].map((i) => readers[i].file));
    expect(merged.size).toBe(a.length + b.length + c.bytes().length);
    expect(merged.bytesRead).toBe(merged.size);
    merged.close();
  });

  it("keeps every packet of captures in any order, in windows of any size", async () => {
    const capture = fc.array(fc.record({ seconds: fc.nat(50), fraction: fc.nat(999_999) }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(fc.array(capture, { maxLength: 5 }), fc.integer({ min: 1, max: 20 }), async (captures, window) => {
        const all: { time: bigint; hex: string; file: number }[] = [];
        const readers = [];
        for (const [file, packets] of captures.entries()) {
          const sorted = packets.toSorted((x, y) => x.seconds - y.seconds || x.fraction - y.fraction);
          const specs = sorted.map((packet, i) => ({ ...packet, data: Buffer.from([file, i]) }));
          for (const { seconds, fraction, data } of specs) {
            all.push({ time: BigInt(seconds) * 1_000_000_000n + BigInt(fraction) * 1000n, hex: data.toString("hex"), file });
          }
          readers.push(await openCapture(dir.put(`m${file}.pcap`, classic({ packets: specs }))));
        }
        all.sort((x, y) => (x.time < y.time ? -1 : x.time > y.time ? 1 : x.file - y.file));
        const merged = mergeCaptures(readers, small);
        const got = await collect(merged, 4096, window);
        expect(got.packets.map((p) => p.hex)).toEqual(all.map((p) => p.hex));
        expect(got.packets.map((p) => got.epochNs + BigInt(p.time))).toEqual(all.map((p) => p.time));
        merged.close();
      }),
      { numRuns: 100 },
    );
  });

  it("passes on warnings and errors of each", async () => {
    const cut = classic({ packets: [{ data: new Uint8Array(60) }, { data: new Uint8Array(60) }] }).subarray(0, -3);
    const bad = classic({ packets: [{ data: new Uint8Array(60) }, { data: Buffer.alloc(0), captured: 0x7fff_ffff }] });
    const first = dir.put("cut.pcap", cut);
    const warned = mergeCaptures([await openCapture(first), await openCapture(first)]);
    expect((await collect(warned)).packets.length).toBe(2);
    expect(warned.warnings).toHaveLength(2);
    const failing = mergeCaptures([await openCapture(first), await openCapture(dir.put("bad.pcap", bad))]);
    await expect(collect(failing)).rejects.toThrow(/bad\.pcap: packet length 2147483647/);
    failing.close();
    warned.close();
  });

  it("refuses a frame larger than the window", async () => {
    const big = dir.put("big.pcap", classic({ packets: [{ data: new Uint8Array(2000) }] }));
    const merged = mergeCaptures([await openCapture(big), await openCapture(big)]);
    await expect(collect(merged, 1024)).rejects.toThrow(/2000 bytes .*does not fit a window of 1024/);
    merged.close();
  });
});
