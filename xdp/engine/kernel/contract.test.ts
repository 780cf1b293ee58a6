import { describe, test } from "vitest";
import { runEngineContract } from "../testing/run.js";
import { kernelAvailable } from "./available.js";
import type { KernelEngine } from "./engine.js";
import { createKernelEngine } from "./engine.js";
import { KernelMachine } from "./machine.js";

const { available, reason } = kernelAvailable();

if (available) {
  runEngineContract("kernel", {
    kernel: true,
    createMachine: (options) => new KernelMachine(options),
    createEngine: (machine) => createKernelEngine(machine),
    close: (machine, engine) => {
      (engine as KernelEngine | undefined)?.close();
      machine.close();
    },
  });
} else describe.skip(`engine contract: kernel (${reason})`, () => test("all cases", () => undefined));
