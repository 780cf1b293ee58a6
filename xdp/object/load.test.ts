import { describe, expect, it } from "vitest";
import { BPF_PSEUDO_FUNC, BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE, LD_IMM64, disassemble, nameOf, validate } from "../isa/index.js";
import { ObjectError, loadObject, sectionType, typeName } from "./index.js";
import type { BtfSpec, ObjectSpec, ProgramSpec } from "./index.js";
import { FIXTURES, fixture, fixtureBytes } from "./testing/fixtures.js";

function program(spec: ObjectSpec, name: string): ProgramSpec {
  const found = spec.programs.find((p) => p.name === name);
  if (!found) throw new Error(`no program ${name}`);
  return found;
}

/** Bytes of a global-data map. */
function initial(spec: ObjectSpec, name: string): Buffer {
  return Buffer.from(spec.maps.find((m) => m.name === name)?.initial ?? "", "base64");
}

/** The legacy object with another type (and bind) in the symbols of its functions. */
function withFunctionType(type: number, bind?: number): Uint8Array {
  const bytes = fixtureBytes("legacy_maps");
  const view = new DataView(bytes.buffer);
  const sections = Number(view.getBigUint64(40, true));
  for (let i = 0; i < view.getUint16(60, true); i++) {
    const header = sections + i * 64;
    if (view.getUint32(header + 4, true) !== 2) continue;
    const start = Number(view.getBigUint64(header + 24, true));
    for (let at = start; at < start + Number(view.getBigUint64(header + 32, true)); at += 24) {
      const info = view.getUint8(at + 4);
      if ((info & 15) === 2) view.setUint8(at + 4, type | ((bind ?? info >> 4) << 4));
    }
  }
  return bytes;
}
/** Name of a variable by its type. */
function variableName(btf: BtfSpec | undefined, id: number): string {
  const type = btf?.types[id];
  return type?.kind === "var" ? type.name : "";
}

describe("every fixture", () => {
  it.each(Object.keys(FIXTURES))("%s loads: valid instructions, functions that cover them, lines in order", (name) => {
    const spec = fixture(name);
    expect(spec.programs.length).toBeGreaterThan(0);
    expect(spec.license).toMatch(name === "text_only" ? /^$/ : /GPL/);
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
    expect(fixture(name)).toEqual(spec);
    for (const p of spec.programs) {
      validate(p.insns);
      let at = 0;
      for (const f of p.functions) {
        expect(f.start).toBe(at);
        at = f.end;
      }
      expect(at).toBe(p.insns.length);
      expect(p.lines.map((l) => l.insn)).toEqual(p.lines.map((l) => l.insn).toSorted((a, b) => a - b));
    }
  });
});

describe("legacy maps, iproute2's form", () => {
  const spec = fixture("legacy_maps");

  it("reads definitions by symbol, inner maps by id", () => {
    expect(spec.btf).toBeUndefined();
    expect(spec.maps).toMatchObject([
      { name: "blocklist", type: "BPF_MAP_TYPE_LPM_TRIE", keySize: 8, valueSize: 8, maxEntries: 100, flags: 1 },
      { name: "counts", type: "BPF_MAP_TYPE_PERCPU_ARRAY", keySize: 4, valueSize: 8, maxEntries: 4 },
      { name: "inner", type: "BPF_MAP_TYPE_ARRAY" },
      { name: "outer", type: "BPF_MAP_TYPE_ARRAY_OF_MAPS", inner: { name: "inner", type: "BPF_MAP_TYPE_ARRAY", valueSize: 4 }, values: [{ key: 0, map: "inner" }] },
    ]);
    const references = program(spec, "filter").insns.filter((i) => i.op === LD_IMM64);
    expect(references.map((i) => [i.src, i.imm])).toEqual([1, 3, 0].map((index) => [BPF_PSEUDO_MAP_IDX, index]));
  });

  it("takes a section of its own name for XDP", () => {
    expect(spec.programs).toMatchObject([{ name: "filter", section: "xdp_filter", type: "xdp", attach: "device" }]);
  });

  it("reads objects whose functions have no type, by name and by section", () => {
    expect(loadObject(withFunctionType(0), "old.o").programs).toMatchObject([{ name: "filter" }]);
    // Local as well: nothing names the function then.
    expect(loadObject(withFunctionType(0, 0), "old.o").programs).toMatchObject([{ name: "xdp_filter", section: "xdp_filter" }]);
  });
});

