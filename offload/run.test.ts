import { availableParallelism } from "node:os";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRate } from "../nic/index.js";
import { BPF_PSEUDO_KFUNC_CALL, KFUNCS } from "../xdp/index.js";
import type { MapSpec, ObjectSpec } from "../xdp/index.js";
import { findProfile, overrideProfile } from "./profiles/profiles.js";
import { runOffload } from "./run.js";
import { array, COUNT_BY_QUEUE, hash, objectSpec, perCpuArray, PORT_FILTER } from "./testing/object.js";
import { EPOCH_NS, readerOf, udp } from "./testing/traffic.js";
import type { TestPacket } from "./testing/traffic.js";
import { FATE_RAN, FATES } from "./types.js";
import type { PacketBatch, RunMachine, RunOptions, RunResult, Sink } from "./types.js";

const card = findProfile("agilio-cx-2x40");
const kernel = findProfile("linux-xdp-native-cx5");

interface Seen {
  readonly i: number;
  readonly fate: string;
  readonly verdict: number;
  readonly ret: number;
  readonly queue: number;
  readonly hash: number;
  readonly time: number;
  readonly data: string;
}

/** Remembers everything that it is shown. */
class Recorder implements Sink {
  readonly data = true;
  readonly packets: Seen[] = [];
  readonly latency: number[] = [];
  calls: string[] = [];
  epochNs = 0n;
  start(run: { epochNs: bigint }): void {
    this.calls.push("start");
    this.epochNs = run.epochNs;
  }
  batch(batch: PacketBatch): void {
    for (let i = 0; i < batch.count; i++) {
      const ran = batch.fate[i] === FATE_RAN;
      const linear = ran ? batch.memory.slice(batch.data[i], batch.data[i] + batch.length[i]) : new Uint8Array(0);
      const frags = ran ? batch.memory.slice(batch.frags[i], batch.frags[i] + batch.fragLength[i]) : new Uint8Array(0);
      if (ran) this.latency.push(batch.latency[i]);
      this.packets.push({
        i: batch.packet[i], fate: FATES[batch.fate[i]], verdict: ran ? batch.verdict[i] : -1, ret: ran ? batch.ret[i] : -1,
        queue: batch.queue[i], hash: batch.hash[i], time: batch.time[i], data: Buffer.concat([linear, frags]).toString("hex"),
      });
    }
  }
  finish(): void {
    this.calls.push("finish");
  }
}

interface Ran {
  readonly result: RunResult;
  readonly seen: Recorder;
  readonly machine: RunMachine;
}

async function run(text: string, packets: readonly TestPacket[], options: Partial<RunOptions> = {}, maps: readonly MapSpec[] = [], window = Infinity): Promise<Ran> {
  const seen = new Recorder();
  let machine: RunMachine | undefined;
  const result = await runOffload({
    object: objectSpec(text, maps), entry: "prog", device: card,
    open: () => Promise.resolve(readerOf(packets, window)), sinks: [seen], setup: (made) => (machine = made), ...options,
  });
  return { result, seen, machine: machine as RunMachine };
}

/** Calls of helpers from 512 up become calls of the kernel functions that go by these numbers, as a loader leaves them. */
function withKfuncs(object: ObjectSpec): ObjectSpec {
  const programs = object.programs.map((program) => {
    const name = (insn: number): string | undefined => KFUNCS.find(({ id }) => id === program.insns[insn].imm)?.name;
    const called = program.insns.map((_, insn) => insn).filter((insn) => program.insns[insn].op === 0x85 && name(insn) !== undefined);
    return {
      ...program,
      insns: program.insns.map((insn, i) => (called.includes(i) ? { ...insn, src: BPF_PSEUDO_KFUNC_CALL } : insn)),
      externs: called.map((insn) => ({ insn, name: name(insn) as string, kind: "kfunc" as const, weak: false })),
    };
  });
  return { ...object, programs };
}

/** What the model and the program decided; not what this host measured. */
function modelled({ result }: Ran): unknown {
  const { host: _, ...rest } = result;
  return rest;
}

