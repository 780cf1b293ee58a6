/** Runs contract cases on an engine. */
import { describe, expect, test } from "vitest";
import {
  DESC_BYTES,
  DESC_CPU,
  DESC_FRAME,
  DESC_IFINDEX,
  DESC_LENGTH,
  DESC_METADATA,
  DESC_PACKET,
  DESC_QUEUE,
  DESC_TIME,
  RESULT_BYTES,
  RESULT_COST,
  RESULT_DATA,
  RESULT_FRAG_LENGTH,
  RESULT_LENGTH,
  RESULT_META_LENGTH,
  RESULT_REDIRECT_KEY,
  RESULT_REDIRECT_KIND,
  RESULT_REDIRECT_MAP,
  RESULT_REDIRECT_TARGET,
  RESULT_RET,
  SLOT_FRAGS,
} from "../../abi.js";
import type { MapHandle } from "../../maps/index.js";
import type { Engine, MachineOptions, MachineView, WorkerArea } from "../contract.js";
import { readFault } from "../faults.js";
import { counting, hex } from "./case.js";
import type { CaseMap, CasePacket, EngineCase } from "./case.js";
import { CASES } from "./cases/index.js";
import { objectOf } from "./object.js";

/** An engine as the contract drives it: machine, seeds, engine, packets. */
export interface ContractEngine<M extends MachineView> {
  createMachine(options: MachineOptions): M;
  createEngine(machine: M): Engine;
  close?(machine: M, engine: Engine | undefined): void;
  /** A kernel: takes only the cases that a kernel can run; faults, redirects, costs, clocks and texts are not looked at. */
  readonly kernel?: boolean;
}

/** Declares one test a case: what every engine must do. */
export function runEngineContract<M extends MachineView>(name: string, engine: ContractEngine<M>): void {
  describe(`engine contract: ${name}`, () => {
    for (const [group, cases] of Object.entries(CASES)) {
      describe(group, () => {
        for (const testCase of cases) test.skipIf(engine.kernel === true && testCase.kernel === false)(testCase.description, () => runCase(testCase, engine));
      });
    }
  });
}

/** Runs one case and holds the engine to it. */
export function runCase<M extends MachineView>(testCase: EngineCase, { createMachine, createEngine, close, kernel = false }: ContractEngine<M>): void {
  const packets: readonly CasePacket[] = testCase.packets ?? [testCase.ret === undefined ? {} : { ret: testCase.ret }];
  const frames = packets.map((packet) => packet.in ?? counting(64));
  const { cpus, network, costs } = testCase;
  const machine = createMachine({
    object: objectOf(testCase),
    entry: "main",
    batchSize: packets.length,
    maxFrame: Math.max(...frames.map((frame) => frame.length), 64),
    ...(cpus === undefined ? {} : { cpus }),
    ...(network === undefined ? {} : { network }),
    ...(costs === undefined ? {} : { costs: ({ insns }) => ({ low: Uint32Array.from(insns, (_, i) => costs(i)[0]), high: Uint32Array.from(insns, (_, i) => costs(i)[1]) }) }),
  });
  let engine: Engine | undefined;
  try {
    const maps = testCase.maps ?? [];
    maps.forEach((map, i) => map.before?.forEach(([key, value]) => machine.maps[i]?.update(hex(key), hex(value))));
    engine = createEngine(machine);
    placePackets(machine, engine.worker, packets, frames);
    engine.runBatch(packets.length);
    packets.forEach((packet, i) => checkPacket(machine, (engine as Engine).worker, i, packet, frames[i] as Uint8Array, kernel));
    maps.forEach((map, i) => checkMap(map, machine.maps[i] as MapHandle));
    if (testCase.printk && !kernel) expect((machine as unknown as { printk(): string[] }).printk()).toEqual(testCase.printk);
  } finally {
    close?.(machine, engine);
  }
}

