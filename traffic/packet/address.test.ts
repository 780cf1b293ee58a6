import * as fc from "fast-check";
import { isIPv4, isIPv6 } from "node:net";
import { describe, expect, it } from "vitest";
import { AddressError, formatIp, formatIpv6, formatMac, ipBytes, parseIp, parseIpv4, parseIpv6, parseMac } from "./address.js";
import { formatPrefix, parsePrefix, prefixContains } from "./prefix.js";

describe("IPv6 text", () => {
  // The examples of RFC 5952 sections 4.1 to 4.3 and 5, each form with its canonical one.
  it.each([
    ["2001:0db8::0001", "2001:db8::1"],
    ["2001:db8:0:0:0:0:2:1", "2001:db8::2:1"],
    ["2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:DB8::AAAA", "2001:db8::aaaa"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["::1", "::1"],
    ["fe80::", "fe80::"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
  ])("prints %s as %s", (text, canonical) => {
    expect(formatIpv6(parseIpv6(text))).toBe(canonical);
  });

  it.each(["", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8:9", "12345::", "g::", "fe80::1%eth0", "::1.2.3", "1.2.3.4::", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:"])(
    "refuses %j",
    (text) => {
      expect(() => parseIpv6(text)).toThrow(AddressError);
    },
  );

  it("comes back from its own print, which Node reads as IPv6 too", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 }), (words) => {
        const bytes = Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
        const text = formatIpv6(bytes);
        expect(isIPv6(text)).toBe(true);
        expect(parseIpv6(text)).toEqual(bytes);
      }),
    );
  });

  it("is accepted exactly where Node accepts it", () => {
    const piece = fc.constantFrom(":", "::", "0", "1", "ffff", "1.2.3.4", "256", "abc", "12345", ".");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 16 }), (pieces) => {
        const text = pieces.join("");
        let accepted = true;
        try {
          parseIp(text);
        } catch {
          accepted = false;
        }
        expect(accepted).toBe(isIPv4(text) || isIPv6(text));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("other addresses", () => {
  it("reads and prints", () => {
    expect(formatIp(parseIpv4("192.0.2.255"))).toBe("192.0.2.255");
    expect(formatMac(parseMac("0A-bb-C-dd-ee-ff"))).toBe("0a:bb:0c:dd:ee:ff");
    expect(ipBytes("::1")).toHaveLength(16);
  });

  it.each(["256.1.1.1", "1.2.3", "01.2.3.4", "1.2.3.4.5", "1.2.3.-4", " 1.2.3.4"])("refuses %j as IPv4", (text) => {
    expect(() => parseIpv4(text)).toThrow(`${JSON.stringify(text)} is not an IPv4 address`);
  });

  it.each(["aa:bb:cc:dd:ee", "aa:bb-cc:dd:ee:ff", "aabbccddeeff", "aa:bb:cc:dd:ee:fg"])("refuses %j as MAC", (text) => {
    expect(() => parseMac(text)).toThrow("is not a MAC address");
  });

  it("refuses bytes of a wrong length", () => {
    expect(() => ipBytes(new Uint8Array(5))).toThrow("5 bytes");
  });
});

describe("prefixes", () => {
  it.each(["0.0.0.0/0", "10.0.0.0/8", "192.0.2.128/25", "192.0.2.1/32", "::/0", "2001:db8::/33", "::1/128"])("%s comes back", (text) => {
    expect(formatPrefix(parsePrefix(text))).toBe(text);
  });

  it("takes a lone address for a prefix of full length", () => {
    expect(formatPrefix(parsePrefix("2001:db8::1"))).toBe("2001:db8::1/128");
  });

  it("suggests the network when host bits are set", () => {
    expect(() => parsePrefix("192.0.2.1/24")).toThrow("did you mean 192.0.2.0/24?");
  });

  it.each(["192.0.2.0/33", "::/129", "1.2.3.0/", "1.2.3.0/x", "/8", "1.2.3.0/24/8"])("refuses %j", (text) => {
    expect(() => parsePrefix(text)).toThrow(AddressError);
  });

  it("contains what agrees in its first bits", () => {
    const prefix = parsePrefix("192.0.2.128/25");
    expect(prefixContains(prefix, parseIp("192.0.2.200"))).toBe(true);
    expect(prefixContains(prefix, parseIp("192.0.2.127"))).toBe(false);
    expect(prefixContains(prefix, parseIp("::1"))).toBe(false);
    expect(prefixContains(parsePrefix("::/0"), parseIp("::1"))).toBe(true);
  });
});
