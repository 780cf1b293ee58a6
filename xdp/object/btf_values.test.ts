import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BtfValueError, formatValue, parseValue, sizeOfType, typeName } from "./index.js";
import type { BtfSpec, Json } from "./index.js";
import { fixture } from "./testing/fixtures.js";

const spec = fixture("types");
const btf = spec.btf as BtfSpec;
const value = spec.maps[0]?.valueTypeId ?? 0;

const whole = {
  name: "eth0",
  raw: [1, 2, 255, 4],
  small: -2,
  flag: true,
  color: "GREEN",
  big: "18446744073709551615",
  three: "0x5",
  five: "0x1a",
  pointer: 4096,
  u: 67305985,
  bytes: [1, 2, 3, 4],
  s1: -1,
  s2: 258,
  list: [{ a: [1, 2, 3] }, { a: [4, 5, 6] }],
  large: "HUGE",
  real: 0.5,
  wide: "0x100000000000000000000000000000001",
  function: 0,
  next: [1, 2, 3],
};

describe("formatValue and parseValue", () => {
  it("write and read every kind of type", () => {
    // 128 bits are as many as there are: the constant above is one digit too long.
    const json = { ...whole, wide: "0x10000000000000000000000000000001" };
    const bytes = parseValue(btf, value, json);
    expect(bytes.length).toBe(sizeOfType(btf, value));
    expect(Buffer.from(bytes.subarray(0, 8)).toString("latin1")).toBe("eth0\0\0\0\0");
    expect(formatValue(btf, value, bytes)).toEqual(json);
    expect(() => parseValue(btf, value, whole)).toThrow("value.wide: ");
  });

  it("take bytes to JSON and back unchanged", () => {
    const size = sizeOfType(btf, value) ?? 0;
    fc.assert(
      fc.property(fc.uint8Array({ minLength: size, maxLength: size }), (bytes) => {
        const json = JSON.parse(JSON.stringify(formatValue(btf, value, bytes))) as Json;
        const again = parseValue(btf, value, json);
        expect(formatValue(btf, value, again)).toEqual(json);
      }),
    );
  });

  it("read what bpftool writes: anonymous members under an empty name, numbers as text, missing members", () => {
    const text = '{"name":"ab","":{"u":7},"color":-1,"big":"0x10","three":"0x2"}';
    const bytes = parseValue(btf, value, JSON.parse(text) as Json);
    expect(formatValue(btf, value, bytes)).toMatchObject({ name: "ab", u: 7, bytes: [7, 0, 0, 0], color: "BLUE", big: 16, three: "0x2", five: "0x0", s1: 0 });
  });

  it("write data sections as bpftool does", () => {
    const globals = fixture("globals");
    const data = globals.maps.find((m) => m.name === ".data");
    const bytes = new Uint8Array(Buffer.from(data?.initial ?? "", "base64"));
    const json = formatValue(globals.btf as BtfSpec, data?.valueTypeId ?? 0, bytes);
    expect(json).toEqual({ ".data": [{ hits: "1234605616436508552" }, { state: 5 }] });
    expect(parseValue(globals.btf as BtfSpec, data?.valueTypeId ?? 0, json)).toEqual(bytes);
  });

  it.each<[Json, string]>([
    [{ nope: 1 }, "value.nope: there is no such field (fields are name, raw,"],
    [{ raw: [1, 2, 3, 4, 5] }, "value.raw: 5 elements for an array of 4"],
    [{ raw: [1, 256] }, "value.raw[1]: 256 does not fit 8 bits"],
    [{ raw: "abcd" }, "value.raw: expected an array of 4"],
    [{ name: "too long a name" }, "value.name: text of 15 bytes for 8"],
    [{ three: 8 }, "value.three: 8 does not fit 3 bits"],
    [{ color: "MAUVE" }, "value.color: MAUVE is no value of enum color (RED, GREEN, BLUE)"],
    [{ big: 2 ** 60 }, "value.big: 1152921504606847000 is too large for a JSON number"],
    [{ big: 1.5 }, "value.big: 1.5 is not an integer"],
    [{ big: null }, "value.big: expected an integer, got null"],
    [{ list: [{}, { a: [1, "x"] }] }, 'value.list[1].a[1]: expected an integer, got "x"'],
    [7, "value: expected an object"],
  ])("refuse %j", (json, message) => {
    expect(() => parseValue(btf, value, json)).toThrow(BtfValueError);
    expect(() => parseValue(btf, value, json)).toThrow(message);
  });

  it("refuse bytes that are too few", () => {
    expect(() => formatValue(btf, value, new Uint8Array(5))).toThrow("takes bytes 0 to");
  });
});

describe("typeName", () => {
  const struct = btf.types[value];
  const member = (name: string): number => (struct?.kind === "struct" ? (struct.members.find((m) => m.name === name)?.type ?? 0) : 0);

  it.each([
    ["name", "char name[8]"],
    ["big", "__u64 big"],
    ["pointer", "const void *pointer"],
    ["color", "enum color color"],
    ["list", "struct (anonymous) list[2]"],
    ["function", "int (*function)(int, const char *)"],
    ["next", "const struct everything *const *next[3]"],
  ])("writes %s as C", (name, text) => expect(typeName(btf, member(name), name)).toBe(text));

  it("writes types without a name to declare", () => {
    expect(typeName(btf, member("next"))).toBe("const struct everything *const *[3]");
    expect(typeName(btf, member("name"))).toBe("char[8]");
    expect(typeName(btf, value)).toBe("struct everything");
    expect(typeName(btf, 0)).toBe("void");
  });
});
