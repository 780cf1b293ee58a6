import * as fc from "fast-check";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { MAX_FRAME_BYTES, Trace } from "../trace.js";
import { CaptureError } from "./errors.js";
import { openCapture } from "./open.js";
import type { CaptureReader } from "./reader.js";
import { Blocks, classic } from "./testing/capture-bytes.js";
import { temporaryDirectory } from "./testing/temporary.js";

const dir = temporaryDirectory();
/** Larger than any record may be: otherwise the readers may differ in whether it is too large or cut off. */
const trace = Trace.allocate(2 << 20, 50);

/** Reads to the end or the error; every frame must lie in the trace, and the end must come. */
async function survive(open: () => Promise<CaptureReader>): Promise<"read" | CaptureError> {
  let reader: CaptureReader | undefined;
  try {
    reader = await open();
    let windows = 0;
    while (await reader.read(trace)) {
      if (++windows > 10_000) throw new Error("hangs");
      for (let i = 0; i < trace.count; i++) {
        const inside = trace.offset[i] + trace.length[i] <= trace.frames.length;
        const sane = trace.length[i] <= MAX_FRAME_BYTES && trace.originalLength[i] >= trace.length[i];
        if (!inside || !sane || Number.isNaN(trace.time[i])) throw new Error(`packet ${i} is not in the trace`);
      }
    }
    return "read";
  } catch (error) {
    if (error instanceof CaptureError) return error;
    throw error;
  } finally {
    reader?.close();
  }
}

/** Index of the first sample in gzip. */
const GZIPPED = 7;

function samples(): Buffer[] {
  const packets = Array.from({ length: 20 }, (_, i) => ({ seconds: i, data: new Uint8Array(20 + i * 9).fill(i) }));
  const files = [1, 101, 113, 276, 0].map((linkType) => classic({ linkType, littleEndian: linkType !== 0, packets }));
  for (const little of [true, false]) {
    const b = new Blocks(little).section();
    b.iface(1, 0, b.option(2, Buffer.from("eth0")), b.option(9, Uint8Array.of(9)), b.option(14, Buffer.alloc(8, 1)));
    b.iface(101);
    for (const { data, seconds } of packets) b.enhanced(data, { iface: seconds & 1, ticks: BigInt(seconds) }, b.option(2, Buffer.alloc(4)));
    files.push(b.simple(packets[3].data).packet(packets[4].data).block(5, packets[5].data).bytes());
  }
  return [...files, gzipSync(files[0]), gzipSync(files[5])];
}

describe("malformed captures", () => {
  const change = fc.record({
    // Without bias: most changes would hit the magic number otherwise.
    at: fc.noBias(fc.nat(9999)),
    kind: fc.constantFrom("flip", "byte", "word", "remove", "insert", "cut"),
    value: fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff)),
  });

  it("are read or refused, never worse", async () => {
    const files = samples();
    const outcomes = { read: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.nat(files.length - 1),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 4000 }),
        async (which, changes, size) => {
          let bytes: Buffer = Buffer.from(files[which]);
          for (const { at, kind, value } of changes) bytes = apply(bytes, Math.floor((at * bytes.length) / 10_000), kind, value);
          const file = dir.put("m.pcap", bytes);
          const results = [
            await survive(() => openCapture(file)),
            await survive(() => openCapture(Readable.from(pieces(bytes, size)), { name: file })),
          ];
          // Both ways come to the same end, in the same words; how much of damaged gzip comes out depends on the pieces.
          if (which < GZIPPED) expect(String(results[1])).toBe(String(results[0]));
          else expect(typeof results[1]).toBe(typeof results[0]);
          outcomes[results[0] === "read" ? "read" : "refused"]++;
        },
      ),
      { numRuns: 1500 },
    );
    expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(200);
  });

  it("of random bytes after a magic number are read or refused", async () => {
    const magics = ["a1b2c3d4", "4d3cb2a1", "34cdb2a1", "0a0d0d0a1c0000004d3c2b1a", "1f8b08", ""];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...magics), fc.uint8Array({ maxLength: 300 }), async (magic, rest) => {
        await survive(() => openCapture(dir.put("r.pcap", Buffer.concat([Buffer.from(magic, "hex"), rest]))));
      }),
      { numRuns: 2000 },
    );
  });

  it("with forged lengths take no memory", async () => {
    const forged = classic({ packets: [{ data: Buffer.alloc(0), captured: 0x7fff_ffff }] });
    const block = Buffer.alloc(12);
    block.writeUInt32LE(0xbad, 0);
    block.writeUInt32LE(0xffff_fff0, 4);
    const skipped = Buffer.concat([new Blocks().section().iface().bytes(), block]);
    const before = process.memoryUsage().arrayBuffers;
    for (const bytes of [forged, skipped]) {
      for (let i = 0; i < 5; i++) {
        await survive(() => openCapture(dir.put("f.pcap", bytes)));
        await survive(() => openCapture(Readable.from([bytes])));
      }
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 << 20);
  });
});

function apply(bytes: Buffer, at: number, kind: string, value: number): Buffer {
  if (bytes.length < 5) return bytes;
  switch (kind) {
    case "flip":
      bytes[at] ^= 1 << (value & 7);
      return bytes;
    case "byte":
      bytes[at] = value;
      return bytes;
    case "word":
      bytes.writeUInt32LE(value, Math.min(at & ~3, bytes.length - 4));
      return bytes;
    case "remove":
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + (value % 40))]);
    case "insert":
      return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(value % 40, value), bytes.subarray(at)]);
    default:
      return bytes.subarray(0, at);
  }
}

function* pieces(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
