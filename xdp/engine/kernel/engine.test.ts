import { describe, expect, it } from "vitest";
import { DESC_CPU, DESC_FRAME, DESC_IFINDEX, DESC_LENGTH, DESC_QUEUE } from "../../abi.js";
import type { WorkerArea } from "../contract.js";
import { assemble } from "../../isa/index.js";
import type { ObjectSpec } from "../../object/index.js";
import { createKernelEngine, kernelAvailable, KernelMachine } from "./index.js";

const { available } = kernelAvailable();

/** One packet of 64 bytes. */
function describePacket(machine: KernelMachine, area: WorkerArea, { ifindex = 1, queue = 0, cpu = 0, length = 64 }): void {
  const frame = machine.layout.allocate(length + 8, 8, "a frame");
  const view = new DataView(machine.layout.buffer, area.descriptors);
  view.setUint32(DESC_FRAME, frame, true);
  view.setUint32(DESC_LENGTH, length, true);
  view.setUint32(DESC_IFINDEX, ifindex, true);
  view.setUint32(DESC_QUEUE, queue, true);
  view.setUint32(DESC_CPU, cpu, true);
}

describe.skipIf(!available)("limits of the kernel as an engine", () => {
  const insns = assemble("r0 = 2\nexit");
  const object: ObjectSpec = {
    file: "pass.o",
    license: "GPL",
    maps: [],
    programs: [{ name: "pass", section: "xdp", type: "xdp", frags: false, attach: "device", autoload: true, insns, functions: [], lines: [] }],
  };

  it.each([
    [{ ifindex: 77777 }, "ifindex 77777 must be an interface"],
    [{ queue: 5 }, "more than 5 receive queues"],
    [{ cpu: 1000 }, "sched_setaffinity to CPU 1000 failed with EINVAL"],
    [{ length: 90_000 }, "no packets above 73152 bytes"],
  ])("says in one line what the kernel does not take: %o", (packet, message) => {
    const machine = new KernelMachine({ object, entry: "pass" });
    const engine = createKernelEngine(machine);
    describePacket(machine, engine.worker, packet);
    try {
      expect(() => engine.runBatch(1)).toThrow(message);
    } finally {
      engine.close();
      machine.close();
    }
  });

  it("puts what is here in the place of what is not, and counts it", () => {
    const machine = new KernelMachine({ object, entry: "pass", batchSize: 1 });
    const engine = createKernelEngine(machine, 0, { substitute: true });
    const run = (packet: Parameters<typeof describePacket>[2]): number => {
      describePacket(machine, engine.worker, packet);
      engine.runBatch(1);
      return engine.substituted;
    };
    expect([run({}), run({ ifindex: 77777 }), run({ queue: 5 }), run({ cpu: 1000 }), run({})]).toEqual([0, 1, 2, 3, 3]);
    engine.close();
    machine.close();
  });

  it("measures repeated runs", () => {
    const machine = new KernelMachine({ object, entry: "pass" });
    const engine = createKernelEngine(machine);
    describePacket(machine, engine.worker, {});
    const ns = engine.measure(100_000);
    engine.close();
    machine.close();
    expect(ns).toBeGreaterThan(0);
  });
});
