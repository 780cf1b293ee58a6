import { expect, it } from "vitest";
import { DESC_FRAME, DESC_LENGTH, FAULT_FUEL } from "../abi.js";
import { createInterpreter, createMachine, describeFault, readFault } from "./index.js";
import type { FaultDescription, Machine } from "./index.js";
import { programOf } from "./testing/object.js";

function machineOf(asm: string, lines: readonly (readonly [insn: number, line: number, text: string])[] = []): Machine {
  const program = { ...programOf("main", asm), lines: lines.map(([insn, line, text]) => ({ insn, line, text, file: "prog.bpf.c", column: 1 })) };
  return createMachine({ object: { file: "test.o", license: "GPL", programs: [program], maps: [] }, entry: "main" });
}

function faultOf(machine: Machine): FaultDescription | undefined {
  const { runBatch, worker } = createInterpreter(machine);
  const frame = machine.layout.allocate(72, 64, "frame");
  const view = new DataView(machine.layout.buffer);
  view.setUint32(worker.descriptors + DESC_FRAME, frame, true);
  view.setUint32(worker.descriptors + DESC_LENGTH, 64, true);
  runBatch(1);
  const fault = readFault(view, worker.results);
  return fault && describeFault(machine, fault);
}

it("names instruction and source line", () => {
  const fault = faultOf(machineOf("r1 = 0\n r2 = 1\n r0 = *(u8 *)(r1 +7)\n exit", [[0, 10, "  int x;"], [1, 12, "  x = *p;  "], [3, 13, "return"]]));
  expect(fault).toMatchObject({ insn: 2, line: "prog.bpf.c:12", source: "x = *p;", programName: "main", address: 7n });
  expect(fault?.message).toBe("program main, instruction 2 (prog.bpf.c:12): reads at 0x7, outside packet, stack, context and map values");
});

it("does without lines, and does not borrow them from another function", () => {
  expect(faultOf(machineOf("r1 = 0\n r0 = *(u8 *)(r1 +0)\n exit"))?.message).toBe("program main, instruction 1: reads through a NULL pointer");
  const fault = faultOf(machineOf("call f\n exit\n f: r1 = 0\n *(u8 *)(r1 +0) = 1\n exit", [[0, 5, "f();"]]));
  expect(fault).not.toHaveProperty("line");
  expect(fault?.message).toBe("program main, instruction 3: writes through a NULL pointer");
});

it.each([
  ["r1 = r10\n r2 = 0\n call bpf_xdp_adjust_head\n exit", /instruction 2: calls bpf_xdp_adjust_head with the argument 0x[0-9a-f]+, which does not fit it$/],
  ["f: call f\n exit", /calls more than 8 functions deep$/],
  ["r0 = 0\n goto -1\n exit", /has jumped back 33554432 times for one packet: the loop does not end$/],
  ["r1 = 0\n *(u64 *)(r10 -16) = 0\n *(u64 *)(r10 -8) = 0\n lock *(u64 *)(r10 -12) += r1\n exit", /has an atomic operation at 0x[0-9a-f]+, which is not aligned to its size$/],
  ["*(u32 *)(r1 +0) = 1\n exit", /writes at 0x[0-9a-f]+, outside what it may write: packet, stack and map values$/],
])("says what happened: %s", (asm, message) => {
  expect(faultOf(machineOf(asm))?.message).toMatch(message);
});

it("says nothing where nothing happened, and something where the program is not known", () => {
  const machine = machineOf("r0 = 2\n exit");
  expect(faultOf(machine)).toBeUndefined();
  expect(describeFault(machine, { code: FAULT_FUEL, program: 9, insn: 1, address: 0n }).message).toContain("program #9");
});