describe("legacy maps of other sizes", () => {
  const { maps } = fixture("legacy_sizes");
  const named = (name: string): unknown => maps.find((m) => m.name === name);

  it("takes definitions of four words, of seven, and with what loaders put behind them", () => {
    expect(named("four")).toMatchObject({ type: "BPF_MAP_TYPE_HASH", keySize: 4, valueSize: 8, maxEntries: 16, flags: 0 });
    expect(named("seven")).toMatchObject({ type: "BPF_MAP_TYPE_ARRAY", keySize: 4, valueSize: 4, maxEntries: 3 });
    expect(named("many")).toMatchObject({ type: "BPF_MAP_TYPE_HASH", keySize: 8, valueSize: 16, maxEntries: 32, flags: 1 });
  });

  it("knows pinned maps, and which maps are in others from the start", () => {
    expect(maps.filter((m) => m.pinned).map((m) => m.name)).toEqual(["pinned"]);
    expect(named("outer")).toMatchObject({ type: "BPF_MAP_TYPE_HASH_OF_MAPS", inner: { name: "spare" }, values: [{ key: 2, map: "spare" }] });
  });
});

describe("objects of 2018 and 2019", () => {
  const spec = fixture("early");

  it("reads the samples' map definitions, inner maps by index, types by annotation", () => {
    const [plain, nested, first] = spec.maps;
    expect(plain).toMatchObject({ name: "plain", type: "BPF_MAP_TYPE_HASH", keySize: 4, valueSize: 16, maxEntries: 64, flags: 1 });
    expect(typeName(spec.btf ?? { types: [] }, plain?.valueTypeId ?? 0)).toBe("struct counters");
    expect(nested).toMatchObject({ name: "nested", inner: { name: "plain" } });
    expect(first).toMatchObject({ name: "first_form", type: "BPF_MAP_TYPE_ARRAY", keySize: 4, valueSize: 16, maxEntries: 9 });
  });

  it("takes a static function that starts its section for a program", () => {
    expect(spec.programs).toMatchObject([{ name: "from_2018", section: "prog", type: "xdp" }]);
  });

  it("takes global functions for programs where there is nothing but .text", () => {
    const { programs } = fixture("text_only");
    expect(programs).toMatchObject([{ name: "main_program", section: ".text", type: "xdp", functions: [{ name: "main_program" }, { name: "twice" }] }]);
  });
});

describe("sectionType", () => {
  it.each([
    ["xdp", "xdp", "device"],
    ["xdp/filter", "xdp", "device"],
    ["xdp-root", "xdp", "device"],
    ["xdp_devmap/egress", "xdp", "devmap"],
    ["xdp_cpumap", "xdp", "cpumap"],
    ["xdp_devmap_user", "xdp", "device"],
    ["filter", "xdp", "device"],
    ["tc", "sched_cls", "device"],
    ["classifier/ingress", "sched_cls", "device"],
    ["tcx/egress", "sched_cls", "device"],
    ["kprobe.multi/x", "kprobe", "device"],
    ["fentry.s/x", "tracing", "device"],
    ["tp_btf/xdp_redirect", "tracing", "device"],
    ["raw_tp.w/x", "raw_tracepoint_writable", "device"],
    ["raw_tracepoint/xdp_exception", "raw_tracepoint", "device"],
    ["cgroup/connect4", "cgroup_sock_addr", "device"],
    ["cgroup/dev", "cgroup_device", "device"],
    ["cgroup_skb/ingress", "cgroup_skb", "device"],
    ["socket", "socket_filter", "device"],
    ["?lwt_xmit", "lwt_xmit", "device"],
  ])("%s is %s on a %s", (section, type, attach) => {
    expect(sectionType(section)).toMatchObject({ type, attach, frags: false, autoload: !section.startsWith("?") });
  });
});

describe("functions", () => {
  const spec = fixture("calls");

  it("appends what a program reaches when it is first met, and nothing else", () => {
    expect(program(spec, "first").functions.map((f) => [f.name, f.linkage])).toEqual([
      ["first", "global"],
      ["mixed_twice", "global"],
      ["mix", "static"],
    ]);
    expect(program(spec, "second").functions.map((f) => f.name)).toEqual(["second", "mix", "add"]);
    expect(spec.programs.map((p) => p.name)).toEqual(["first", "second"]);
  });

  it("leads every call and every function address to a function's start", () => {
    for (const p of spec.programs) {
      const starts = new Set(p.functions.map((f) => f.start));
      const targets = p.insns.flatMap((insn, i) => (nameOf(insn) === "call_local" || (insn.op === LD_IMM64 && insn.src === BPF_PSEUDO_FUNC) ? [i + insn.imm + 1] : []));
      expect(targets.length).toBeGreaterThan(1);
      for (const target of targets) expect(starts).toContain(target);
    }
  });

  it("knows the type of each function and the source line of each instruction", () => {
    const second = program(spec, "second");
    for (const f of second.functions) {
      const type = spec.btf?.types[f.typeId ?? 0];
      expect(type?.kind === "func" && type.name).toBe(f.name);
    }
    const listing = disassemble(second.insns, second);
    expect(listing).toContain("; bpf_loop(4, add, &sum, 0); @ calls.bpf.c:31\n");
    expect(listing).toContain("mix:\n; asm volatile");
  });
});