function mix(count: number): TestPacket[] {
  const ports = [53, 80, 123, 4000];
  return Array.from({ length: count }, (_, i) => ({ bytes: udp(i * 7, ports[i % 4], 60 + ((i * 13) % 200)), time: i * 500 }));
}

function values(machine: RunMachine, name: string): number[] {
  const map = machine.maps.find((one) => one.spec.name === name);
  return [...(map?.keys() ?? [])].map((key) => Number(new DataView(map?.lookup(key)?.slice().buffer as ArrayBuffer).getBigUint64(0, true)));
}

function flood(count: number): TestPacket[] {
  return Array.from({ length: count }, (_, i) => ({ bytes: udp(i, 53), time: 0 }));
}

describe("a run", () => {
  it("gives every packet its verdict, queue and bytes, in arrival order", async () => {
    const packets = mix(1000);
    const { result, seen } = await run(PORT_FILTER, packets);
    expect(result).toMatchObject({ packets: 1000, executed: 1000, verdicts: { XDP_DROP: 250, XDP_PASS: 250, XDP_TX: 250, XDP_ABORTED: 250 }, drops: { length: 0, mac: 0, ring: 0 } });
    expect(result.bytes).toBe(packets.reduce((sum, { bytes }) => sum + bytes.length, 0));
    expect(seen.calls).toEqual(["start", "finish"]);
    expect(seen.epochNs).toBe(EPOCH_NS);
    expect(seen.packets.map(({ i }) => i)).toEqual(packets.map((_, i) => i));
    expect(seen.packets.slice(0, 4).map(({ verdict, ret }) => [verdict, ret])).toEqual([[1, 1], [2, 2], [3, 3], [0, 7]]);
    expect(seen.packets.every(({ data }, i) => data === Buffer.from(packets[i].bytes).toString("hex"))).toBe(true);
    expect(new Set(seen.packets.map(({ queue }) => queue)).size).toBe(8);
    expect(result.queues.reduce((sum, queue) => sum + queue.packets, 0)).toBe(1000);
    expect(result.host.mpps).toBeGreaterThan(0);
    expect(result.counters).toMatchObject({ rx_packets: 1000, rx_xdp_drop: 250, rx_xdp_aborted: 250, tx_packets: 250, rx_length_errors: 0 });
  });

  it("tells the program the packet's hash, its type and its time, and that there is no VLAN tag", async () => {
    const text = `
      r6 = r1
      r7 = *(u32 *)(r6 + 0)
      r2 = *(u32 *)(r6 + 4)
      r3 = r7
      r3 += 60
      if r3 > r2 goto out
      *(u64 *)(r10 - 8) = 0
      r1 = r6
      r2 = r10
      r2 += -8
      r3 = r10
      r3 += -4
      call 536
      *(u32 *)(r7 + 0) = r0
      r1 = *(u64 *)(r10 - 8)
      *(u64 *)(r7 + 4) = r1
      r1 = r6
      r2 = r10
      r2 += -8
      call 535
      r1 = *(u64 *)(r10 - 8)
      *(u64 *)(r7 + 12) = r1
      r1 = r6
      r2 = r10
      r2 += -8
      r3 = r10
      r3 += -6
      call 537
      *(u32 *)(r7 + 20) = r0
    out:
      r0 = 2
      exit`;
    const arp = new Uint8Array(60);
    arp.set([8, 6], 12);
    for (const parallel of [false, true]) {
      const { seen } = await run(text, [{ bytes: udp(1, 53) }, { bytes: arp }], { parallel, object: withKfuncs(objectSpec(text, [])) });
      const told = seen.packets.map(({ data }) => new DataView(Uint8Array.from(Buffer.from(data, "hex")).buffer));
      const XDP_RSS_TYPE_L4_IPV4_UDP = 41;
      expect([told[0].getInt32(0, true), told[0].getUint32(4, true), told[0].getUint32(8, true)]).toEqual([0, seen.packets[0].hash, XDP_RSS_TYPE_L4_IPV4_UDP]);
      expect(told[0].getBigUint64(12, true)).toBe(EPOCH_NS);
      const ENODATA = -61;
      expect([told[1].getInt32(0, true), told[0].getInt32(20, true)]).toEqual([ENODATA, ENODATA]);
    }
  });

  it("shows the program port, queue and device time", async () => {
    const text = `
      r6 = *(u32 *)(r1 + 0)
      r7 = *(u32 *)(r1 + 4)
      r2 = r6
      r2 += 60
      if r2 > r7 goto out
      r2 = *(u32 *)(r1 + 12)
      *(u32 *)(r6 + 0) = r2
      r2 = *(u32 *)(r1 + 16)
      *(u32 *)(r6 + 4) = r2
      call bpf_ktime_get_ns
      *(u64 *)(r6 + 8) = r0
      call bpf_get_smp_processor_id
      *(u32 *)(r6 + 16) = r0
      r0 = 2
      exit
    out:
      r0 = 1
      exit`;
    // Times on both sides of a carry out of the low 32 bits.
    const carry = 2 ** 32 - Number(EPOCH_NS & 0xffffffffn);
    const packets = [0, 1.9, carry - 1, carry, carry + 5e9].map((time, i) => ({ bytes: udp(i, 53), time, iface: i % 2 }));
    const { seen } = await run(text, packets, { portOf: (iface) => (iface.name === "eth1" ? 1 : 0) });
    seen.packets.forEach(({ data, queue }, i) => {
      const view = new DataView(Uint8Array.from(Buffer.from(data, "hex")).buffer);
      expect([view.getUint32(0, true), view.getUint32(4, true), view.getUint32(16, true)]).toEqual([1 + (i % 2), queue, queue]);
      expect(view.getBigUint64(8, true)).toBe(EPOCH_NS + BigInt(Math.floor(packets[i].time)));
    });
  });

  it("never runs frames that the NIC does not receive, and says so", async () => {
    const packets = [{ bytes: udp(1, 53).subarray(0, 13) }, { bytes: udp(1, 53) }, { bytes: udp(1, 53), wire: 20_000 }, { bytes: udp(1, 53, 9238) }, { bytes: udp(1, 53, 9239) }, { bytes: udp(1, 53).subarray(0, 14) }];
    const { result, seen } = await run(PORT_FILTER, packets);
    expect(seen.packets.map(({ fate }) => fate)).toEqual(["length", "ran", "length", "ran", "length", "ran"]);
    expect(result).toMatchObject({ packets: 6, executed: 3, drops: { length: 3 }, counters: { rx_length_errors: 3, rx_packets: 3 } });
    expect(result.warnings.join()).toContain("3 frames are shorter than 14 bytes or longer than 9238");
  });

  it("reports faults with instruction and C line", async () => {
    const { result } = await run("r2 = *(u32 *)(r1 + 0)\nr0 = 2\nr3 = *(u8 *)(r2 + 100)\nexit", [{ bytes: udp(1, 53, 200) }, { bytes: udp(2, 53) }, { bytes: udp(3, 53) }]);
    expect(result.verdicts).toMatchObject({ XDP_PASS: 1, XDP_ABORTED: 2 });
    expect(result.faults).toMatchObject({ count: 2, first: { packet: 1, program: "prog", insn: 2, line: { file: "prog.bpf.c", line: 12, text: "second line" } } });
  });

  it("runs a capture without packets", async () => {
    const { result, seen } = await run(PORT_FILTER, []);
    expect(result).toMatchObject({ packets: 0, executed: 0, verdicts: { XDP_DROP: 0 }, device: { mpps: 0 } });
    expect(result.warnings).toContain("the capture holds no packets");
    expect(seen.calls).toEqual(["start", "finish"]);
  });

  it.each([[{ loop: 0 }, "loop 0"], [{ queues: 0 }, "0 receive queues"], [{ queues: 300 }, "300 receive queues"], [{ portOf: () => 2 }, "is on port 2, and the device has 2 (0 to 1)"], [{ parallel: true, workers: 0 }, "0 workers"]])(
    "refuses %o in one line",
    async (options, message) => {
      await expect(run(PORT_FILTER, mix(2), options)).rejects.toThrow(message);
    },
  );
});

