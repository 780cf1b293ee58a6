import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ingestOn } from "../runtime/ingest.js";
import { Trace } from "../trace.js";
import { CaptureError } from "./errors.js";
import { openCapture } from "./open.js";
import { Blocks, MICRO, NANO, classic } from "./testing/capture-bytes.js";
import { collectInto } from "./testing/collect.js";
import { damage, damaged, samples } from "./testing/damage.js";
import { temporaryDirectory } from "./testing/temporary.js";
import { withWasmTrace } from "./testing/wasm-trace.js";

const dir = temporaryDirectory();

/** Everything that reading a capture into `trace` gives, up to the error it ends with. */
async function read(file: string, trace: Trace): Promise<unknown> {
  const reader = await openCapture(file);
  try {
    const got = await collectInto(reader, trace);
    return { ...got, warnings: reader.warnings, interfaces: reader.interfaces };
  } catch (error) {
    if (error instanceof CaptureError) return { message: error.message, interfaces: reader.interfaces };
    throw error;
  } finally {
    reader.close();
  }
}

/** Reads `bytes` by the loops in wasm and by those in TypeScript, and returns what both gave. */
async function bothWays(bytes: Buffer, frameBytes: number, packets: number): Promise<unknown> {
  const file = dir.put("both.pcap", bytes);
  const plain = Trace.allocate(frameBytes, packets);
  plain.port.fill(0xee);
  plain.iface.fill(0xeeee);
  const expected = await read(file, plain);
  const got = await withWasmTrace(frameBytes, packets, async (trace) => {
    trace.port.fill(0xdd);
    trace.iface.fill(0xdddd);
    return read(file, trace);
  });
  expect(got).toEqual(expected);
  return got;
}

const data = fc.uint8Array({ maxLength: 120 });
const window = fc.tuple(fc.integer({ min: 1 << 12, max: 1 << 16 }), fc.integer({ min: 1, max: 40 }));

describe("wasm and TypeScript read the same", () => {
  it("from classic captures", async () => {
    const packet = fc.record({
      seconds: fc.oneof(fc.nat(2 ** 31 - 1), fc.constantFrom(0, 0xffff_ffff)),
      fraction: fc.oneof(fc.nat(999_999_999), fc.constant(0xffff_ffff)),
      data,
      original: fc.option(fc.oneof(fc.nat(70_000), fc.constant(0xffff_ffff)), { nil: undefined }),
    });
    const spec = fc.record({ littleEndian: fc.boolean(), magic: fc.constantFrom(MICRO, NANO), packets: fc.array(packet, { maxLength: 60 }) });
    await fc.assert(
      fc.asyncProperty(spec, fc.nat(60), window, async (made, cut, [frameBytes, packets]) => {
        const whole = classic(made);
        await bothWays(whole.subarray(0, Math.max(24, whole.length - cut)), frameBytes, packets);
      }),
      { numRuns: 400 },
    );
  });

  it("from pcapng, with blocks of all kinds between the usual ones", async () => {
    const block = fc.record({
      kind: fc.constantFrom("usual", "usual", "usual", "usual", "options", "endofopt", "simple", "obsolete", "other", "later", "interface", "section"),
      data,
      iface: fc.nat(4),
      low: fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(0, 0xffff_ffff)),
      original: fc.option(fc.oneof(fc.nat(70_000), fc.constant(0xffff_ffff)), { nil: undefined }),
      run: fc.nat(8),
    });
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(block, { maxLength: 40 }), fc.nat(60), window, async (little, blocks, cut, [frameBytes, packets]) => {
        const b = new Blocks(little);
        const begin = (): void => {
          b.section();
          b.iface(1).iface(1, 0, b.option(9, Uint8Array.of(9))).iface(101);
          b.iface(1, 0, b.option(13, Uint8Array.of(4)), b.option(14, Buffer.alloc(8, 1)));
        };
        begin();
        let high = 5n;
        for (const { kind, data: bytes, iface, low, original, run } of blocks) {
          const at = { iface, ticks: (high << 32n) | BigInt(low), ...(original === undefined ? {} : { original }) };
          if (kind === "options") b.enhanced(bytes, at, b.option(2, Buffer.from([0, 0, 0, little ? 0 : 0x80])), b.option(1, Buffer.from("comment")));
          else if (kind === "endofopt") b.enhanced(bytes, at, Buffer.alloc(4));
          else if (kind === "simple") b.simple(bytes, original);
          else if (kind === "obsolete") b.packet(bytes, iface, at.ticks);
          else if (kind === "other") b.block(5, bytes);
          else if (kind === "later") high++;
          else if (kind === "interface") b.iface(1);
          else if (kind === "section") begin();
          else for (let i = 0; i <= run; i++) b.enhanced(bytes, at);
        }
        const whole = b.bytes();
        await bothWays(whole.subarray(0, Math.max(48, whole.length - cut)), frameBytes, packets);
      }),
      { numRuns: 600 },
    );
  });

  it("from damaged captures, down to the words of the error", async () => {
    const files = samples();
    const outcomes = { read: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(fc.nat(files.length - 1), fc.array(damage, { minLength: 1, maxLength: 3 }), async (which, changes) => {
        const bytes = damaged(files[which], changes);
        const outcome = await openCapture(dir.put("d.pcap", bytes)).then((reader) => reader.close(), (error: unknown) => error);
        if (outcome instanceof CaptureError) return;
        const got = await bothWays(bytes, 2 << 20, 50);
        outcomes[typeof got === "object" && got !== null && "message" in got ? "refused" : "read"]++;
      }),
      { numRuns: 1500 },
    );
    expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(100);
  });

  it("and wasm takes the usual packets", async () => {
    const frames = Array.from({ length: 20 }, (_, i) => new Uint8Array(60).fill(i));
    const b = new Blocks().section().iface();
    for (const bytes of frames) b.enhanced(bytes);
    for (const bytes of [classic({ packets: frames.map((one) => ({ data: one })) }), b.bytes()]) {
      const reader = await openCapture(dir.put("usual.pcap", bytes));
      await withWasmTrace(1 << 16, 64, async (trace) => {
        expect(await reader.read(trace)).toBe(true);
        expect(trace.count).toBe(20);
        const { at } = ingestOn(trace.storage.memory as WebAssembly.Memory);
        expect(at.value).toBe(trace.offset[19] + 60 + (reader.format === "pcap" ? 0 : 4));
      });
      reader.close();
    }
  });
});
