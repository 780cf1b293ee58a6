/** A chain of programs does what its programs do one after the other, on every engine. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DESC_FRAME, DESC_IFINDEX, DESC_LENGTH, RESULT_DATA, RESULT_RET } from "../abi.js";
import { chainPrograms, loadObject, runConfig } from "../object/index.js";
import type { ObjectSpec } from "../object/index.js";
import { fixture } from "../object/testing/fixtures.js";
import type { Engine, MachineView } from "./contract.js";
import { createInterpreter, createMachine } from "./index.js";
import { KernelMachine, createKernelEngine, kernelAvailable } from "./kernel/index.js";
import { createWasmEngine } from "./wasm/engine.js";

const LENGTH = 64;
const PACKETS = 64;
const LIBXDP = "/usr/lib/x86_64-linux-gnu/bpf/xdp-dispatcher.o";
const ACTIONS = ["XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX", "XDP_REDIRECT"];

interface Running {
  readonly machine: MachineView;
  readonly engine: Engine;
  close(): void;
}

const RUN: Readonly<Record<string, (object: ObjectSpec, entry: string) => Running>> = {
  interpreter(object, entry) {
    const machine = createMachine({ object, entry });
    return { machine, engine: createInterpreter(machine), close: () => undefined };
  },
  wasm(object, entry) {
    const machine = createMachine({ object, entry });
    return { machine, engine: createWasmEngine(machine), close: () => undefined };
  },
  kernel(object, entry) {
    const machine = new KernelMachine({ object, entry });
    const engine = createKernelEngine(machine);
    return {
      machine,
      engine,
      close() {
        engine.close();
        machine.close();
      },
    };
  },
};

/** Frames that reach every branch of both programs. */
function frames(): Uint8Array[] {
  return Array.from({ length: PACKETS }, (_, i) => Uint8Array.from({ length: LENGTH }, (_, at) => (at === 18 ? i : at === 19 ? (i >> 2) * 5 : at + i)));
}

/** Runs one frame; returns the action and the bytes. */
function run({ machine, engine }: Running, frame: Uint8Array): { readonly ret: number; readonly bytes: Uint8Array } {
  const at = machine.layout.allocate(LENGTH + 8, 8, "a frame");
  new Uint8Array(machine.layout.buffer).set(frame, at);
  const view = new DataView(machine.layout.buffer);
  view.setUint32(engine.worker.descriptors + DESC_FRAME, at, true);
  view.setUint32(engine.worker.descriptors + DESC_LENGTH, LENGTH, true);
  view.setUint32(engine.worker.descriptors + DESC_IFINDEX, 1, true);
  engine.runBatch(1);
  const after = new DataView(machine.layout.buffer);
  const data = after.getUint32(engine.worker.results + RESULT_DATA, true);
  return { ret: after.getUint32(engine.worker.results + RESULT_RET, true), bytes: new Uint8Array(machine.layout.buffer, data, LENGTH).slice() };
}

/** Values of an array, by the name of the map. */
function values(running: Running, name: string): readonly string[] {
  const map = running.machine.maps.find((m) => m.spec.name === name);
  if (!map) throw new Error(`no map ${name}`);
  return Array.from({ length: map.spec.maxEntries }, (_, i) => Buffer.from(map.lookup(Uint8Array.of(i, 0, 0, 0)) ?? []).toString("hex"));
}

const dispatcher = existsSync(LIBXDP) ? loadObject(new Uint8Array(readFileSync(LIBXDP)), "xdp-dispatcher.o") : undefined;

describe.each(["interpreter", "wasm", "kernel"])("%s", (name) => {
  const isThere = name !== "kernel" || kernelAvailable().available;
  const start = RUN[name] as (typeof RUN)[string];

  it.skipIf(!isThere).each([["the built-in dispatcher", undefined], ["libxdp's dispatcher, where it is installed", dispatcher]] as const)("runs a chain as its programs by hand: %s", (_, object) => {
    const [one, two] = [fixture("chain_first"), fixture("chain_second")];
    const chain = start(chainPrograms([{ object: two, program: "second" }, { object: one }], object ? { dispatcher: object } : {}), "xdp_dispatcher");
    const [first, second] = [start(one, "first"), start(two, "second")];
    const goesOn = new Set(runConfig(one, "first").chainCallActions);
    const goesOnTwice = new Set(runConfig(two, "second").chainCallActions);
    const seen = new Set<number>();
    for (const frame of frames()) {
      let expected = run(first, frame);
      if (goesOn.has(ACTIONS[expected.ret] as "XDP_PASS")) {
        expected = run(second, expected.bytes);
        // After the last program, what would go on passes.
        if (goesOnTwice.has(ACTIONS[expected.ret] as "XDP_PASS")) expected = { ...expected, ret: 2 };
      }
      const result = run(chain, frame);
      expect(result.ret).toBe(expected.ret);
      expect(Buffer.from(result.bytes).toString("hex")).toBe(Buffer.from(expected.bytes).toString("hex"));
      seen.add(result.ret);
    }
    expect([...seen].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 7]);
    expect(values(chain, "stats")).toEqual(values(first, "stats"));
    expect(values(chain, "second.stats")).toEqual(values(second, "stats"));
    expect(values(chain, ".bss")).toEqual(values(first, ".bss"));
    expect(values(chain, ".data")).toEqual(values(second, ".data"));
    const both = [first, second].map((r) => Buffer.from(values(r, "shared")[0] ?? "", "hex").readBigUInt64LE());
    expect(Buffer.from(values(chain, "shared")[0] ?? "", "hex").readBigUInt64LE()).toBe((both[0] ?? 0n) + (both[1] ?? 0n));
    for (const running of [chain, first, second]) running.close();
  });
});
