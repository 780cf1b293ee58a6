import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ObjectError, chainPrograms, loadObject, runConfig, setGlobals } from "./index.js";
import type { ChainedProgram, ObjectSpec } from "./index.js";
import { validate } from "../isa/index.js";
import { fixture } from "./testing/fixtures.js";

const LIBXDP = "/usr/lib/x86_64-linux-gnu/bpf/xdp-dispatcher.o";
const first = fixture("chain_first");
const second = fixture("chain_second");
const chained: readonly ChainedProgram[] = [{ object: second, program: "second" }, { object: first }];

function libxdp(): ObjectSpec | undefined {
  return existsSync(LIBXDP) ? loadObject(new Uint8Array(readFileSync(LIBXDP)), "xdp-dispatcher.o") : undefined;
}

/** The chain's two programs as they are called. */
function order(programs: readonly ChainedProgram[]): string[] {
  return (chainPrograms(programs).programs[0]?.functions ?? []).map((f) => f.name).filter((n) => n === "first" || n === "second");
}

describe("runConfig", () => {
  it("reads priority and chain-call actions, or has libxdp's", () => {
    expect(runConfig(first, "first")).toEqual({ priority: 10, chainCallActions: ["XDP_DROP", "XDP_PASS"] });
    expect(runConfig(second, "second")).toEqual({ priority: 50, chainCallActions: ["XDP_PASS"] });
    expect(runConfig(fixture("legacy_maps"), "filter")).toEqual({ priority: 50, chainCallActions: ["XDP_PASS"] });
  });
});

const DISPATCHERS = [["the built-in dispatcher", undefined], ["libxdp's dispatcher", libxdp()]] as const;

describe.each(DISPATCHERS)("a chain by %s", (name, dispatcher) => {
  it.skipIf(name.startsWith("libxdp") && dispatcher === undefined)("is one sound program, in the order of priorities, with all maps and types", () => {
    const chain = chainPrograms(chained, dispatcher ? { dispatcher } : {});
    const [main, ...others] = chain.programs;
    expect(main?.name).toBe("xdp_dispatcher");
    expect(others.map((p) => [p.name, p.type])).toEqual([["first", "xdp"], ["last", "xdp"], ["second", "xdp"]]);
    for (const program of chain.programs) validate(program.insns);
    const functions = main?.functions.map((f) => f.name).filter((f) => !/^prog\d|compat/.test(f));
    expect(functions).toEqual(["xdp_dispatcher", "first", "count", "second", "add"]);
    let at = 0;
    for (const f of main?.functions ?? []) {
      expect(f.start).toBe(at);
      at = f.end;
      const type = f.typeId === undefined ? undefined : chain.btf?.types[f.typeId];
      if (type) expect(type.kind === "func" && type.name).toBe(f.name);
    }
    expect(at).toBe(main?.insns.length);
    expect(main?.lines.find((l) => /bpf_loop/.test(l.text))?.file).toMatch(/chain_second\.bpf\.c$/);
    const own = dispatcher ? [".rodata"] : [];
    expect(chain.maps.map((m) => m.name)).toEqual([...own, "shared", "stats", ".bss", "jumps", "second.stats", dispatcher ? "second.rodata" : ".rodata", ".data"]);
    expect(chain.maps.find((m) => m.name === "jumps")?.values).toEqual([{ key: 1, program: "last" }]);
    for (const map of chain.maps.filter((m) => m.dataSection !== undefined)) {
      const section = chain.btf?.types[map.valueTypeId];
      expect(section?.kind === "datasec" && [section.name, section.size]).toEqual([map.name, map.valueSize]);
    }
    expect(JSON.parse(JSON.stringify(chain))).toEqual(chain);
    // Globals of all can still be set.
    expect(setGlobals(chain, { threshold: 7 })).not.toEqual(chain);
  });
});

describe("chainPrograms", () => {
  it("follows priorities and actions that are given, names where they are the same", () => {
    expect(order([{ object: first, priority: 60 }, { object: second, program: "second" }])).toEqual(["second", "first"]);
    expect(order([{ object: second, program: "second", priority: 10 }, { object: first }])).toEqual(["first", "second"]);
  });

  it("takes a program several times, with one set of maps", () => {
    const chain = chainPrograms([{ object: first }, { object: first }]);
    expect(chain.maps.map((m) => m.name)).toEqual(first.maps.map((m) => m.name));
    expect(chain.programs[0]?.functions.filter((f) => f.name === "first")).toHaveLength(2);
  });

  it("takes programs that are written to replace a function", () => {
    const several = fixture("several");
    expect(several.programs.find((p) => p.type === "ext")?.replaces).toBe("plain");
    const chain = chainPrograms([{ object: several, program: "replacement" }]);
    expect(chain.programs[0]?.functions.map((f) => f.name)).toEqual(["xdp_dispatcher", "replacement"]);
  });

  it("is for packets of several buffers only where all its programs are", () => {
    const several = fixture("several");
    expect(chainPrograms([{ object: several, program: "frags" }]).programs[0]?.frags).toBe(true);
    expect(chainPrograms([{ object: several, program: "frags" }, { object: several, program: "plain" }]).programs[0]?.frags).toBe(false);
  });

  it.each<[string, () => unknown, string]>([
    ["no programs", () => chainPrograms([]), "a chain has 1 to 10 programs, and this one 0"],
    ["eleven", () => chainPrograms(Array.from({ length: 11 }, () => ({ object: first }))), "a chain has 1 to 10 programs, and this one 11"],
    ["a program of another kind", () => chainPrograms([{ object: fixture("several"), program: "tc_program" }]), "program tc_program is of type sched_cls, and a chain runs XDP programs"],
    ["a program of a devmap", () => chainPrograms([{ object: fixture("several"), program: "on_devmap" }]), "program on_devmap is for a devmap"],
    ["a program that is not there", () => chainPrograms([{ object: first, program: "third" }]), "it has no program third"],
    ["what is no dispatcher", () => chainPrograms([{ object: first }], { dispatcher: fixture("globals") }), "it is no dispatcher for 1 programs: program counted calls no function prog0"],
    ["pinned maps that differ", () => chainPrograms([{ object: first }, { object: { ...second, maps: second.maps.map((m) => ({ ...m, maxEntries: 9 })) }, program: "second" }]), "map shared is pinned by name, and another object of the chain pins one of that name with other sizes, type or flags"],
  ])("refuses %s", (_, chain, message) => {
    expect(chain).toThrow(ObjectError);
    expect(chain).toThrow(message);
  });
});
