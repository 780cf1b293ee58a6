/** Captures of every kind that is read, and what can happen to their bytes. */
import * as fc from "fast-check";
import { gzipSync } from "node:zlib";
import { Blocks, classic } from "./capture-bytes.js";

/** One of each format and link type; the last two are gzip. */
export function samples(): Buffer[] {
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

/** A change of some bytes; `at` is in ten thousandths of the file. */
export const damage = fc.record({
  // Without bias: most changes would hit the magic number otherwise.
  at: fc.noBias(fc.nat(9999)),
  kind: fc.constantFrom("flip", "byte", "word", "remove", "insert", "cut"),
  value: fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff)),
});

export interface Damage {
  readonly at: number;
  readonly kind: string;
  readonly value: number;
}

/** `bytes` with all changes applied, in order. */
export function damaged(bytes: Buffer, changes: readonly Damage[]): Buffer {
  let out: Buffer = Buffer.from(bytes);
  for (const { at, kind, value } of changes) out = apply(out, Math.floor((at * out.length) / 10_000), kind, value);
  return out;
}

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
