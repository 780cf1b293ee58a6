import { describe, expect, it } from "vitest";
import { DESC_BYTES, DESC_FRAME, DESC_LENGTH, DESC_PACKET, MACHINE, MACHINE_SEED, RESULT_BYTES, RESULT_RET, SLOT_FRAGS } from "../abi.js";
import { AddressError } from "../helpers/address.js";
import { NetworkError, ProgramError, UnsupportedError } from "../helpers/index.js";
import { MapError } from "../maps/index.js";
import type { ObjectSpec, FunctionSpec, ProgramSpec } from "../object/index.js";
import { attachInterpreter, createInterpreter, createMachine } from "./index.js";
import type { Machine } from "./index.js";
import { mapOf, programOf } from "./testing/object.js";
import { slotStride } from "./workers.js";

const PASS = "r0 = 2\n exit";

function objectWith(programs: readonly ProgramSpec[], maps: ObjectSpec["maps"] = []): ObjectSpec {
  return { file: "test.o", license: "GPL", programs, maps };
}

function machineOf(asm: string, more: Partial<Parameters<typeof createMachine>[0]> = {}): Machine {
  return createMachine({ object: objectWith([programOf("main", asm)]), entry: "main", ...more });
}

function caught(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

/** A prog array that starts with these programs. */
function jump(programs: Readonly<Record<number, string>>): ObjectSpec["maps"] {
  return [mapOf({ name: "jump", type: "BPF_MAP_TYPE_PROG_ARRAY", value: 4, programs })];
}

/** What bpf_get_prandom_u32 gives packets of these numbers. */
function random(seed: bigint, packets: readonly number[]): number[] {
  const machine = machineOf("call bpf_get_prandom_u32\n exit", { seed, batchSize: packets.length });
  const engine = createInterpreter(machine);
  const frame = machine.layout.allocate(72, 64, "frame");
  const view = new DataView(machine.layout.buffer);
  packets.forEach((packet, i) => {
    const descriptor = engine.worker.descriptors + i * DESC_BYTES;
    view.setUint32(descriptor + DESC_FRAME, frame, true);
    view.setUint32(descriptor + DESC_LENGTH, 64, true);
    view.setUint32(descriptor + DESC_PACKET, packet, true);
  });
  engine.runBatch(packets.length);
  return packets.map((_, i) => view.getUint32(engine.worker.results + i * RESULT_BYTES + RESULT_RET, true));
}

describe("what a machine refuses", () => {
  it("names a helper, with its line", () => {
    const program = { ...programOf("main", `r1 = 0\n call 35\n ${PASS}`), lines: [{ insn: 0, file: "prog.c", line: 7, column: 1, text: "x();" }] };
    const error = caught(() => createMachine({ object: objectWith([program]), entry: "main" }));
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error).toMatchObject({ kind: "helper", what: "bpf_get_current_task", program: "main", insn: 1, line: "prog.c:7" });
    expect(error.message).toBe("program main, instruction 1 (prog.c:7): helper bpf_get_current_task is not supported: it asks for the process that the packet happened to interrupt, and a device runs none");
  });

  it("names helpers that no kernel of the table has by their number", () => {
    expect(caught(() => machineOf(`call 9999\n ${PASS}`)).message).toContain("helper #9999");
  });

  it("says where the kernel itself refuses a helper", () => {
    expect(caught(() => machineOf(`call 9\n ${PASS}`)).message).toContain("helper bpf_skb_store_bytes is not supported: the kernel does not offer it to XDP programs");
    // What engines call a kernel function is no number that an object may call.
    const plain = programOf("main", PASS);
    const sly: ProgramSpec = { ...plain, insns: [{ op: 0x85, dst: 0, src: 0, off: 0, imm: 512 }, ...plain.insns], functions: [{ ...(plain.functions[0] as FunctionSpec), end: plain.insns.length + 1 }] };
    expect(caught(() => createMachine({ object: objectWith([sly]), entry: "main" })).message).toContain("helper #512");
  });

  it("names kernel functions", () => {
    const program: ProgramSpec = { ...programOf("main", `call kernel-function#0\n ${PASS}`), externs: [{ insn: 0, name: "bpf_cast_to_kern_ctx", kind: "kfunc", weak: false }] };
    expect(caught(() => createMachine({ object: objectWith([program]), entry: "main" }))).toMatchObject({ kind: "kfunc", what: "bpf_cast_to_kern_ctx" });
  });

  it("names map types, where a loaded program uses them", () => {
    const ring = { name: "events", type: "BPF_MAP_TYPE_STACK_TRACE", value: 8 } as const;
    const user = programOf("main", `r1 = map[events] ll\n ${PASS}`, ["events"]);
    const idle = programOf("idle", PASS);
    const object = objectWith([user, idle], [{ ...mapOf(ring), keySize: 0, valueSize: 0 }]);
    expect(caught(() => createMachine({ object, entry: "main" }))).toMatchObject({ kind: "map", what: "BPF_MAP_TYPE_STACK_TRACE of map events", insn: 0 });
    expect(createMachine({ object, entry: "idle" }).maps).toHaveLength(1);
  });

  it.each([
    ["r0 = *(u8 *)skb[3]", "ldabsb"],
    ["r1 = addr_space_cast(r1, 0, 1)", "addr_space_cast"],
  ])("names the instruction %s", (statement, what) => {
    expect(caught(() => machineOf(`${statement}\n ${PASS}`))).toMatchObject({ kind: "instruction", what });
  });

  it.each([
    ["r0 = 0", "runs off its end"],
    ["r0 = 0\n goto +5\n exit", "a jump to slot 7, outside its function"],
    ["r0 = 0\n goto -9\n exit", "a jump to slot -7"],
    ["goto +1\n r1 = 5 ll\n exit", "into the middle of the 64-bit load at slot 1"],
    ["r1 = map[fd:7]\n exit", "a map by file descriptor 7"],
    ["r1 = map[3] ll\n exit", "map 3, and the object has 0"],
    ["if r0 == 0 goto +1\n exit\n r0 = 1", "runs off its end"],
  ])("a program that is not sound: %s", (asm, problem) => {
    const error = caught(() => machineOf(asm));
    expect(error).toBeInstanceOf(ProgramError);
    expect(error.message).toContain(problem);
  });

  it("jumps between functions, and calls of what is no function", () => {
    const call = programOf("main", "call f\n exit\n f: r0 = 1\n exit");
    const { insns } = call;
    const jumps = { ...call, insns: [{ op: 0x05, dst: 0, src: 0, off: 1, imm: 0 }, ...insns.slice(1)] };
    expect(caught(() => createMachine({ object: objectWith([jumps]), entry: "main" })).message).toContain("outside its function (slots 0 to 1)");
    const nowhere = { ...call, functions: [{ name: "main", start: 0, end: 4, linkage: "static" as const }] };
    expect(caught(() => createMachine({ object: objectWith([nowhere]), entry: "main" })).message).toContain("no function starts there");
  });

  it("no instructions at all, and unknown opcodes", () => {
    expect(caught(() => machineOf("")).message).toContain("has no instructions");
    const broken = { ...programOf("main", PASS), insns: [{ op: 0xff, dst: 0, src: 0, off: 0, imm: 0 }] };
    expect(caught(() => createMachine({ object: objectWith([broken]), entry: "main" })).message).toContain("unknown opcode 0xff");
  });

  it("global data beyond its map", () => {
    const data = mapOf({ name: ".data", type: "BPF_MAP_TYPE_ARRAY", entries: 1, value: 8 });
    const program = programOf("main", `r1 = map[.data][0]+8 ll\n ${PASS}`, [".data"]);
    expect(caught(() => createMachine({ object: objectWith([program], [data]), entry: "main" })).message).toContain("byte 8 of map .data, whose value has 8");
  });

  it.each([
    [{ cpus: 0 }, "cpus"],
    [{ cpus: 257 }, "cpus"],
    [{ batchSize: 0 }, "batchSize"],
    [{ batchSize: 4097 }, "batchSize"],
    [{ maxFrame: 13 }, "maxFrame"],
    [{ workers: 1.5 }, "workers"],
  ])("options out of range: %o", (options, name) => {
    expect(() => machineOf(PASS, options)).toThrow(RangeError);
    expect(() => machineOf(PASS, options)).toThrow(name);
  });

  it("an entry that is not there", () => {
    expect(() => createMachine({ object: objectWith([programOf("a", PASS), programOf("b", PASS)]), entry: "c" })).toThrow("c");
  });

  it("networks that do not hold together", () => {
    const port = { ifindex: 1, name: "port0", mac: "02:00:00:00:00:01", mtu: 1500, forwarding: true };
    const network = { interfaces: [port], routes: [], neighbours: [] };
    expect(() => machineOf(PASS, { network: { ...network, interfaces: [port, { ...port, name: "twin" }] } })).toThrow(NetworkError);
    expect(() => machineOf(PASS, { network: { ...network, routes: [{ prefix: "10.0.0.0/8", ifindex: 9, type: "unicast" }] } })).toThrow("route 10.0.0.0/8 leaves by ifindex 9, and the network's interfaces are 1");
    expect(() => machineOf(PASS, { network: { ...network, routes: [{ prefix: "2001:db8::/32", via: "10.0.0.1", ifindex: 1, type: "unicast" }] } })).toThrow(NetworkError);
    expect(() => machineOf(PASS, { network: { ...network, neighbours: [{ address: "10.0.0.1", mac: "02:00:00:00:00:01", ifindex: 4 }] } })).toThrow(NetworkError);
    expect(() => machineOf(PASS, { network: { ...network, routes: [{ prefix: "10.0.0.0/33", ifindex: 1, type: "unicast" }] } })).toThrow(AddressError);
  });
});

