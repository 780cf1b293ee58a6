/** Settings: where they stand (libbpf.test.ts holds that to libbpf), what they are, and what programs make of them. */
import { describe, expect, it } from "vitest";
import { ObjectError, fillKconfig, formatValue } from "./index.js";
import type { ObjectSpec } from "./index.js";
import { fixture } from "./testing/fixtures.js";

const spec = fixture("externs");

/** Values by name. */
function settings(object: ObjectSpec): Record<string, unknown> {
  const map = object.maps.find((m) => m.name === ".kconfig");
  const value = formatValue(object.btf ?? { types: [] }, map?.valueTypeId ?? 0, new Uint8Array(Buffer.from(map?.initial ?? "", "base64"))) as { readonly ".kconfig": readonly object[] };
  return Object.assign({}, ...value[".kconfig"]) as Record<string, unknown>;
}

describe("the map .kconfig", () => {
  it("is laid out as libbpf does: wide settings first, small before large, then by name", () => {
    const section = spec.btf?.types.find((t) => t.kind === "datasec" && t.name === ".kconfig");
    const places = section?.kind === "datasec" ? section.vars.map((v) => [spec.btf?.types[v.type], v.offset, v.size] as const) : [];
    expect(places.map(([type, offset, size]) => `${type?.kind === "var" ? type.name : ""} ${offset} ${size}`)).toEqual([
      "CONFIG_HZ 0 8",
      "CONFIG_IPV6 8 4",
      "LINUX_KERNEL_VERSION 12 4",
      "CONFIG_NOWHERE_SHORT 16 2",
      "CONFIG_BPF_SYSCALL 18 1",
      "CONFIG_NOWHERE_BOOL 19 1",
      "CONFIG_NOWHERE_CHAR 20 1",
      "CONFIG_DEFAULT_HOSTNAME 21 8",
    ]);
    expect(spec.maps.at(-1)).toMatchObject({ name: ".kconfig", valueSize: 29, flags: 0x480, maxEntries: 1 });
  });

  it("holds what Beeline's kernel has, and nothing for what is off", () => {
    expect(settings(fillKconfig(spec))).toEqual({
      CONFIG_HZ: 250,
      CONFIG_IPV6: "TRI_YES",
      LINUX_KERNEL_VERSION: 0x61200,
      CONFIG_NOWHERE_SHORT: 0,
      CONFIG_BPF_SYSCALL: true,
      CONFIG_NOWHERE_BOOL: false,
      CONFIG_NOWHERE_CHAR: 0,
      CONFIG_DEFAULT_HOSTNAME: "(none)",
    });
    expect(fillKconfig(fixture("calls"))).toEqual(fixture("calls"));
  });

  it("takes values as .config files have them", () => {
    const values = { LINUX_KERNEL_VERSION: "5.4.300", CONFIG_HZ: "0x3e8", CONFIG_IPV6: "m", CONFIG_BPF_SYSCALL: "n", CONFIG_NOWHERE_SHORT: "-5", CONFIG_NOWHERE_CHAR: "m", CONFIG_DEFAULT_HOSTNAME: '"longer than seven"', CONFIG_OF_NOBODY: "y" };
    expect(settings(fillKconfig(spec, values))).toEqual({
      CONFIG_HZ: 1000,
      CONFIG_IPV6: "TRI_MODULE",
      LINUX_KERNEL_VERSION: 0x504ff,
      CONFIG_NOWHERE_SHORT: -5,
      CONFIG_BPF_SYSCALL: false,
      CONFIG_NOWHERE_BOOL: false,
      CONFIG_NOWHERE_CHAR: 109,
      CONFIG_DEFAULT_HOSTNAME: "longer ",
    });
  });

  it.each([
    [{ CONFIG_HZ: "y" }, "setting CONFIG_HZ cannot be y: it is declared as __u64, which is a number"],
    [{ CONFIG_HZ: "fast" }, "this is no number"],
    [{ CONFIG_HZ: "-1" }, "which is 0 to 18446744073709551615"],
    [{ CONFIG_HZ: '"250"' }, "text needs an array of char"],
    [{ CONFIG_NOWHERE_SHORT: "32768" }, "which is -32768 to 32767"],
    [{ CONFIG_BPF_SYSCALL: "m" }, "m is no bool"],
    [{ CONFIG_BPF_SYSCALL: "2" }, "which is 0 to 1"],
    [{ CONFIG_IPV6: "1" }, "which is y, m or n"],
  ])("refuses %j: %s", (values, message) => {
    expect(() => fillKconfig(spec, values)).toThrow(ObjectError);
    expect(() => fillKconfig(spec, values)).toThrow(message);
  });

  it("asks for numbers and texts that nobody gave, where a program that runs needs them", () => {
    const programs = spec.programs.map((p) => ({ ...p, externs: p.externs?.map((e) => ({ ...e, weak: false })) ?? [] }));
    expect(() => fillKconfig(spec, {}, programs)).toThrow("externs.bpf.o: section .kconfig: the program needs the kernel setting short CONFIG_NOWHERE_SHORT, which has no value here: give it one (kconfig: CONFIG_NOWHERE_SHORT: …)");
    expect(settings(fillKconfig(spec, { CONFIG_NOWHERE_SHORT: "1" }, programs))).toMatchObject({ CONFIG_NOWHERE_CHAR: 110, CONFIG_NOWHERE_BOOL: false });
  });
});
