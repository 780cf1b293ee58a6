import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AhView } from "./ah.js";
import { ArpView } from "./arp.js";
import { packet } from "./builder.js";
import { dissect } from "./dissect.js";
import { EthernetView } from "./ethernet.js";
import { GreView } from "./gre.js";
import { IcmpView } from "./icmp.js";
import { Icmpv6View } from "./icmpv6.js";
import { Ipv4View } from "./ipv4.js";
import { Ipv6View } from "./ipv6.js";
import { Ipv6FragmentView } from "./ipv6-fragment.js";
import { Ipv6OptionsView } from "./ipv6-options.js";
import { Ipv6RoutingView } from "./ipv6-routing.js";
import { TcpView } from "./tcp.js";
import { decodeTcpOptions, encodeTcpOptions } from "./tcp-options.js";
import type { TcpOptions } from "./tcp-options.js";
import { UdpView } from "./udp.js";
import type { View } from "./view.js";
import { VlanView } from "./vlan.js";
import { VxlanView } from "./vxlan.js";

/** A field: the bit at which the standard draws it, and its width. */
type Field = readonly [name: string, bit: number, bits: number];

/** Fields where the RFCs' diagrams have them, counted in bits from the start of the header. */
const LAYOUTS: readonly (readonly [new (bytes: Uint8Array, offset?: number) => View, ...Field[]])[] = [
  [EthernetView, ["dst", 0, 48], ["src", 48, 48], ["type", 96, 16]],
  [VlanView, ["tci", 0, 16], ["priority", 0, 3], ["dropEligible", 3, 1], ["id", 4, 12], ["type", 16, 16]],
  [ArpView, ["hardwareType", 0, 16], ["protocolType", 16, 16], ["hardwareSize", 32, 8], ["protocolSize", 40, 8], ["operation", 48, 16], ["senderMac", 64, 48], ["senderIp", 112, 32], ["targetMac", 144, 48], ["targetIp", 192, 32]],
  [Ipv4View, ["version", 0, 4], ["ihl", 4, 4], ["tos", 8, 8], ["totalLength", 16, 16], ["id", 32, 16], ["dontFragment", 49, 1], ["moreFragments", 50, 1], ["ttl", 64, 8], ["nextProtocol", 72, 8], ["checksum", 80, 16], ["src", 96, 32], ["dst", 128, 32]],
  [Ipv6View, ["version", 0, 4], ["trafficClass", 4, 8], ["flowLabel", 12, 20], ["payloadLength", 32, 16], ["nextProtocol", 48, 8], ["hopLimit", 56, 8], ["src", 64, 128], ["dst", 192, 128]],
  [Ipv6OptionsView, ["nextProtocol", 0, 8], ["lengthUnits", 8, 8]],
  [Ipv6RoutingView, ["nextProtocol", 0, 8], ["lengthUnits", 8, 8], ["type", 16, 8], ["segmentsLeft", 24, 8]],
  [Ipv6FragmentView, ["nextProtocol", 0, 8], ["moreFragments", 31, 1], ["id", 32, 32]],
  [AhView, ["nextProtocol", 0, 8], ["lengthUnits", 8, 8], ["spi", 32, 32], ["sequence", 64, 32]],
  [TcpView, ["srcPort", 0, 16], ["dstPort", 16, 16], ["sequence", 32, 32], ["acknowledgement", 64, 32], ["dataOffset", 96, 4], ["flags", 104, 8], ["window", 112, 16], ["checksum", 128, 16], ["urgent", 144, 16]],
  [UdpView, ["srcPort", 0, 16], ["dstPort", 16, 16], ["length", 32, 16], ["checksum", 48, 16]],
  [IcmpView, ["type", 0, 8], ["code", 8, 8], ["checksum", 16, 16], ["id", 32, 16], ["sequence", 48, 16]],
  [Icmpv6View, ["type", 0, 8], ["code", 8, 8], ["checksum", 16, 16], ["body", 32, 32], ["id", 32, 16], ["sequence", 48, 16], ["target", 64, 128]],
  [GreView, ["flags", 0, 8], ["type", 16, 16]],
  [VxlanView, ["flags", 0, 8], ["vni", 32, 24]],
];

function readBits(bytes: Uint8Array, bit: number, bits: number): bigint {
  let value = 0n;
  for (let i = bit; i < bit + bits; i++) value = (value << 1n) | BigInt((bytes[i >> 3] >> (7 - (i & 7))) & 1);
  return value;
}

function asBits(value: unknown): bigint {
  if (value instanceof Uint8Array) return value.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return BigInt(value as number | boolean);
}

describe.each(LAYOUTS.map(([Class, ...fields]) => ({ Class, name: Class.name, fields })))("$name", ({ Class, fields }) => {
  it("reads each field where the standard has it, and writes no other bit", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 60, maxLength: 60 }), fc.uint8Array({ minLength: 60, maxLength: 60 }), fc.nat(12), (bytes, other, offset) => {
        for (const [name, bit, bits] of fields) {
          const at = offset * 8 + bit;
          const view = new Class(bytes, offset);
          const donor = new Class(other, offset);
          expect(asBits(Reflect.get(view, name)), name).toBe(readBits(bytes, at, bits));
          const before = bytes.slice();
          Reflect.set(view, name, Reflect.get(donor, name));
          expect(readBits(bytes, at, bits), name).toBe(readBits(other, at, bits));
          expect(readBits(bytes, 0, at), `before ${name}`).toBe(readBits(before, 0, at));
          expect(readBits(bytes, at + bits, 480 - at - bits), `after ${name}`).toBe(readBits(before, at + bits, 480 - at - bits));
        }
      }),
      { numRuns: 30 },
    );
  });

  it("gives zeros and no error behind the end of the bytes", () => {
    for (const [name] of fields) {
      const value: unknown = Reflect.get(new Class(new Uint8Array(0)), name);
      expect(value instanceof Uint8Array ? value.length : Number(value), name).toBe(0);
    }
    expect(new Class(new Uint8Array(0)).fits).toBe(false);
    expect(new Class(new Uint8Array(0)).payload).toHaveLength(0);
  });
});

