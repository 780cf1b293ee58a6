import * as fc from "fast-check";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { MAX_FRAME_BYTES, Trace } from "../trace.js";
import { CaptureError } from "./errors.js";
import { openCapture } from "./open.js";
import type { CaptureReader } from "./reader.js";
import { Blocks, classic } from "./testing/capture-bytes.js";
import { damage, damaged, samples } from "./testing/damage.js";
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

describe("malformed captures", () => {
  it("are read or refused, never worse", async () => {
    const files = samples();
    const outcomes = { read: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.nat(files.length - 1),
        fc.array(damage, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 4000 }),
        async (which, changes, size) => {
          const bytes = damaged(files[which], changes);
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

function* pieces(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
