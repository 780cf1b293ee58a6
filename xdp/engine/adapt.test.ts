/** Programs that name things of a kernel, run: types, settings and functions are found where the machine is made. */
import { describe, expect, it } from "vitest";
import { DESC_FRAME, DESC_IFINDEX, DESC_LENGTH, RESULT_RET } from "../abi.js";
import { ObjectError, btfTarget, builtinTarget, kernelTarget } from "../object/index.js";
import type { ObjectSpec } from "../object/index.js";
import { btfOf, fixture } from "../object/testing/fixtures.js";
import type { Engine, MachineView } from "./contract.js";
import { describeFault, readFault } from "./faults.js";
import { createInterpreter, createMachine } from "./index.js";
import type { Machine, MachineOptions } from "./index.js";
import { KernelMachine, createKernelEngine, kernelAvailable } from "./kernel/index.js";
import { createWasmEngine } from "./wasm/engine.js";

const { available } = kernelAvailable();
const ENGINES = [["interpreter", createInterpreter], ["wasm", createWasmEngine]] as const;

/** Runs one packet of 400 bytes, the ninth byte as given, and returns what the program does. */
function result(machine: MachineView, engine: Engine, ninth = 0): number {
  const frame = machine.layout.allocate(408, 8, "a frame");
  new Uint8Array(machine.layout.buffer)[frame + 8] = ninth;
  const view = new DataView(machine.layout.buffer);
  view.setUint32(engine.worker.descriptors + DESC_FRAME, frame, true);
  view.setUint32(engine.worker.descriptors + DESC_LENGTH, 400, true);
  view.setUint32(engine.worker.descriptors + DESC_IFINDEX, 1, true);
  engine.runBatch(1);
  return new DataView(machine.layout.buffer).getUint32(engine.worker.results + RESULT_RET, true);
}

function machineFor(object: ObjectSpec, entry: string, more: Partial<MachineOptions> = {}): Machine {
  return createMachine({ object, entry, ...more });
}

describe.each(ENGINES)("%s", (_, create) => {
  it.each([
    ["core_new", [2, 1]],
    ["core_old", [3, 1]],
    ["core", [3, 3]],
  ])("runs a program on the types of %s: %j", (types, expected) => {
    const machine = machineFor(fixture("core"), "guarded", { btf: btfTarget(btfOf(types), types) });
    expect(machine.btf).toBe(types);
    const engine = create(machine);
    expect([result(machine, engine, 0), result(machine, engine, 1)]).toEqual(expected);
  });

  it("stops a program that reaches what is not there, and says what", () => {
    const machine = machineFor(fixture("core"), "unguarded", { btf: builtinTarget() });
    const engine = create(machine);
    expect(result(machine, engine)).toBe(0);
    const fault = readFault(new DataView(machine.layout.buffer), engine.worker.results);
    expect(fault && describeFault(machine, fault).message).toMatch(/^program unguarded, instruction 6 \((?:\.\/)?core\.bpf\.c:\d+\): reaches what cannot run here: struct absent\.x does not exist in the built-in BTF$/);
  });

  it("gives settings their values", () => {
    const defaults = machineFor(fixture("externs"), "settings");
    expect(defaults.btf).toBeUndefined();
    expect(result(defaults, create(defaults))).toBe(1 | 2 | 8 | 16 | 128);
    const machine = machineFor(fixture("externs"), "settings", { kconfig: { LINUX_KERNEL_VERSION: "5.10", CONFIG_NOWHERE_BOOL: "y", CONFIG_NOWHERE_SHORT: "-5", CONFIG_NOWHERE_CHAR: "m", CONFIG_IPV6: "m" } });
    expect(result(machine, create(machine))).toBe(2 | 4 | 16 | 32 | 64 | 128);
  });
});

function kernelResult(object: ObjectSpec, entry: string, kconfig?: Readonly<Record<string, string>>): number {
  const machine = new KernelMachine({ object, entry, ...(kconfig ? { kconfig } : {}) });
  const engine = createKernelEngine(machine);
  try {
    return result(machine, engine);
  } finally {
    engine.close();
    machine.close();
  }
}

it("refuses what only a running kernel has, by name, and only where it is needed", () => {
  const object = fixture("kernel");
  expect(() => machineFor(object, "ksym")).toThrow(/^program ksym, instruction \d+ \(\S+\): kernel variable bpf_prog_active is not supported/);
  // Its weak function is nowhere, and so is its weak variable: 0, and the call is dead code.
  const machine = machineFor(object, "weak");
  expect(result(machine, createInterpreter(machine))).toBe(2);
});

it("refuses memory that is shared with a process, by name", () => {
  expect(() => machineFor(fixture("arena"), "in_arena")).toThrow(/^program in_arena, instruction \d+ \(\S+\): map type BPF_MAP_TYPE_ARENA of map arena is not supported/);
});

it("refuses a setting's value that it cannot have, in one line", () => {
  expect(() => machineFor(fixture("externs"), "settings", { kconfig: { CONFIG_HZ: "often" } })).toThrow(ObjectError);
});

describe.skipIf(!available || !kernelTarget())("the kernel (needs bpf() and /sys/kernel/btf/vmlinux)", () => {
  it("finds the same settings and its own functions and types", () => {
    const object = fixture("externs");
    expect(kernelResult(object, "settings")).toBe(1 | 2 | 8 | 16 | 128);
    expect(kernelResult(object, "settings", { CONFIG_NOWHERE_BOOL: "y" })).toBe(1 | 2 | 4 | 8 | 16 | 128);
    // One of three is in the kernel since 6.4.
    expect([0, 2]).toContain(kernelResult(object, "functions"));
    expect(() => kernelResult(fixture("core"), "unguarded")).toThrow("invalid func unknown#195896080");
  });
});