describe("programs of a machine", () => {
  const tail = programOf("main", `r2 = map[jump] ll\n r3 = 0\n call bpf_tail_call\n ${PASS}`, ["jump"]);
  const other = programOf("other", "r0 = 1\n exit");
  const lacking = programOf("lacking", `call 35\n ${PASS}`);

  it("are the entry alone where it makes no tail calls", () => {
    const machine = createMachine({ object: objectWith([lacking, other], jump({ 0: "lacking" })), entry: "other" });
    expect(machine.programs.map((p) => p.spec.name)).toEqual(["other"]);
    expect(machine.entry.index).toBe(0);
    expect(machine.programIndex("lacking")).toBeUndefined();
  });

  it("are all that can run where it does", () => {
    const machine = createMachine({ object: objectWith([lacking, other, tail], jump({ 0: "other" })), entry: "main" });
    expect(machine.programs.map((p) => p.spec.name)).toEqual(["main", "other"]);
    expect(machine.programIndex("other")).toBe(1);
    expect(() => machine.programIndex("lacking")).toThrow("bpf_get_current_task");
  });

  it("are refused where a prog array starts with one that cannot run", () => {
    expect(() => createMachine({ object: objectWith([lacking, other, tail], jump({ 0: "lacking" })), entry: "main" })).toThrow(UnsupportedError);
  });

  it("cannot be named by a prog array where the object does not have them", () => {
    expect(() => createMachine({ object: objectWith([tail], jump({ 0: "missing" })), entry: "main" })).toThrow(MapError);
  });
});

