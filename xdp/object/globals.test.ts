import { describe, expect, it } from "vitest";
import { GlobalError, formatValue, setGlobals } from "./index.js";
import type { Json, ObjectSpec } from "./index.js";
import { fixture } from "./testing/fixtures.js";

const spec = fixture("settable");

/** Values of a section's variables, by name. */
function section(object: ObjectSpec, name: string): Record<string, Json> {
  const map = object.maps.find((m) => m.name === name);
  const value = formatValue(object.btf ?? { types: [] }, map?.valueTypeId ?? 0, new Uint8Array(Buffer.from(map?.initial ?? "", "base64"))) as { readonly [section: string]: readonly Record<string, Json>[] };
  return Object.assign({}, ...(value[name] ?? [])) as Record<string, Json>;
}

describe("setGlobals", () => {
  it.each<[string, string, unknown, Json]>([
    [".rodata", "small", 255, 255],
    [".rodata", "small", "0xff", 255],
    [".rodata", "signed_small", "-128", -128],
    [".rodata", "port", "4789", 4789],
    [".rodata", "number", -70000, -70000],
    [".rodata", "large", "0x123456789abcdef", "81985529216486895"],
    [".rodata", "large", 2n ** 64n - 1n, "18446744073709551615"],
    [".rodata", "enabled", "true", true],
    [".rodata", "enabled", 1, true],
    [".rodata", "enabled", "no", false],
    [".rodata", "mode", "BLOCK", "BLOCK"],
    [".rodata", "mode", "-4", "BELOW"],
    [".rodata", "mode", 7, 7],
    [".rodata", "device", "lo", "lo"],
    [".rodata", "device", "", ""],
    [".rodata", "device", "123", "123"],
    [".rodata", "mac", "02:00:5e:10:00:ff", [2, 0, 0x5e, 0x10, 0, 255]],
    [".rodata", "mac", "0x0a0b0c0d0e0f", [10, 11, 12, 13, 14, 15]],
    [".rodata", "mac", [1, 2], [1, 2, 0, 0, 0, 0]],
    [".rodata", "table", "[7, 8]", [7, 8, 0]],
    [".rodata", "table", "7,8, 9", [7, 8, 9]],
    [".data.counters", "counter", "5", 5],
    [".data", "hidden", 9, 9],
    [".data", ".data.hidden", 9, 9],
    [".rodata", "rodata.port", 1, 1],
  ])("%s: %s = %o gives %o", (name, variable, value, expected) => {
    const before = section(spec, name);
    const set = setGlobals(spec, { [variable]: value });
    const short = variable.split(".").at(-1) ?? variable;
    expect(section(set, name)).toEqual({ ...before, [short]: expected });
    // Nothing else changes, the object that was given least of all.
    expect(section(spec, name)).toEqual(before);
    expect({ ...set, maps: [] }).toEqual({ ...spec, maps: [] });
  });

  it("sets elements, members and bit fields, and leaves their neighbours", () => {
    const set = setGlobals(spec, { "table[1]": 20, "rules[1].ports[0x1]": 443, "rules[1].on": true, "rules[1].low": 15, "rules[0].high": "0xabc", "rules[1].mac[5]": 7, "rules[1].mode": "BLOCK" });
    expect(section(set, ".rodata").table).toEqual([1, 20, 3]);
    expect(section(set, ".bss").rules).toEqual([
      { ports: [0, 0], on: false, low: "0x0", high: "0xabc", mac: [0, 0, 0, 0, 0, 0], mode: "OFF" },
      { ports: [0, 443], on: true, low: "0xf", high: "0x0", mac: [0, 0, 0, 0, 0, 7], mode: "BLOCK" },
    ]);
    const whole = setGlobals(set, { "rules[1]": '{"ports": [1, 2]}', "rules[0]": { mode: "COUNT" } });
    expect(section(whole, ".bss").rules).toMatchObject([{ high: "0x0", mode: "COUNT" }, { ports: [1, 2], on: false, mode: "OFF" }]);
  });

  it("tells variables of one name apart by their sections", () => {
    expect(section(setGlobals(spec, { "bump.twice": 8, twice: 7 }), ".bss")["bump.twice"]).toBe(8);
    // Objects that are linked of several may have two.
    const types = (spec.btf?.types ?? []).map((t) => (t.kind === "var" && t.name === "hidden" ? { ...t, name: "port" } : t));
    const linked = { ...spec, btf: { types } };
    expect(() => setGlobals(linked, { port: 1 })).toThrow("settable.bpf.o: global port: several variables have this name: say .data.port or .rodata.port");
    expect(section(setGlobals(linked, { ".data.port": 8 }), ".data").port).toBe(8);
  });

  it("takes an object without assignments as it is", () => {
    expect(setGlobals(spec, {})).toBe(spec);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ prot: 1 }, "global prot: there is no such variable; near it is port"],
    [{ nothing_like_it: 1 }, "there is no such variable; there are bump.twice, rules, hidden, counter, signed_small, port, number, mode, …"],
    [{ counters: 1 }, "near it is counter"],
    [{ small: 256 }, "global small: 256 is out of range: const volatile __u8 holds 0 to 255"],
    [{ small: -1 }, "-1 is out of range"],
    [{ signed_small: "128" }, "holds -128 to 127"],
    [{ large: "18446744073709551616" }, "is out of range"],
    [{ large: 2 ** 60 }, "write it as a string"],
    [{ number: "4 packets" }, "expected an integer"],
    [{ number: 1.5 }, "1.5 is not an integer"],
    [{ enabled: 2 }, "2 is out of range"],
    [{ enabled: "perhaps" }, "is no bool: say true or false"],
    [{ mode: "FAST" }, "FAST is no value of const volatile enum mode (OFF, COUNT, BLOCK, BELOW)"],
    [{ device: "wlan00000" }, "text of 9 bytes for 8"],
    [{ mac: "02:00" }, "02:00 has 2 bytes, and const volatile __u8 [6] 6"],
    [{ mac: "not hex!" }, "is no list"],
    [{ ratio: 0.25 }, "programs have no floating-point numbers"],
    [{ table: [1, 2, 3, 4] }, "4 elements for an array of 3"],
    [{ table: [1, -2] }, "[1]: -2 is out of range"],
    [{ table: 5 }, "set its elements with NAME[0]"],
    [{ "table[3]": 5 }, "[3] is beyond its 3 elements"],
    [{ "table.x": 5 }, "has no members"],
    [{ "port[0]": 5 }, "is no array"],
    [{ "rules[0].prots": 5 }, "struct rule has no member prots (its members are ports, on, low, high, (anonymous), mode)"],
    [{ "rules[0].low": 16 }, "16 does not fit 4 bits"],
    [{ "rules[0]": "x" }, "set its members with NAME.member"],
    [{ "rules[0": 1 }, "cannot read [0"],
    [{ "rules[0]": { ports: [1, 70000] } }, ".ports[1]: 70000 is out of range"],
    [{ port: null }, "null is no value"],
    [{ port: undefined }, "a value is missing"],
    [{ "": 1 }, "there is no such variable"],
    [{ __proto__x: 1 }, "there is no such variable"],
  ])("refuses %j: %s", (assignments, message) => {
    expect(() => setGlobals(spec, assignments)).toThrow(GlobalError);
    expect(() => setGlobals(spec, assignments)).toThrow(message);
    try {
      setGlobals(spec, assignments);
    } catch (error) {
      expect((error as Error).message).not.toContain("\n");
    }
  });

  it("says where there are no globals, or none that have names", () => {
    expect(() => setGlobals(fixture("legacy_maps"), { x: 1 })).toThrow("legacy_maps.bpf.o: global x: the object has no global variables");
    const { btf: _, ...bare } = spec;
    expect(() => setGlobals(bare, { port: 1 })).toThrow("the object has no BTF that says where its variables are (compile with -g)");
  });
});
