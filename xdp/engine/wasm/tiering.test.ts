import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { createMachine } from "../machine.js";
import type { Machine } from "../machine.js";
import { objectOf } from "../testing/object.js";
import { compileMachine } from "./compile.js";

const machineOf = (verdict: number): Machine => createMachine({ object: objectOf({ description: "", asm: `r0 = ${verdict}\n exit` }), entry: "main" });

test("the same program on the same machine is compiled once", () => {
  const first = compileMachine(machineOf(1));
  expect(compileMachine(machineOf(1)).module).toBe(first.module);
  expect(compileMachine(machineOf(2)).module).not.toBe(first.module);
});

test("another thread gets the compiled module", async () => {
  const { module } = compileMachine(machineOf(3));
  const worker = new Worker('const { parentPort, workerData } = require("node:worker_threads"); parentPort.postMessage(WebAssembly.Module.exports(workerData).map(({ name }) => name));', { eval: true, workerData: module });
  const exported = await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  await worker.terminate();
  expect(exported).toEqual(["run_batch"]);
});