/** Overwrites the source address, grows the packet's head by 4 where it may, and sends it back; drops what is shorter than 34 bytes. */
const REWRITE = `
  r6 = r1
  r2 = -4
  call bpf_xdp_adjust_head
  r2 = *(u32 *)(r6 + 0)
  r3 = *(u32 *)(r6 + 4)
  r4 = r2
  r4 += 38
  if r4 > r3 goto drop
  *(u32 *)(r2 + 30) = r0
  r0 = 3
  exit
drop:
  r0 = 1
  exit
`;

describe("engines", () => {
  const maps = [array("seen", 8, 8)];
  const jumbo = mix(300).map((packet, i) => (i % 50 === 0 ? { ...packet, bytes: udp(i, 53, 3000 + i * 20) } : packet));
  it.each([["PORT_FILTER", PORT_FILTER], ["COUNT_BY_QUEUE", COUNT_BY_QUEUE], ["REWRITE", REWRITE]])("%s: the interpreter agrees with wasm, in order and in parallel", async (_, text) => {
    const wasm = await run(text, jumbo, { baseline: kernel }, maps);
    const interpreted = await run(text, jumbo, { baseline: kernel, engine: "interpreter" }, maps);
    expect(wasm.result.host.engine).toBe("wasm");
    expect(interpreted.seen.packets).toEqual(wasm.seen.packets);
    expect(modelled(interpreted)).toEqual(modelled(wasm));
    for (const engine of ["wasm", "interpreter"] as const) {
      const parallel = await run(text, jumbo, { baseline: kernel, engine, parallel: true, workers: 2 }, maps);
      expect(parallel.seen.packets).toEqual(wasm.seen.packets);
      expect(values(parallel.machine, "seen")).toEqual(values(wasm.machine, "seen"));
    }
  });
});