describe("memory of a machine", () => {
  it("gives workers slots that do not share cache sets, large enough for the longest frame", () => {
    for (const maxFrame of [14, 1514, 3520, 3521, 9000, 65535]) {
      const stride = slotStride(maxFrame);
      expect((stride / 64) % 2, `${maxFrame}`).toBe(1);
      expect(stride).toBeGreaterThan(SLOT_FRAGS + Math.ceil(Math.max(0, maxFrame - 3520) / 4096) * 4096);
    }
  });

  it("keeps workers apart", () => {
    const machine = machineOf(PASS, { workers: 3, batchSize: 16 });
    const starts = machine.workers.map(({ env }) => env);
    expect(new Set(starts.map((env) => Math.floor(env / 65536))).size).toBe(3);
    expect(machine.shared).toBe(true);
  });

  it("holds the seed as 64 bits", () => {
    const machine = machineOf(PASS, { seed: -1n });
    expect(new DataView(machine.layout.buffer).getBigUint64(MACHINE + MACHINE_SEED, true)).toBe(0xffff_ffff_ffff_ffffn);
  });

  it("can be attached to from elsewhere", () => {
    const machine = machineOf(PASS);
    const area = structuredClone(machine.workers[0]) as Machine["workers"][number];
    const engine = attachInterpreter(machine.layout.memory, area);
    const frame = machine.layout.allocate(72, 64, "frame");
    const view = new DataView(machine.layout.buffer);
    view.setUint32(area.descriptors + DESC_FRAME, frame, true);
    view.setUint32(area.descriptors + DESC_LENGTH, 64, true);
    engine.runBatch(1);
    expect(view.getUint32(area.results + RESULT_RET, true)).toBe(2);
  });

  it("counts what bpf_trace_printk loses", () => {
    const machine = machineOf(`r1 = 0x6161616161616161 ll\n *(u64 *)(r10 -16) = r1\n *(u64 *)(r10 -8) = 0\n r6 = 60000\n more: r1 = r10\n r1 += -16\n r2 = 9\n r3 = 0\n r4 = 0\n r5 = 0\n call bpf_trace_printk\n r6 -= 1\n if r6 != 0 goto more\n ${PASS}`, { batchSize: 2 });
    const engine = createInterpreter(machine);
    const frame = machine.layout.allocate(72, 64, "frame");
    const view = new DataView(machine.layout.buffer);
    for (let i = 0; i < 2; i++) {
      view.setUint32(engine.worker.descriptors + i * DESC_BYTES + DESC_FRAME, frame, true);
      view.setUint32(engine.worker.descriptors + i * DESC_BYTES + DESC_LENGTH, 64, true);
    }
    engine.runBatch(1);
    expect(machine.printkLost()).toBe(0);
    expect(machine.printk()).toHaveLength(60000);
    engine.runBatch(2);
    expect(machine.printkLost()).toBe(3 * 60000 * 12 - 2 ** 20);
    const lines = machine.printk();
    expect(lines).toHaveLength(Math.floor(2 ** 20 / 12));
    expect(new Set(lines)).toEqual(new Set(["aaaaaaaa"]));
  });

  it("gives the same random numbers for a packet whatever ran before", () => {
    const [a, b, c] = random(1n, [0, 1, 2]);
    expect(random(1n, [2, 0, 1])).toEqual([c, a, b]);
    expect(random(2n, [0, 1, 2])).not.toContain(a);
    const many = random(1n, Array.from({ length: 4096 }, (_, i) => i));
    expect(new Set(many).size).toBeGreaterThan(4090);
    // Bits are even: 4096 packets, 32 bits; 5 standard deviations.
    for (let bit = 0; bit < 32; bit++) expect(Math.abs(many.filter((n) => (n >>> bit) & 1).length - 2048)).toBeLessThan(5 * 32);
  });
});
