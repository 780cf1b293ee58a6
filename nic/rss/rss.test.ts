import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frame, ipv4, ipv6, ports, traceOf } from "../testing/frames.js";
import type { FrameOptions } from "../testing/frames.js";
import { MICROSOFT_KEY, parseKey, symmetricKey } from "./key.js";
import { Rss } from "./rss.js";
import { toeplitzHash, toeplitzTable } from "./toeplitz.js";

/** Microsoft's verification suite: source, port, destination, port, hash of the addresses, hash with ports. */
const SUITE = [
  ["66.9.149.187", 2794, "161.142.100.80", 1766, 0x323e8fc2, 0x51ccc178],
  ["199.92.111.2", 14230, "65.69.140.83", 4739, 0xd718262a, 0xc626b0ea],
  ["24.19.198.95", 12898, "12.22.207.184", 38024, 0xd2d0a5de, 0x5c2b394a],
  ["38.27.205.30", 48228, "209.142.163.6", 2217, 0x82989176, 0xafc7327f],
  ["153.39.163.191", 44251, "202.188.127.2", 1303, 0x5d1809c5, 0x10e828a2],
  ["3ffe:2501:200:1fff::7", 2794, "3ffe:2501:200:3::1", 1766, 0x2cc18cd5, 0x40207d3d],
  ["3ffe:501:8::260:97ff:fe40:efab", 14230, "ff02::1", 4739, 0x0f0c461c, 0xdde51bbf],
  ["3ffe:1900:4545:3:200:f8ff:fe21:67cf", 44251, "fe80::200:f8ff:fe21:67cf", 38024, 0x4b61e985, 0x02d1feef],
] as const;

const address = (text: string): number[] => (text.includes(":") ? ipv6(text) : ipv4(text));
const TCP = 6;
const UDP = 17;

function classify(rss: Rss, frames: readonly Uint8Array[]): { hash: Uint32Array; queue: Uint16Array } {
  const trace = traceOf(frames);
  const hash = new Uint32Array(frames.length).fill(0xffffffff);
  const queue = new Uint16Array(frames.length).fill(0xffff);
  rss.classify(trace, hash, queue);
  return { hash, queue };
}
const hashOf = (rss: Rss, bytes: Uint8Array): number => classify(rss, [bytes]).hash[0];

/** The hash as Microsoft's document defines it, bit by bit over a big number; nothing shared with the tables. */
function slowToeplitz(key: Uint8Array, input: readonly number[]): number {
  const bits = Array.from(key, (byte) => byte.toString(2).padStart(8, "0")).join("") + "0".repeat(320);
  let hash = 0n;
  input.forEach((byte, position) => {
    for (let bit = 0; bit < 8; bit++) {
      if ((byte & (0x80 >> bit)) !== 0) hash ^= BigInt(`0b${bits.slice(position * 8 + bit, position * 8 + bit + 32)}`);
    }
  });
  return Number(hash);
}

const bytes = (min: number, max: number) => fc.uint8Array({ minLength: min, maxLength: max });

describe("Toeplitz", () => {
  it.each(SUITE)("%s:%i -> %s:%i as Microsoft's suite has it", (source, sourcePort, destination, destinationPort, l3, l4) => {
    const bytes = frame(address(source), address(destination), TCP, ports(sourcePort, destinationPort));
    expect(hashOf(new Rss({}, 4), bytes)).toBe(l4);
    expect(hashOf(new Rss({ fields: { tcp4: "sd", tcp6: "sd" } }, 4), bytes)).toBe(l3);
    expect(hashOf(new Rss({ keyBytes: 52 }, 4), bytes)).toBe(l4);
  });

  it("agrees with the definition for any key and input", () => {
    fc.assert(
      fc.property(fc.oneof(bytes(1, 60), bytes(40, 40), bytes(52, 52)), bytes(0, 36), (key, input) => {
        expect(toeplitzHash(toeplitzTable(key), input)).toBe(slowToeplitz(key, [...input]));
      }),
    );
  });

  it("gives both directions one hash with the symmetric key, and not with Microsoft's", () => {
    const symmetric = new Rss({ key: "symmetric" }, 8);
    const microsoft = new Rss({}, 8);
    const port = fc.integer({ min: 0, max: 65535 });
    const ends = (bytes: number) => fc.tuple(fc.uint8Array({ minLength: bytes, maxLength: bytes }), port, fc.uint8Array({ minLength: bytes, maxLength: bytes }), port);
    let differ = 0;
    fc.assert(
      fc.property(fc.oneof(ends(4), ends(16)), fc.constantFrom(TCP, UDP), ([a, aPort, b, bPort], protocol) => {
        const there = frame([...a], [...b], protocol, ports(aPort, bPort));
        const back = frame([...b], [...a], protocol, ports(bPort, aPort));
        expect(hashOf(symmetric, there)).toBe(hashOf(symmetric, back));
        if (hashOf(microsoft, there) !== hashOf(microsoft, back)) differ++;
      }),
    );
    expect(differ).toBeGreaterThan(50);
  });
});

