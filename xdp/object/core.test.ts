/** CO-RE against invented kernels; libbpf.test.ts holds the same and real ones to libbpf. */
import { describe, expect, it } from "vitest";
import { formatInsn } from "../isa/index.js";
import { ObjectError, btfTarget, relocateCore, specTarget } from "./index.js";
import type { BtfType, CoreRelocation, ObjectSpec, ProgramSpec } from "./index.js";
import { essentialName } from "./core_name.js";
import { btfOf, fixture, fixtureBytes } from "./testing/fixtures.js";

const spec = fixture("core");

function programOf(name: string): ProgramSpec {
  const found = spec.programs.find((p) => p.name === name);
  if (!found) throw new Error(`no program ${name}`);
  return found;
}

/** Instructions with relocations, `kind access: instruction`, after they have been adapted to the types of a fixture. */
function adapted(name: string, types: string): readonly string[] {
  const program = programOf(name);
  const { insns } = relocateCore(spec, program, btfTarget(btfOf(types), types));
  return (program.coreRelocations ?? []).map(({ insn, kind, access }) => `${kind} ${access}: ${formatInsn(insns[insn] ?? { op: 0, dst: 0, src: 0, off: 0, imm: 0 }, insns[insn + 1])}`);
}

describe("relocateCore", () => {
  it("moves fields, and takes loads and stores of the fields' new size", () => {
    expect(adapted("fields", "core_new")).toEqual([
      "field_byte_offset 0:2: *(u32 *)(r1 +16) = r2",
      "field_byte_offset 0:2: r2 = *(u32 *)(r1 +16)",
      "field_byte_offset 0:1: r3 = *(u64 *)(r1 +8)",
      "field_byte_offset 0:4:2:0: r2 = *(u32 *)(r1 +64)",
      "field_byte_offset 1:0: r0 = *(u64 *)(r1 +344)",
      "field_byte_offset 0:5: r1 = *(u64 *)(r1 +160)",
    ]);
    expect(adapted("fields", "core_old").slice(0, 3)).toEqual(["field_byte_offset 0:2: *(u16 *)(r1 +10) = r2", "field_byte_offset 0:2: r2 = *(u16 *)(r1 +10)", "field_byte_offset 0:1: call unknown#195896080"]);
  });

  it("answers what is asked of fields, types and enumerations", () => {
    const lines = adapted("questions", "core_new");
    // A struct of 176 bytes; signed bit field gone unsigned; a field of 5 bits at bit 1225 of the struct.
    for (const line of ["type_size 0: r2 = 176", "field_signed 0:7: r3 = 0", "field_byte_offset 0:6: r2 = 152", "field_byte_size 0:6: r4 = 4", "field_lshift_u64 0:6: r2 = 42", "field_rshift_u64 0:6: r0 = 59"]) {
      expect(lines).toContain(line);
    }
    expect(lines.filter((l) => l.startsWith("enumval"))).toEqual(["enumval_exists 1: r2 = 0x1", "enumval_value 1: r1 = 0x7", "enumval_exists 2: r3 = 0x0", "enumval_value 0: r1 = 0x9876543210"]);
    expect(adapted("questions", "core_old").filter((l) => /type_(?:exists|matches)|field_exists/.test(l)).map((l) => l.at(-1))).toEqual(["0", "1", "0", "0", "1", "0", "1", "1"]);
  });

  it("poisons what is not there, and says what and where", () => {
    const target = btfTarget(btfOf("core_new"), "core_new");
    const program = relocateCore(spec, programOf("guarded"), target);
    expect(program.poisoned).toEqual([{ insn: 8, reason: "struct device___before.rx_queue does not exist in core_new" }]);
    expect(program.insns[8]).toEqual({ op: 0x85, dst: 0, src: 0, off: 0, imm: 195896080 });
    expect(program.coreRelocations).toBeUndefined();
  });

  it("changes nothing against the object's own types, bit fields aside, which may be read in several ways", () => {
    for (const program of spec.programs.filter((p) => p.name !== "questions")) {
      const target = btfTarget(fixtureBytes("core"), "core");
      expect(relocateCore(spec, program, target).insns).toEqual(program.insns);
    }
    const plain = fixture("calls").programs[0] as ProgramSpec;
    expect(relocateCore(spec, plain, btfTarget(btfOf("core"), "core"))).toBe(plain);
  });

  it("finds the same types by name however the target is read", () => {
    const parsed = specTarget(spec.btf ?? { types: [] }, "parsed");
    const lazy = btfTarget(btfOf("core"), "lazy");
    for (const [id, type] of (spec.btf?.types ?? []).entries()) {
      if (type.kind !== "datasec" && type.kind !== "var" && type.kind !== "func") expect(lazy.type(id)).toEqual(type);
      if ("name" in type && type.name !== "") expect(lazy.candidates(type.name, type.kind)).toEqual(parsed.candidates(type.name, type.kind));
    }
    expect(lazy.candidates("device", "struct")).toHaveLength(2);
    expect(lazy.candidates("dev", "struct")).toEqual([]);
  });
});