describe("global data", () => {
  const spec = fixture("globals");

  it("makes an array of each section, as libbpf does", () => {
    expect(spec.maps.map(({ name, type, keySize, maxEntries, flags, dataSection }) => ({ name, type, keySize, maxEntries, flags, dataSection }))).toEqual(
      [[".rodata", 0x480], [".data", 0x400], [".data.tuning", 0x400], [".bss", 0x400]].map(([name, flags]) => ({ name, type: "BPF_MAP_TYPE_ARRAY", keySize: 4, maxEntries: 1, flags, dataSection: name })),
    );
    expect(initial(spec, ".data").readBigUInt64LE()).toBe(0x1122334455667788n);
    expect(initial(spec, ".data.tuning").readUInt32LE()).toBe(9);
    expect(initial(spec, ".bss")).toEqual(Buffer.alloc(16));
    expect(initial(spec, ".rodata").includes("port %u")).toBe(true);
  });

  it("places variables of BTF's data sections where the symbols are", () => {
    const { btf } = spec;
    const bss = btf?.types.find((t) => t.kind === "datasec" && t.name === ".bss");
    if (bss?.kind !== "datasec") throw new Error("no .bss");
    const names = bss.vars.map((v) => [variableName(btf, v.type), v.offset]);
    expect(names).toEqual([["total", 0], ["last", 8]]);
    expect(bss.size).toBe(16);
  });

  it("refers to variables and to sections with an offset", () => {
    const { insns } = program(spec, "counted");
    const references = new Set(insns.flatMap((insn, i) => (insn.op === LD_IMM64 ? [`${insn.src} ${spec.maps[insn.imm]?.name}+${insns[i + 1]?.imm}`] : [])));
    for (const expected of [".rodata+0", ".rodata+4", ".data+0", ".data+8", ".data.tuning+0", ".bss+0", ".bss+8"]) {
      expect(references).toContain(`${BPF_PSEUDO_MAP_IDX_VALUE} ${expected}`);
    }
  });
});

describe("values that the object sets", () => {
  it("fills prog arrays, by initialiser and by tag", () => {
    const spec = fixture("tail_calls");
    expect(spec.maps).toMatchObject([
      { name: "jumps", type: "BPF_MAP_TYPE_PROG_ARRAY", keySize: 4, valueSize: 4, maxEntries: 8, values: [{ key: 1, program: "drop" }, { key: 5, program: "pass" }] },
      { name: "tagged", values: [{ key: 1, program: "pass" }] },
    ]);
  });

  it("fills maps of maps and reads their templates", () => {
    const maps = new Map(fixture("map_in_map").maps.map((m) => [m.name, m]));
    expect(maps.get("by_index")).toMatchObject({ valueSize: 4, values: [{ key: 0, map: "blue" }, { key: 2, map: "red" }], inner: { type: "BPF_MAP_TYPE_ARRAY", maxEntries: 4, flags: 0x1000, valueSize: 8 } });
    expect(maps.get("by_hash")).toMatchObject({ type: "BPF_MAP_TYPE_HASH_OF_MAPS", inner: { type: "BPF_MAP_TYPE_HASH", keySize: 8, valueSize: 16, maxEntries: 32 } });
    expect(maps.get("by_hash")?.values).toBeUndefined();
  });
});

describe("several programs", () => {
  it("tells what each is by its section", () => {
    expect(fixture("several").programs.map(({ name, type, frags, attach, autoload }) => [name, type, frags, attach, autoload])).toEqual([
      ["plain", "xdp", false, "device", true],
      ["frags", "xdp", true, "device", true],
      ["on_devmap", "xdp", false, "devmap", true],
      ["on_cpumap", "xdp", true, "cpumap", true],
      ["asked_for", "xdp", false, "device", false],
      ["own_name", "xdp", false, "device", true],
      ["tc_program", "sched_cls", false, "device", true],
      ["kprobe_program", "kprobe", false, "device", true],
      ["replacement", "ext", false, "device", true],
    ]);
    expect(program(fixture("several"), "own_name").functions).toMatchObject([{ name: "own_name" }, { name: "beside", linkage: "static" }]);
  });
});