describe("what enters the hash", () => {
  const a = ipv4("66.9.149.187");
  const b = ipv4("161.142.100.80");
  const a6 = ipv6("3ffe:2501:200:1fff::7");
  const b6 = ipv6("3ffe:2501:200:3::1");
  const l4 = ports(2794, 1766);
  const rss = new Rss({ fields: { sctp4: "sdfn", sctp6: "sdfn", esp4: "sdfn", ah6: "sdfn" } }, 16);
  const v4 = (protocol: number, options?: FrameOptions) => hashOf(rss, frame(a, b, protocol, l4, options));
  const v6 = (protocol: number, options?: FrameOptions) => hashOf(rss, frame(a6, b6, protocol, l4, options));

  it("skips VLAN and QinQ tags, two of them", () => {
    expect(v4(TCP, { vlans: [0x8100] })).toBe(0x51ccc178);
    expect(v4(UDP, { vlans: [0x88a8, 0x8100] })).toBe(0x51ccc178);
    expect(v4(UDP, { vlans: [0x88a8, 0x8100, 0x8100] })).toBe(0);
    expect(v6(TCP, { vlans: [0x88a8, 0x8100] })).toBe(0x40207d3d);
  });
  it("hashes fragments, the first and the last too, on addresses", () => {
    for (const fragment of [0x2000, 0x00b9, 0x20b9]) expect(v4(UDP, { fragment })).toBe(0x323e8fc2);
    expect(v4(UDP, { fragment: 0x4000 })).toBe(0x51ccc178);
    expect(v6(UDP, { extensions: [[44, 8]] })).toBe(0x2cc18cd5);
    expect(v6(UDP, { extensions: [[0, 8], [44, 8]] })).toBe(0x2cc18cd5);
  });
  it("finds layer 4 behind IPv4 options and IPv6 extension headers", () => {
    expect(v4(TCP, { options: 40 })).toBe(0x51ccc178);
    expect(v6(TCP, { extensions: [[0, 8], [43, 24], [60, 16]] })).toBe(0x40207d3d);
  });
  it("hashes other protocols on addresses, and SPI where ESP and AH ask for it", () => {
    expect(v4(1)).toBe(0x323e8fc2);
    expect(v6(58)).toBe(0x2cc18cd5);
    expect(v4(132)).toBe(0x51ccc178);
    expect(v4(50)).toBe(0x51ccc178);
    expect(v4(51)).toBe(0x323e8fc2);
    expect(v6(51)).toBe(0x40207d3d);
    expect(v6(50)).toBe(0x2cc18cd5);
    expect(v6(132)).toBe(0x40207d3d);
  });
  it("hashes on addresses where layer 4 is cut off", () => {
    const whole = frame(a, b, TCP, l4);
    expect(hashOf(rss, whole.subarray(0, 14 + 20 + 4))).toBe(0x51ccc178);
    expect(hashOf(rss, whole.subarray(0, 14 + 20 + 3))).toBe(0x323e8fc2);
    expect(hashOf(rss, frame(a, b, TCP, []))).toBe(0x323e8fc2);
  });
  it.each([["s", [...a]], ["d", [...b]], ["sf", [...a, 2794 >> 8, 2794 & 255]], ["n", [1766 >> 8, 1766 & 255]], ["dn", [...b, 1766 >> 8, 1766 & 255]]] as const)(
    "takes the fields of '%s' behind each other",
    (fields, input) => {
      const some = new Rss({ fields: { tcp4: fields } }, 4);
      expect(hashOf(some, frame(a, b, TCP, l4))).toBe(slowToeplitz(parseKey(MICROSOFT_KEY), input));
    },
  );
  it("takes single fields of IPv6 too", () => {
    const some = new Rss({ fields: { udp6: "df" } }, 4);
    expect(hashOf(some, frame(a6, b6, UDP, l4))).toBe(slowToeplitz(parseKey(MICROSOFT_KEY), [...b6, 2794 >> 8, 2794 & 255]));
  });
  it("gives hash 0 and queue 0 to all that is not IP, and never reads behind a frame", () => {
    const spread = new Rss({ indirection: { kind: "list", entries: [3] } }, 4);
    const good = frame(a, b, TCP, l4);
    const arp = good.slice();
    arp.set([0x08, 0x06], 12);
    const badVersion = good.slice();
    badVersion[14] = 0x55;
    const shortHeader = good.slice();
    shortHeader[14] = 0x44;
    const cut = [good.subarray(0, 0), good.subarray(0, 13), good.subarray(0, 14), good.subarray(0, 33)];
    const { hash, queue } = classify(spread, [arp, badVersion, shortHeader, ...cut, good]);
    expect([...hash.subarray(0, 7)]).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect([...queue]).toEqual([0, 0, 0, 0, 0, 0, 0, 3]);
  });
  it("takes any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom([], [8, 0, 0x45], [0x86, 0xdd, 0x60], [0x81, 0, 0, 0, 8, 0, 0x46]), (bytes, lead) => {
        if (bytes.length >= 12 + lead.length) bytes.set(lead, 12);
        const { hash, queue } = classify(rss, [bytes, new Uint8Array(200).fill(0xff)]);
        const alone = new Uint8Array(bytes.length);
        alone.set(bytes);
        expect(classify(rss, [alone]).hash[0]).toBe(hash[0]);
        expect(queue[0]).toBe(hash[0] === 0 ? 0 : rss.indirection[hash[0] % 128]);
      }),
    );
  });
  it("chooses queue 8 of 16 for the worked example (120 of 128)", () => {
    expect(classify(new Rss({}, 16), [frame(a, b, TCP, l4)]).queue[0]).toBe(8);
  });
});