describe("relocations that are not sound", () => {
  const target = btfTarget(btfOf("core"), "core");
  const program = programOf("fields");

  function relocated(relocation: Partial<CoreRelocation>, object: Pick<ObjectSpec, "file" | "btf"> = spec, against = target): ProgramSpec {
    const [first] = program.coreRelocations ?? [];
    if (!first) throw new Error("no relocations");
    return relocateCore(object, { ...program, coreRelocations: [{ ...first, ...relocation }] }, against);
  }

  it.each([
    [{ access: "" }, "is not a list of indices"],
    [{ access: "0:x" }, "is not a list of indices"],
    [{ access: "0:99" }, "struct device has no member 99"],
    [{ access: "0:2:1" }, "the access goes into a type of kind int"],
    [{ access: Array.from({ length: 65 }, () => "0").join(":") }, "deeper than 64"],
    [{ typeId: 99999 }, "without size"],
    [{ kind: "22" }, "not known"],
    [{ kind: "enumval_value" }, "no value of an enumeration"],
    [{ kind: "type_exists", access: "0:1" }, "none of a type"],
    [{ insn: 100000 }, "no such instruction"],
    [{ insn: 17 }, "the instruction"],
    [{ access: "0:1" }, "the instruction holds 12, and 8 is what should become 8"],
    [{ access: "4000:0" }, "the instruction holds 12"],
  ])("%j: %s", (relocation, message) => {
    expect(() => relocated(relocation)).toThrow(ObjectError);
    expect(() => relocated(relocation)).toThrow(message);
    expect(() => relocated(relocation)).toThrow("core.bpf.o: section xdp: program fields, instruction ");
  });

  it("refuses an answer that depends on which of two types is meant", () => {
    const types = [...(spec.btf?.types ?? [])];
    const id = types.findIndex((t) => t.kind === "struct" && t.name === "device");
    const device = types[id] as Extract<BtfType, { kind: "struct" | "union" }>;
    types.push({ ...device, name: "device___2", members: device.members.map((m) => ({ ...m, bitOffset: m.bitOffset + 64 })) });
    expect(() => relocated({}, spec, specTarget({ types }, "twice"))).toThrow("twice has several types of that name which differ in it");
  });

  it("does not follow types that hold themselves for ever", () => {
    const loop: BtfType = { kind: "struct", name: "device", size: 8, members: Array.from({ length: 10 }, () => ({ name: "", type: 1, bitOffset: 0, bitSize: 0 })) };
    expect(() => relocated({}, spec, specTarget({ types: [{ kind: "void" }, loop] }, "loop"))).toThrow("deeper than 64");
    const named: BtfType = { ...loop, members: Array.from({ length: 10 }, (_, i) => ({ name: `m${i}`, type: 1, bitOffset: 0, bitSize: 0 })) };
    const object = { file: "loop.o", btf: { types: [{ kind: "void" } as const, named] } };
    expect(() => relocated({ kind: "type_matches", typeId: 1, access: "0" }, object, specTarget(object.btf, "loop"))).toThrow("the instruction");
  });
});

describe("essentialName", () => {
  it.each([
    ["sk_buff", "sk_buff"],
    ["sk_buff___old", "sk_buff"],
    ["a___b___c", "a___b"],
    ["a____b", "a____b"],
    ["___a", "___a"],
    ["a___", "a___"],
    ["x__y", "x__y"],
  ])("%s: %s", (name, essential) => expect(essentialName(name)).toBe(essential));
});

describe("btfTarget", () => {
  it("takes raw BTF and ELF files, and nothing else", () => {
    expect(btfTarget(fixtureBytes("core_new"), "elf").candidates("device", "struct")).toHaveLength(1);
    expect(() => btfTarget(fixtureBytes("legacy_maps"), "legacy_maps.bpf.o")).toThrow("an ELF file without BTF");
    expect(() => btfTarget(new Uint8Array([1, 2, 3]), "short")).toThrow(ObjectError);
    expect(() => btfTarget(new TextEncoder().encode("not BTF at all, but text"), "text")).toThrow("magic");
    for (let length = 0; length < btfOf("core_old").length; length += 7) {
      try {
        btfTarget(btfOf("core_old").subarray(0, length), "cut").candidates("device", "struct");
      } catch (error) {
        expect(error).toBeInstanceOf(ObjectError);
      }
    }
  });
});