describe("v4", () => {
  it("reads the instructions that came last", () => {
    const names = new Set(program(fixture("v4"), "modern").insns.map(nameOf));
    for (const name of ["sdiv32", "smod32", "ldxsb", "ldxsh", "bswap64", "movs8_32", "atomic_fetch_or32", "atomic_cmpxchg64", "atomic_xchg32"]) expect(names).toContain(name);
  });
});

describe("what needs a kernel", () => {
  const spec = fixture("kernel");

  it("lists CO-RE relocations by instruction, with the object's own value in place", () => {
    const core = program(spec, "core");
    expect(core.coreRelocations).toMatchObject([{ insn: 0, kind: "field_byte_offset", access: "0:0" }]);
    const type = spec.btf?.types[core.coreRelocations?.[0]?.typeId ?? 0];
    expect(type).toMatchObject({ kind: "struct", name: "sk_buff" });
    expect(core.insns[0]?.imm).toBe(0);
  });

  it("lists what the program names of the kernel; what is weak is absent", () => {
    expect(program(spec, "kfunc").externs).toMatchObject([{ name: "bpf_dynptr_from_xdp", kind: "kfunc", weak: false }]);
    expect(program(spec, "ksym").externs).toMatchObject([{ name: "bpf_prog_active", kind: "ksym", weak: false }]);
    expect(program(spec, "kconfig").externs).toMatchObject([{ name: "LINUX_KERNEL_VERSION", kind: "kconfig", weak: false }]);
    const weak = program(spec, "weak");
    expect(weak.externs?.map((e) => [e.name, e.weak])).toEqual([["bpf_not_there", true], ["bpf_not_there", true], ["not_there", true]]);
    expect(weak.insns[weak.externs?.[2]?.insn ?? 0]).toMatchObject({ op: LD_IMM64, src: 0, imm: 0 });
  });
});

describe("files that are no BPF objects", () => {
  const good = fixtureBytes("several");
  const changed = (at: number, value: number): Uint8Array => {
    const bytes = good.slice();
    bytes[at] = value;
    return bytes;
  };

  it.each<[string, Uint8Array, string, string]>([
    ["empty", new Uint8Array(0), "invalid", "x.o: the file is empty"],
    ["text", new TextEncoder().encode("int main(void) {}\n"), "invalid", "x.o: not an ELF object"],
    ["cut in the header", good.slice(0, 40), "invalid", "cut off after 40 of 64 bytes"],
    ["cut in the middle", good.slice(0, good.length >> 1), "invalid", "cut off or corrupt"],
    ["32-bit", changed(4, 1), "unsupported", "32-bit"],
    ["big-endian", changed(5, 2), "unsupported", "big-endian"],
    ["for x86-64", changed(18, 62), "unsupported", "machine 62"],
    ["an executable", changed(16, 2), "unsupported", "type 2"],
  ])("refuses one that is %s", (_, bytes, kind, message) => {
    try {
      loadObject(bytes, "x.o");
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ObjectError);
      expect(error).toMatchObject({ kind, file: "x.o" });
      expect((error as ObjectError).message).toContain(message);
      expect((error as ObjectError).message).not.toContain("\n");
    }
  });
});

describe("an object that was linked of several", () => {
  it("has the functions that won, and maps and data of all", () => {
    const spec = fixture("linked");
    expect(spec.programs.map((p) => [p.name, p.functions.map((f) => f.name)])).toEqual([
      ["from_a", ["from_a", "pick", "elsewhere"]],
      ["from_b", ["from_b", "pick", "elsewhere"]],
      ["from_b_too", ["from_b_too", "elsewhere"]],
    ]);
    // The weak function asked for another member, and its relocation is still there.
    expect(program(spec, "from_a").coreRelocations).toHaveLength(1);
    expect(program(spec, "from_a").coreRelocations?.[0]?.typeId).toBe(program(spec, "from_b").coreRelocations?.[0]?.typeId);
    expect(initial(spec, ".data").length).toBe(12);
  });
});

describe("what maps say beyond their sizes", () => {
  it("reads numbers of 32 and of 64 bits", () => {
    expect(fixture("arena").maps).toMatchObject([
      { name: "arena", type: "BPF_MAP_TYPE_ARENA", flags: 0x400, maxEntries: 100, mapExtra: 2 ** 44 },
      { name: "bloom", type: "BPF_MAP_TYPE_BLOOM_FILTER", mapExtra: 3 },
    ]);
    expect(fixture("chain_first").maps.filter((m) => m.pinned).map((m) => m.name)).toEqual(["shared"]);
  });
});
