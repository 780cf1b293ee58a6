import { isIPv4, isIPv6 } from "node:net";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { AddressError, parseIp, parseMac, parsePrefix } from "./address.js";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

it.each([
  ["10.0.0.1", "0a000001"],
  ["255.255.255.255", "ffffffff"],
  ["::", "0".repeat(32)],
  ["::1", "1".padStart(32, "0")],
  ["2001:db8::", "20010db8".padEnd(32, "0")],
  ["2001:db8::5:0", `20010db8${"0".repeat(16)}00050000`],
  ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
  ["1::8", `0001${"0".repeat(24)}0008`],
  ["::ffff:10.1.2.3", `${"0".repeat(20)}ffff0a010203`],
  ["64:ff9b::192.0.2.1", `0064ff9b${"0".repeat(16)}c0000201`],
  ["::10.1.2.3", `${"0".repeat(24)}0a010203`],
])("address %s", (address, bytes) => {
  expect(text(parseIp(address))).toBe(bytes);
});

it("reads what Node calls an address, and nothing else", () => {
  const addresses = fc.oneof(fc.ipV4(), fc.ipV6(), fc.stringMatching(/^[0-9a-f:.]{1,20}$/), fc.stringMatching(/^(:?[0-9a-f]{0,4}){1,9}$/));
  fc.assert(
    fc.property(addresses, (address) => {
      const valid = isIPv4(address) || isIPv6(address);
      if (!valid) return void expect(() => parseIp(address)).toThrow(AddressError);
      const bytes = parseIp(address);
      expect(bytes).toHaveLength(isIPv4(address) ? 4 : 16);
      // The same address written out, read again.
      const full = isIPv4(address) ? [...bytes].join(".") : (text(bytes).match(/.{4}/g) as string[]).join(":");
      expect(text(parseIp(full))).toBe(text(bytes));
      if (isIPv6(address) && !address.includes(".")) expect(new URL(`http://[${full}]`).hostname).toBe(new URL(`http://[${address}]`).hostname);
    }),
    { numRuns: 2000 },
  );
});

it.each([
  ["10.1.2.3/8", "0a000000", 8],
  ["10.1.2.3", "0a010203", 32],
  ["10.1.255.255/17", "0a018000", 17],
  ["0.0.0.0/0", "00000000", 0],
  ["default", "00000000", 0],
  ["2001:db8:ffff::1/33", `20010db880000000${"0".repeat(16)}`, 33],
])("prefix %s", (prefix, bytes, length) => {
  const parsed = parsePrefix(prefix);
  expect(text(parsed.address)).toBe(bytes);
  expect(parsed.length).toBe(length);
});

it.each(["10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0/8", "/8", "10.0.0.0/-1", "10.0.0.0/8/8"])("%s is no prefix", (prefix) => {
  expect(() => parsePrefix(prefix)).toThrow(AddressError);
});

it("reads MAC addresses", () => {
  expect(text(parseMac("02:00:00:0a:BC:1"))).toBe("0200000abc01");
  for (const bad of ["", "02:00:00:00:00", "02:00:00:00:00:00:00", "02:00:00:00:00:0g", "020000000000"]) expect(() => parseMac(bad)).toThrow(AddressError);
});
