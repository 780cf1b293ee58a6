import { describe, expect, it } from "vitest";
import { ObjectError, selectProgram, summarizeObject } from "./index.js";
import type { ObjectSpec } from "./index.js";
import { fixture } from "./testing/fixtures.js";

function without(spec: ObjectSpec, type: string): ObjectSpec {
  return { ...spec, programs: spec.programs.filter((p) => p.type !== type) };
}

describe("selectProgram", () => {
  const several = fixture("several");

  it("takes the only XDP program, and one by the name of its function or its section", () => {
    expect(selectProgram(fixture("globals")).name).toBe("counted");
    expect(selectProgram(several, "frags").name).toBe("frags");
    expect(selectProgram(several, "xdp.frags").name).toBe("frags");
    expect(selectProgram(several, "?xdp").name).toBe("asked_for");
    expect(selectProgram(several, "tc", { anyType: true }).name).toBe("tc_program");
    // Beside one program for a device, those for devmaps and cpumaps need not be told apart.
    const device = { ...several, programs: several.programs.filter((p) => p.name === "plain" || p.attach !== "device") };
    expect(selectProgram(device).name).toBe("plain");
  });

  it.each<[string, () => unknown, string]>([
    ["no XDP program", () => selectProgram(without(several, "xdp")), "several.bpf.o: it has no XDP program; it has tc_program (sched_cls, section tc), kprobe_program (kprobe, section kprobe/sys_exit), replacement (ext, section freplace/plain)"],
    ["no program", () => selectProgram({ ...several, programs: [] }), "it has no programs at all"],
    ["several and no entry", () => selectProgram(fixture("calls")), "calls.bpf.o: it has 2 XDP programs, choose one with --entry: first (section xdp), second (section xdp)"],
    ["an entry that is not there", () => selectProgram(fixture("calls"), "third"), "it has no program third; it has first (section xdp), second (section xdp)"],
    ["an entry of another type", () => selectProgram(several, "tc_program"), "program tc_program is of type sched_cls, not xdp"],
    ["a section of two programs", () => selectProgram(fixture("calls"), "xdp"), "2 programs are called xdp"],
  ])("refuses %s", (_, select, message) => {
    expect(select).toThrow(ObjectError);
    expect(select).toThrow(message);
  });

  it("leaves to the place of the run what a kernel has to give, but not what the object should define", () => {
    for (const name of ["core", "kfunc", "ksym", "kconfig", "weak"]) expect(selectProgram(fixture("kernel"), name).name).toBe(name);
    const spec = fixture("globals");
    const needy = { ...spec, programs: spec.programs.map((p) => ({ ...p, externs: [{ insn: 0, name: "elsewhere", kind: "undefined" as const, weak: false }] })) };
    expect(() => selectProgram(needy)).toThrow("section xdp: program counted needs functions or variables that the object does not define: elsewhere");
  });
});

describe("summarizeObject", () => {
  it("counts instructions, names helpers, functions and maps", () => {
    const summary = summarizeObject(fixture("calls"));
    expect(summary).toMatchObject({ license: "Dual BSD/GPL", btf: true, maps: [] });
    const second = summary.programs.find((p) => p.name === "second");
    expect(second).toMatchObject({ functions: ["second", "mix", "add"], helpers: [181], slots: 27, instructions: 26 });
    expect(second?.opcodes).toMatchObject({ ld_imm64: 1, call: 1, call_local: 2, exit: 3 });
    const tail = summarizeObject(fixture("tail_calls"));
    expect(tail.programs.find((p) => p.name === "entry")).toMatchObject({ helpers: [12], maps: ["jumps", "tagged"] });
    expect(tail.maps).toMatchObject([{ name: "jumps", values: 2 }, { name: "tagged", values: 1 }]);
    expect(summarizeObject(fixture("kernel")).programs.find((p) => p.name === "kfunc")?.kfuncs).toEqual(["bpf_dynptr_from_xdp"]);
  });
});
