import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addBytes, foldSum, internetChecksum, sumsUp, updateChecksum } from "./checksum.js";

const bytes = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

describe("internet checksum", () => {
  it("gives the sum of RFC 1071 section 3", () => {
    const example = bytes("0001f203f4f5f6f7");
    expect(foldSum(addBytes(example, 0, 8))).toBe(0xddf2);
    expect(internetChecksum(example)).toBe(0x220d);
  });

  it("updates as the example of RFC 1624 section 4", () => {
    expect(updateChecksum(0xdd2f, 0x5555, 0x3285)).toBe(0x0000);
  });

  it("counts an odd last byte as the high half of a word", () => {
    expect(internetChecksum(bytes("0102ff"))).toBe(internetChecksum(bytes("0102ff00")));
  });

  it("equals a sum in BigInt, and sums up once it is written", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2, maxLength: 9000 }), (data) => {
        data[0] = data[1] = 0;
        let sum = 0n;
        for (let i = 0; i < data.length; i += 2) sum += (BigInt(data[i]) << 8n) | BigInt(data[i + 1] ?? 0);
        while (sum >> 16n) sum = (sum & 0xffffn) + (sum >> 16n);
        const checksum = internetChecksum(data);
        expect(checksum).toBe(Number(~sum & 0xffffn));
        data[0] = checksum >> 8;
        data[1] = checksum;
        expect(sumsUp(data, 0, data.length)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it("updated, still verifies, whatever word changes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 64 }), fc.nat(0xffff), fc.nat(), (data, to, where) => {
        const even = data.subarray(0, data.length & ~1);
        const at = 2 * (where % (even.length / 2));
        const before = internetChecksum(even);
        const from = (even[at] << 8) | even[at + 1];
        even[at] = to >> 8;
        even[at + 1] = to;
        expect(foldSum(addBytes(even, 0, even.length, updateChecksum(before, from, to)))).toBe(0xffff);
      }),
    );
  });
});