describe("keys", () => {
  it("reads hex with and without colons, and names what is wrong", () => {
    const colons = MICROSOFT_KEY.match(/../g)!.join(":");
    expect(parseKey(colons)).toEqual(parseKey(MICROSOFT_KEY));
    expect(parseKey("symmetric", 52)).toEqual(symmetricKey(52));
    expect(() => parseKey(MICROSOFT_KEY, 52)).toThrow("RSS key has 40 bytes, and the device takes 52");
    expect(() => parseKey("6d:5x")).toThrow("is not hex bytes");
    expect(() => parseKey("6d5")).toThrow("is not hex bytes");
    expect(() => parseKey("")).toThrow("is not hex bytes");
  });
});

describe("hash fields", () => {
  it.each([
    [{ tcp4: "sdv" }, "tcp4: this NIC cannot hash on 'v' (VLAN tag): use letters of sdfn"],
    [{ udp4: "m" }, "udp4: this NIC cannot hash on 'm' (layer 2 destination): use letters of sdfn"],
    [{ udp6: "t" }, "udp6: this NIC cannot hash on 't' (layer 3 protocol): use letters of sdfn"],
    [{ tcp4: "x" }, "tcp4: no hash field 'x': use letters of sdfn"],
    [{ ipv4: "sdf" }, "ipv4: 'f' and 'n' need a layer 4 header: use letters of sd"],
    [{ tcp5: "sd" } as object, "no flow type 'tcp5'"],
  ])("refuses %o", (fields, message) => {
    expect(() => new Rss({ fields }, 4)).toThrow(message);
  });
});