function placePackets(machine: MachineView, worker: WorkerArea, packets: readonly CasePacket[], frames: readonly Uint8Array[]): void {
  const addresses = frames.map((frame) => machine.layout.allocate(frame.length + 8, 64, "frames"));
  const view = new DataView(machine.layout.buffer);
  const bytes = new Uint8Array(machine.layout.buffer);
  packets.forEach((packet, i) => {
    const frame = frames[i] as Uint8Array;
    const descriptor = worker.descriptors + i * DESC_BYTES;
    // What lies in the slot from before must not be seen.
    bytes.fill(0xa5, worker.slots + i * worker.slotStride, worker.slots + (i + 1) * worker.slotStride);
    bytes.set(frame, addresses[i] as number);
    view.setUint32(descriptor + DESC_FRAME, addresses[i] as number, true);
    view.setUint32(descriptor + DESC_LENGTH, frame.length, true);
    view.setBigUint64(descriptor + DESC_TIME, packet.time ?? 1_000_000_000n, true);
    view.setUint32(descriptor + DESC_IFINDEX, packet.ifindex ?? 1, true);
    view.setUint32(descriptor + DESC_QUEUE, packet.queue ?? 0, true);
    view.setUint32(descriptor + DESC_CPU, packet.cpu ?? 0, true);
    view.setUint32(descriptor + DESC_PACKET, i, true);
    packet.metadata?.forEach((value, k) => view.setUint32(descriptor + DESC_METADATA + k * 4, value, true));
  });
}

function checkPacket(machine: MachineView, worker: WorkerArea, i: number, expected: CasePacket, frame: Uint8Array, kernel: boolean): void {
  const view = new DataView(machine.layout.buffer);
  const result = worker.results + i * RESULT_BYTES;
  const u32 = (field: number): number => view.getUint32(result + field, true);
  const slice = (start: number, length: number): Uint8Array => new Uint8Array(machine.layout.buffer, start, length).slice();
  const which = `packet ${i}`;

  if (!kernel) {
    const fault = readFault(view, result);
    if (expected.fault) {
      expect(fault, which).toMatchObject({ program: 0, ...expected.fault });
      expect(u32(RESULT_RET), which).toBe(0);
    } else expect(fault, which).toBeUndefined();
  }
  if (expected.ret !== undefined) expect(u32(RESULT_RET), which).toBe(expected.ret >>> 0);
  const data = u32(RESULT_DATA);
  if (expected.data !== undefined) {
    const linear = slice(data, u32(RESULT_LENGTH));
    const rest = slice(worker.slots + i * worker.slotStride + SLOT_FRAGS, u32(RESULT_FRAG_LENGTH));
    expect(text(linear) + text(rest), which).toBe(text(expected.data === "same" ? frame : expected.data));
  }
  if (expected.linear !== undefined) expect(u32(RESULT_LENGTH), which).toBe(expected.linear);
  if (expected.meta !== undefined) expect(text(slice(data - u32(RESULT_META_LENGTH), u32(RESULT_META_LENGTH))), which).toBe(text(expected.meta));
  if (kernel) return;
  if (expected.redirect) {
    const redirect = { kind: u32(RESULT_REDIRECT_KIND), map: u32(RESULT_REDIRECT_MAP), key: u32(RESULT_REDIRECT_KEY), target: u32(RESULT_REDIRECT_TARGET) };
    expect(redirect, which).toMatchObject(expected.redirect);
  }
  if (expected.cost) expect([u32(RESULT_COST), u32(RESULT_COST + 4)], which).toEqual(expected.cost);
}

function checkMap(expected: CaseMap, map: MapHandle): void {
  if (!expected.after) return;
  const entries = [...map.keys()].map((key): [string, string] => [text(key), text(map.lookup(key) ?? new Uint8Array(0))]);
  const wanted = expected.after.map(([key, value]): [string, string] => [text(hex(key)), text(hex(value))]);
  const keys = new Set(wanted.map(([key]) => key));
  const isArray = expected.type.includes("ARRAY");
  // Arrays have every entry: only those that are named are compared.
  expect(entries.filter(([key]) => !isArray || keys.has(key)).toSorted(), `map ${expected.name}`).toEqual(wanted.toSorted());
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
