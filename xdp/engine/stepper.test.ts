import { expect, it } from "vitest";
import { DESC_FRAME, DESC_LENGTH, ENV_STACK_TOP, RESULT_RET } from "../abi.js";
import { Stepper, createMachine } from "./index.js";
import { mapOf, programOf } from "./testing/object.js";

function stepperOf(asm: string, other?: string): { readonly stepper: Stepper; readonly ret: () => number } {
  const maps = other === undefined ? [] : [mapOf({ name: "jump", type: "BPF_MAP_TYPE_PROG_ARRAY", value: 4, programs: { 0: "other" } })];
  const programs = [programOf("main", asm, ["jump"]), ...(other === undefined ? [] : [programOf("other", other)])];
  const machine = createMachine({ object: { file: "test.o", license: "GPL", programs, maps }, entry: "main" });
  const stepper = new Stepper(machine);
  const frame = machine.layout.allocate(72, 64, "frame");
  const view = new DataView(machine.layout.buffer);
  view.setUint32(stepper.worker.descriptors + DESC_FRAME, frame, true);
  view.setUint32(stepper.worker.descriptors + DESC_LENGTH, 64, true);
  return { stepper, ret: () => view.getUint32(stepper.worker.results + RESULT_RET, true) };
}

it("shows registers after every instruction", () => {
  const { stepper, ret } = stepperOf("r0 = 5\n r6 = 7 ll\n r0 += r6\n *(u64 *)(r10 -8) = r0\n exit");
  stepper.start(0);
  const { env } = stepper.worker;
  expect([...stepper.registers()].filter((_, i) => i === 0 || i === 1 || i === 10)).toEqual([0n, BigInt(env), BigInt(env + ENV_STACK_TOP)]);
  const seen: [number, bigint][] = [];
  let state = "running";
  while (state === "running") {
    seen.push([stepper.insn, stepper.registers()[0] as bigint]);
    state = stepper.step();
  }
  expect(state).toBe("done");
  expect(seen).toEqual([[0, 0n], [1, 5n], [3, 5n], [4, 12n], [5, 12n]]);
  expect(ret()).toBe(12);
  expect(stepper.stack()[504]).toBe(12);
});

it("follows calls and tail calls", () => {
  const { stepper, ret } = stepperOf("call f\n exit\n f: r2 = map[jump] ll\n r3 = 0\n call bpf_tail_call\n r0 = 9\n exit", "r0 = 3\n exit");
  stepper.start(0);
  const seen: [number, number, number][] = [];
  do seen.push([stepper.program, stepper.insn, stepper.depth]);
  while (stepper.step() === "running");
  expect(seen).toEqual([[0, 0, 0], [0, 2, 1], [0, 4, 1], [0, 5, 1], [1, 0, 1], [1, 1, 1], [0, 1, 0]]);
  expect(ret()).toBe(3);
});

it("runs many instructions at once, starts again, and stops at a fault", () => {
  const { stepper, ret } = stepperOf("r0 = 0\n r1 = 100\n more: r0 += 1\n r1 -= 1\n if r1 != 0 goto more\n r0 = *(u8 *)(r1 +0)\n exit");
  stepper.start(0);
  expect(stepper.step(100)).toBe("running");
  expect(stepper.registers()[0]).toBe(33n);
  stepper.start(0);
  expect(stepper.step(1_000_000)).toBe("fault");
  expect(stepper.insn).toBe(5);
  expect(stepper.registers()[0]).toBe(100n);
  expect(ret()).toBe(0);
});
