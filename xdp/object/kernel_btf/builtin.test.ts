import { describe, expect, it } from "vitest";
import { sizeOfType, typeOf } from "../btf_types.js";
import { kernelTarget, relocateCore } from "../index.js";
import type { BtfType, ProgramSpec } from "../index.js";
import { fixture } from "../testing/fixtures.js";
import { builtinTarget, builtinTypes } from "./builtin.js";
import { parseTypes } from "./parse.js";

const kernel = kernelTarget();
const types = builtinTypes();

function value(name: string, label: string): string | undefined {
  const type = typeOf(types, builtinTarget().candidates(name, "enum")[0] ?? 0);
  return type.kind === "enum" ? type.values.find((v) => v.name === label)?.value : undefined;
}

describe("the built-in BTF", () => {
  it("has sound types: members within their structs, ids that are there", () => {
    expect(JSON.parse(JSON.stringify(types))).toEqual(types);
    for (const type of types.types) {
      if (type.kind !== "struct" && type.kind !== "union") continue;
      for (const member of type.members) {
        expect(types.types[member.type]).toBeDefined();
        const bits = member.bitSize || (sizeOfType(types, member.type) ?? Number.NaN) * 8;
        expect(member.bitOffset + bits, `${type.name}.${member.name}`).toBeLessThanOrEqual(type.size * 8);
      }
    }
  });

  it.each([
    ["struct", "xdp_md", 24],
    ["struct", "ethhdr", 14],
    ["struct", "iphdr", 20],
    ["struct", "ipv6hdr", 40],
    ["struct", "tcphdr", 20],
    ["struct", "bpf_fib_lookup", 64],
    ["typedef", "__be16", 2],
    ["enum", "bpf_func_id", 4],
  ] as const)("%s %s has %i bytes", (kind, name, size) => {
    const [id] = builtinTarget().candidates(name, kind);
    expect(sizeOfType(types, id ?? 0)).toBe(size);
  });

  it("numbers helpers, actions and map types as the kernel does", () => {
    expect(value("xdp_action", "XDP_REDIRECT")).toBe("4");
    expect(value("bpf_func_id", "BPF_FUNC_loop")).toBe("181");
    expect(value("bpf_map_type", "BPF_MAP_TYPE_RINGBUF")).toBe("27");
  });

  it("poisons what it does not have, by its own name", () => {
    const spec = fixture("core");
    const program = spec.programs.find((p) => p.name === "unguarded") as ProgramSpec;
    expect(relocateCore(spec, program, builtinTarget()).poisoned).toEqual([{ insn: 6, reason: "struct absent.x does not exist in the built-in BTF" }]);
  });

  it.each([
    ["struct a :4 { int b; };", "expected @"],
    ["struct a :4 { b c @0; };", "type b is used and not described"],
    ["struct a :4 { int b @0; }; struct a :4 { };", "struct a is described twice"],
    ["typedef long short x;", "no integer is called long short"],
  ])("%s: %s", (text, message) => expect(() => parseTypes(text)).toThrow(message));
});

/** Members by name with their place, those of anonymous structs and unions among them. */
function places(type: (id: number) => BtfType, id: number, base = 0): Map<string, string> {
  const struct = type(id);
  const found = new Map<string, string>();
  if (struct.kind !== "struct" && struct.kind !== "union") return found;
  for (const m of struct.members) {
    if (m.name !== "") found.set(m.name, `${base + m.bitOffset}:${m.bitSize}`);
    else for (const [name, place] of places(type, m.type, base + m.bitOffset)) found.set(name, place);
  }
  return found;
}

// Layouts of what the kernel keeps to itself change with version and configuration; what it promises to programs never does.
const STABLE = ["xdp_md", "ethhdr", "iphdr", "ipv6hdr", "tcphdr", "udphdr", "icmphdr", "icmp6hdr", "bpf_fib_lookup", "bpf_sock_tuple", "bpf_sock", "__sk_buff", "bpf_tunnel_key", "bpf_flow_keys", "vlan_ethhdr", "arphdr", "sctphdr"];

describe.skipIf(!kernel)("the running kernel (needs /sys/kernel/btf/vmlinux)", () => {
  it("has what the kernel promises to programs where the built-in BTF has it", () => {
    if (!kernel) return;
    let members = 0;
    for (const name of STABLE) {
      const [ours] = builtinTarget().candidates(name, "struct");
      const theirs = kernel.candidates(name, "struct").map((id) => places((i) => kernel.type(i), id));
      if (theirs.length === 0) continue;
      for (const [member, place] of places((i) => typeOf(types, i), ours ?? 0)) {
        const known = theirs.filter((t) => t.has(member));
        // Kernels before this one have fewer members.
        if (known.length === 0) continue;
        expect(known.map((t) => t.get(member)), `${name}.${member}`).toContain(place);
        members++;
      }
    }
    expect(members).toBeGreaterThan(80);
  });
});
