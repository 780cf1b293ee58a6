import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Trace, traceBytes } from "../../traffic/index.js";
import { frame } from "../testing/frames.js";
import { FLOW_TYPES } from "./fields.js";
import { Rss } from "./rss.js";

const PACKETS = 256;
const FRAME_BYTES = 1 << 16;
const TABLES = 1024;
const memory = new WebAssembly.Memory({ initial: 8, maximum: 8, shared: true });
const buffer = memory.buffer as unknown as SharedArrayBuffer;
const PLACE = 3 * 65536;
const columns = PLACE + traceBytes(FRAME_BYTES, PACKETS);
const trace = new Trace({ buffer, byteOffset: PLACE, frameBytes: FRAME_BYTES, packets: PACKETS, memory });
const hash = new Uint32Array(buffer, columns, PACKETS);
const queue = new Uint16Array(buffer, columns + 4 * PACKETS, PACKETS);

const byte = fc.integer({ min: 0, max: 255 });
const address = fc.boolean().chain((six) => fc.array(byte, { minLength: six ? 16 : 4, maxLength: six ? 16 : 4 }));
const protocol = fc.constantFrom(6, 17, 132, 51, 50, 1, 44, 47, 58, 255);
const extension = fc.tuple(fc.constantFrom(0, 43, 60, 135, 139, 140, 44, 51), fc.constantFrom(8, 16, 40));

/** A frame of any kind, with bytes changed and cut off at will. */
const anyFrame = fc
  .record({
    src: address, dst: address, protocol,
    l4: fc.array(byte, { maxLength: 12 }),
    vlans: fc.array(fc.constantFrom(0x8100, 0x88a8, 0x9100, 0x0800), { maxLength: 3 }),
    fragment: fc.constantFrom(0, 0, 0, 0x4000, 0x8000, 0x2000, 1, 0x1fff),
    options: fc.constantFrom(0, 0, 4, 40),
    extensions: fc.array(extension, { maxLength: 10 }),
    changes: fc.array(fc.tuple(fc.nat(99), byte), { maxLength: 2 }),
    cut: fc.oneof(fc.constant(0), fc.nat(70)),
  })
  .map(({ src, dst, protocol: next, l4, changes, cut, ...options }) => {
    const bytes = frame(src, src.length === dst.length ? dst : src.map((one) => one ^ 1), next, l4, options);
    for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
    return bytes.subarray(0, Math.max(0, bytes.length - cut));
  });

const letters = fc.constantFrom("", "s", "d", "sd", "f", "n", "sn", "df", "fn", "sdf", "sdn", "sdfn");
const fields = fc.record(Object.fromEntries(FLOW_TYPES.map((type) => [type, type.startsWith("ip") ? fc.constantFrom("", "s", "d", "sd") : letters])), { requiredKeys: [] });
const spec = fc.record(
  { key: fc.oneof(fc.constantFrom("microsoft", "symmetric"), fc.uint8Array({ minLength: 40, maxLength: 40 }).map((key) => Buffer.from(key).toString("hex"))), tableSize: fc.constantFrom(1, 128, 4096), fields },
  { requiredKeys: [] },
);

describe("the wasm loop", () => {
  it("steers any frame as hashFrame does, whatever the key, fields and table", () => {
    const seen = { hashed: 0, none: 0 };
    fc.assert(
      fc.property(spec, fc.integer({ min: 1, max: 200 }), fc.array(anyFrame, { minLength: 1, maxLength: 40 }), (settings, queues, frames) => {
        const rss = new Rss(settings, queues);
        trace.clear();
        for (const bytes of frames) trace.push(bytes, 0);
        hash.fill(0xdeadbeef);
        queue.fill(0xdead);
        rss.attach(memory, TABLES);
        rss.classify(trace, hash, queue);
        frames.forEach((bytes, i) => {
          const expected = rss.hashFrame(bytes, 0, bytes.length);
          seen[expected < 0 ? "none" : "hashed"]++;
          expect(hash[i]).toBe(Math.max(0, expected));
          expect(queue[i]).toBe(expected < 0 ? 0 : rss.indirection[expected & (rss.indirection.length - 1)]);
        });
        expect(hash[frames.length]).toBe(0xdeadbeef);
      }),
      { numRuns: 1500 },
    );
    expect(Math.min(seen.hashed, seen.none)).toBeGreaterThan(500);
  });

  it("leaves traces elsewhere to TypeScript", () => {
    const rss = new Rss({}, 4);
    rss.attach(memory, TABLES);
    const other = Trace.allocate(256, 1);
    other.push(frame([1, 2, 3, 4], [5, 6, 7, 8], 17, [0, 1, 0, 2]), 0);
    const hashes = new Uint32Array(1);
    rss.classify(other, hashes, new Uint16Array(1));
    expect(hashes[0]).toBe(rss.hashFrame(other.frames, 0, other.length[0]));
  });
});