describe("windows and passes", () => {
  it("do not change any result", async () => {
    const whole = await run(PORT_FILTER, mix(700), { loop: 3 });
    const windows = await run(PORT_FILTER, mix(700), { loop: 3 }, [], 64);
    expect(whole.result.packets).toBe(2100);
    expect(windows.seen.packets).toEqual(whole.seen.packets);
    expect(modelled(windows)).toEqual(modelled(whole));
    const times = whole.seen.packets.map(({ time }) => time);
    expect(times.every((time, i) => i === 0 || time === times[i - 1] + 500)).toBe(true);
  });
});

describe("admission", () => {
  const slow = overrideProfile(card, { cores: 2, ingressPackets: 16, queues: 4 });

  it("a packet that the device drops never reaches the program", async () => {
    const { result, seen, machine } = await run(COUNT_BY_QUEUE, flood(3000), { device: slow, rate: parseRate("30Mpps") }, [array("seen", 8, 4)]);
    expect(result.drops.ring).toBeGreaterThan(2000);
    expect(values(machine, "seen").reduce((a, b) => a + b)).toBe(result.executed);
    expect(values(machine, "seen")).toEqual(result.queues.map(({ packets }) => packets));
    expect(seen.packets.filter(({ fate }) => fate === "ring").length).toBe(result.drops.ring);
    expect(seen.packets.map(({ i }) => i)).toEqual(flood(3000).map((_, i) => i));
    expect(result.device.utilisation).toBeGreaterThan(0.9);
  });

  it("conserves packets, and decides the same for any batch size", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ cores: fc.integer({ min: 1, max: 4 }), room: fc.integer({ min: 1, max: 40 }), kind: fc.constantFrom("card", "kernel"), mpps: fc.constantFrom("1Mpps", "5Mpps", "40Mpps", "line"), mac: fc.constantFrom(0, 8e6) }),
        fc.integer({ min: 1, max: 300 }),
        async ({ cores, room, kind, mpps, mac }, batchSize) => {
          const device = kind === "card" ? overrideProfile(card, { cores, ingressPackets: room, macPps: mac }) : overrideProfile(kernel, { cores, queues: cores, ringSize: room, macPps: mac });
          const options = { device, rate: parseRate(mpps), baseline: kind === "card" ? kernel : card };
          const packets = [...mix(400), { bytes: new Uint8Array(5) }];
          const one = await run(COUNT_BY_QUEUE, packets, { ...options, batchSize: 1 }, [array("seen", 8, 8)]);
          const other = await run(COUNT_BY_QUEUE, packets, { ...options, batchSize }, [array("seen", 8, 8)]);
          expect(modelled(other)).toEqual(modelled(one));
          expect(other.seen.packets).toEqual(one.seen.packets);
          expect(values(other.machine, "seen")).toEqual(values(one.machine, "seen"));
          const { result } = other;
          expect(result.executed + result.drops.length + result.drops.mac + result.drops.ring).toBe(401);
          const { counters } = result;
          const processed = ["aborted", "drop", "pass", "tx", "redirect"].reduce((sum, name) => sum + counters[`rx_xdp_${name}`], 0);
          expect(processed + counters.rx_length_errors + counters.rx_missed_errors + counters.rx_out_of_buffer).toBe(401);
          expect(counters.rx_packets + counters.rx_length_errors).toBe(401);
          expect(result.device.drops).toEqual(result.drops);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe("modelled figures", () => {
  const drop = "r0 = 1\nexit";
  it("XDP_DROP on the card is bound by its MAC at the published 53.2 Mpps of stock firmware, on fewer cores by them: published 19.4 Mpps on 10", async () => {
    const packets = Array.from({ length: 500 }, (_, i) => ({ bytes: udp(i, 53), iface: i % 2 }));
    const ports = { portOf: (_: unknown, index: number) => index };
    const full = await run(drop, packets, ports);
    expect(full.result.device).toMatchObject({ provenance: "modelled", bound: "mac", mpps: 53.2 });
    const few = await run(drop, packets, { ...ports, device: overrideProfile(card, { cores: 10 }) });
    expect(few.result.device.bound).toBe("cores");
    expect(Math.abs(few.result.device.mpps / 19.415 - 1)).toBeLessThan(0.03);
  });
  it("XDP_DROP on the kernel path: published 24.8 Mpps on one core without touching the packet, and the line or PCIe on many", async () => {
    const packets = Array.from({ length: 600 }, (_, i) => ({ bytes: udp(i, 53) }));
    const one = await run(drop, packets, { device: kernel, queues: 1 });
    expect(one.result.device).toMatchObject({ bound: "cores", cores: 1 });
    expect(Math.abs(one.result.device.mpps / 24.8 - 1)).toBeLessThan(0.02);
    const six = await run(drop, packets, { device: kernel, rss: { indirection: { kind: "equal", queues: 6 } } });
    expect(six.result.device.bound).toBe("pcie");
  });
  it("a single flow has one core of the kernel path, and all of the card", async () => {
    const packets = Array.from({ length: 300 }, () => ({ bytes: udp(1, 53) }));
    const { result } = await run(drop, packets, { baseline: kernel });
    expect(result.baseline?.mpps).toBeLessThan(25);
    expect(result.device.mpps).toBeGreaterThan(50);
  });
  it("says what the card refuses, and that it takes what no rule refuses", async () => {
    const text = "r2 = r10\nr2 += -4\n*(u32 *)(r10 - 4) = 0\nr1 = map[seen]\ncall bpf_map_lookup_elem\ncall bpf_ktime_get_ns\nr0 %= 3\nexit";
    const { result } = await run(text, mix(1), {}, [perCpuArray("seen", 8, 1)]);
    expect(result.device.admitted).toBe(false);
    expect(result.device.reasons).toEqual([
      "map seen: map type not supported: the card has no BPF_MAP_TYPE_PERCPU_ARRAY: it takes BPF_MAP_TYPE_HASH and BPF_MAP_TYPE_ARRAY",
      "prog.bpf.c:12 (instruction 7): instruction 0x97 not supported: the card cannot divide for a remainder (modulo): use a power of 2 and mask, or multiply and shift",
      "prog.bpf.c:12 (instruction 2): Translation failed with error -95: the driver does not follow stores of constants: compile with -mcpu=v3 or below, which stores them from registers",
      "prog.bpf.c:12 (instruction 6): unsupported function id: 5: the card has no bpf_ktime_get_ns: the card has no clock for programs",
    ]);
    const fine = await run(PORT_FILTER, mix(4));
    expect(fine.result.device).toMatchObject({ admitted: true, reasons: [] });
    expect(fine.result.device.checked).toContain("program-length");
  });
});

describe("parallel", () => {
  it("gives the same results for 1 and 2 workers where queues do not share entries", async () => {
    const packets = mix(5000);
    const maps = [array("seen", 8, 8)];
    const ordered = await run(COUNT_BY_QUEUE, packets, {}, maps);
    for (const workers of [1, 2]) {
      const { result, seen, machine } = await run(COUNT_BY_QUEUE, packets, { parallel: true, workers }, maps);
      expect(result.host.workers).toBe(workers);
      expect(seen.packets).toEqual(ordered.seen.packets);
      expect(seen.latency).toEqual(ordered.seen.latency);
      expect(values(machine, "seen")).toEqual(values(ordered.machine, "seen"));
      const { warnings, ...rest } = result;
      const { warnings: none, ...expected } = ordered.result;
      expect({ ...rest, host: 0 }).toEqual({ ...expected, host: 0 });
      // One worker keeps the order.
      expect([none.length, warnings]).toEqual([0, workers === 1 ? [] : [expect.stringContaining("--parallel: the order")]]);
    }
  });
  it.each([
    ["many windows", { workers: 3 }, 777],
    ["several passes over a window", { workers: 2, loop: 3 }, Infinity],
    ["several passes over many windows", { workers: 2, loop: 2 }, 1000],
    ["small batches, no columns", { workers: 2, batchSize: 16, sinks: [] }, 2500],
    ["a card beside a kernel path", { workers: 2, device: kernel, baseline: card }, 900],
  ] as const)("models as in order: %s", async (_, options, window) => {
    const packets = mix(6000).map((packet, i) => ({ ...packet, iface: i % 2, ...(i % 97 === 0 ? { bytes: packet.bytes.slice(0, 12) } : {}) }));
    const both = { baseline: kernel, portOf: (__: unknown, index: number) => index, ...options };
    const { workers: ___, ...inOrder } = both;
    const ordered = await run(PORT_FILTER, packets, inOrder, [], window);
    const parallel = await run(PORT_FILTER, packets, { ...both, parallel: true }, [], window);
    expect(ordered.result.drops).toMatchObject({ ring: 0, mac: 0 });
    expect(parallel.result.host.workers).toBe(options.workers);
    expect({ ...parallel.result, host: 0, warnings: 0 }).toEqual({ ...ordered.result, host: 0, warnings: 0 });
    expect(parallel.seen.packets).toEqual(ordered.seen.packets);
    expect(parallel.seen.latency).toEqual(ordered.seen.latency);
  });
  it.skipIf(availableParallelism() < 2)("models as in order: a run so long that its baseline gets a thread of its own", async () => {
    const packets = mix(200_000);
    let threads = 0;
    const count = (): void => void threads++;
    process.on("worker", count);
    const ordered = await run(PORT_FILTER, packets, { baseline: kernel, sinks: [] });
    process.off("worker", count);
    expect(threads).toBe(1);
    const parallel = await run(PORT_FILTER, packets, { baseline: kernel, sinks: [], parallel: true, workers: 2 });
    expect(ordered.result.baseline?.latencyNs.mean).toBeGreaterThan(0);
    expect({ ...parallel.result, host: 0, warnings: 0 }).toEqual({ ...ordered.result, host: 0, warnings: 0 });
  });
  it("names the fault of the packet that came first, whichever worker ran it", async () => {
    const text = "r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\nr4 = r2\nr4 += 38\nif r4 > r3 goto out\nr5 = *(u8 *)(r2 + 29)\nif r5 < 200 goto out\nr0 = *(u64 *)(r3 + 64)\nout:\nr0 = 1\nexit";
    const ordered = await run(text, mix(3000));
    const parallel = await run(text, mix(3000), { parallel: true, workers: 3 });
    expect(ordered.result.faults.count).toBeGreaterThan(100);
    // Addresses differ: more workers take more memory.
    const { packet, program, insn } = ordered.result.faults.first as NonNullable<RunResult["faults"]["first"]>;
    expect(parallel.result.faults).toMatchObject({ count: ordered.result.faults.count, first: { packet, program, insn } });
  });
  it("ends with the error of the traffic, and its threads end too", async () => {
    const reader = readerOf(mix(5000), 500);
    let windows = 0;
    const failing = { ...reader, interfaces: reader.interfaces, read: (into: Parameters<typeof reader.read>[0]) => {
      if (++windows === 4) throw new RangeError("the capture ends here");
      return reader.read(into);
    } };
    await expect(run(PORT_FILTER, [], { parallel: true, workers: 2, open: () => Promise.resolve(failing) })).rejects.toThrow("the capture ends here");
  });
  it("loses no update of a counter that all queues share", async () => {
    const text = "*(u32 *)(r10 - 4) = 0\nr2 = r10\nr2 += -4\nr1 = map[all]\ncall bpf_map_lookup_elem\nif r0 == 0 goto out\nr1 = 1\nlock *(u64 *)(r0 + 0) += r1\nout:\nr0 = 1\nexit";
    const { machine } = await run(text, mix(20_000), { parallel: true, workers: 2 }, [hash("all", 4, 8, 4)].map((map) => ({ ...map, ...array("all", 8, 1) })));
    expect(values(machine, "all")).toEqual([20_000]);
  });
});

describe("a card's timing", () => {
  const lean = findProfile("agilio-cx-2x40-lean");
  const reads = `r0 = map[values][0]+0\n${"r1 = *(u32 *)(r0 + 0)\n".repeat(8)}r0 = 1\nexit`;
  const values16 = [{ ...array("values", 256, 1), dataSection: ".data" }] as readonly MapSpec[];
  const all = Array.from({ length: 3000 }, (_, i) => ({ bytes: udp(i, 53) }));

  it("with fewer hardware threads cores wait for memory: 4 hide a read's 100 cycles, 1 hides none", async () => {
    const rates: number[] = [];
    for (const contextsPerCore of [1, 2, 4, 8]) rates.push((await run(reads, all, { device: overrideProfile(lean, { cores: 5, contextsPerCore }) }, values16)).result.device.mpps);
    expect(rates[0]).toBeLessThan(rates[1]);
    expect(rates[1]).toBeLessThanOrEqual(rates[2]);
    expect(rates[3]).toBe(rates[2]);
    // A packet on a thread of its own takes eight times 75 cycles more.
    expect(1 / rates[0] - 1 / rates[2]).toBeCloseTo((8 * 75) / 800 / 5, 2);
  });

  it("falls into the MAC's overload fault where it is published, and drops in the MAC", async () => {
    const ports = { portOf: (_: unknown, index: number) => index };
    const flooded = await run("r0 = 1\nexit", all.map((packet, i) => ({ ...packet, iface: i % 2 })), { ...ports, device: overrideProfile(card, { cores: 20 }), rate: parseRate("line"), loop: 20 });
    const { result } = flooded;
    expect(result.device.collapses).toBe(1);
    expect(result.drops.mac).toBeGreaterThan(result.drops.ring);
    expect(result.executed + result.drops.mac + result.drops.ring).toBe(60_000);
    expect(result.device.mpps).toBeGreaterThan(35);
  });

  it("backs up at the host's rings where it drains slower than the card passes", async () => {
    const { result } = await run("r0 = 2\nexit", all, { device: overrideProfile(card, { queues: 2, hostPassNs: 5000, ringSize: 64 }), rate: parseRate("10Mpps") });
    const { behind, parts, notes } = result.device;
    expect(behind?.passed).toBe(3000);
    expect((behind?.delivered ?? 0) + (behind?.hostRingDrops ?? 0)).toBe(3000);
    expect(behind?.hostRingDrops).toBeGreaterThan(1000);
    expect(parts.host).toBeGreaterThan(0.3);
    expect(notes.join()).toContain("the host's processors take only");
    // The program ran for all of them.
    expect(result.executed).toBe(3000);
  });

  it("shows how full the queue in front of the cores was", async () => {
    const { result } = await run("r0 = 1\nexit", flood(3000), { device: overrideProfile(card, { cores: 2, ingressPackets: 32 }), rate: parseRate("30Mpps") });
    expect(Math.max(...result.device.occupancy.max)).toBe(31);
    expect(result.device.occupancy.mean.length).toBeGreaterThan(10);
  });
});