describe("fields in units of 8 bytes", () => {
  it("are read and written as bytes, beside the flags", () => {
    const ipv4 = new Ipv4View(Uint8Array.from({ length: 20 }, () => 0xff));
    ipv4.fragmentOffset = 8 * 0x123;
    expect([ipv4.bytes[6], ipv4.bytes[7], ipv4.fragmentOffset]).toEqual([0xe1, 0x23, 8 * 0x123]);
    const ipv6 = new Ipv6FragmentView(Uint8Array.from({ length: 8 }, () => 0xff));
    ipv6.fragmentOffset = 8 * 0x123;
    expect([ipv6.bytes[2], ipv6.bytes[3], ipv6.fragmentOffset]).toEqual([0x09, 0x1f, 8 * 0x123]);
  });
});

describe("GRE's optional fields", () => {
  it.each([0x00, 0x10, 0x20, 0x30, 0x80, 0x90, 0xa0, 0xb0])("move with flags %i", (flags) => {
    const bytes = new Uint8Array(16);
    const view = new GreView(bytes);
    view.flags = flags;
    view.key = 0x11223344;
    view.sequence = 0x55667788;
    const words = [flags & 0x80 ? "00000000" : "", flags & 0x20 ? "11223344" : "", flags & 0x10 ? "55667788" : ""].join("");
    expect(Buffer.from(bytes.subarray(4)).toString("hex")).toBe(words.padEnd(24, "0"));
    expect(view.headerLength).toBe(4 + words.length / 2);
    expect([view.key, view.sequence]).toEqual([flags & 0x20 ? 0x11223344 : 0, flags & 0x10 ? 0x55667788 : 0]);
  });
});

describe("TCP options", () => {
  it("come back from their bytes", () => {
    const u32 = fc.nat(0xffffffff);
    const options = fc.record<TcpOptions>(
      {
        mss: fc.nat(0xffff),
        windowScale: fc.nat(14),
        sackPermitted: fc.constant(true),
        timestamps: fc.record({ value: u32, echo: u32 }),
        sack: fc.array(fc.tuple(u32, u32), { minLength: 1, maxLength: 1 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(options, (given) => {
        expect(decodeTcpOptions(encodeTcpOptions(given))).toEqual(given);
      }),
    );
  });

  it("survive any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(decodeTcpOptions(bytes)).toBeTypeOf("object");
      }),
    );
    expect(decodeTcpOptions(Uint8Array.of(2, 4, 5))).toEqual({});
    expect(decodeTcpOptions(Uint8Array.of(8, 0, 2, 4, 5, 180))).toEqual({});
    expect(decodeTcpOptions(Uint8Array.of(1, 2, 4, 5, 180, 0, 3, 3, 7))).toEqual({ mss: 1460 });
  });
});

const cut = (frame: Uint8Array): string | undefined => dissect(frame).cut;

describe("dissect", () => {
  it("ends at what it cannot believe", () => {
    const v4 = { src: "10.0.0.1", dst: "10.0.0.2" };
    expect(cut(packet().eth().ipv4({ ...v4, ihl: 4 }).udp().build())).toBe("ipv4");
    expect(cut(packet().eth().ipv4({ ...v4, version: 6 }).udp().build())).toBe("ipv4");
    expect(cut(packet().eth().ipv4({ ...v4, totalLength: 24 }).udp().build())).toBe("udp");
    expect(cut(packet().eth().ipv4(v4).tcp({ dataOffset: 4 }).build())).toBe("tcp");
    expect(cut(packet().eth().ipv4(v4).tcp({ dataOffset: 6 }).build())).toBe("tcp");
    expect(cut(packet().eth().ipv6({ src: "::1", dst: "::2" }).hopByHop({ lengthUnits: 9 }).udp().build())).toBe("hop-by-hop");
  });

  it("does not take hop-by-hop options for a protocol of IPv4", () => {
    const frame = packet().eth().ipv4({ src: "10.0.0.1", dst: "10.0.0.2", protocol: 0 }).payload(8).build();
    expect(dissect(frame).headers.map((view) => view.protocol)).toEqual(["ethernet", "ipv4"]);
  });

  it("begins where it is told, and stops in a stack without end", () => {
    const ip = packet().ipv4({ src: "10.0.0.1", dst: "10.0.0.2" }).udp().payload(3);
    expect(dissect(ip.build(), "ipv4").headers.map((view) => view.protocol)).toEqual(["ipv4", "udp"]);
    let tags = packet().eth();
    for (let i = 0; i < 2000; i++) tags = tags.vlan();
    expect(dissect(tags.build()).headers).toHaveLength(64);
  });
});
