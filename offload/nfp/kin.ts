/**
 * Code for what the driver refuses: about what its nearest kin takes, so that a program which the card does not take still
 * has a figure to compare. Admission says that it is refused.
 */
import { BPF_ALU, BPF_ALU64, BPF_ATOMIC, BPF_DIV, BPF_FETCH, BPF_JMP, BPF_JMP32, BPF_LDX, BPF_MOD, BPF_MOV, BPF_ST, BPF_STX, bytesOf, classOf, modeOf, operationOf } from "../../xdp/index.js";
import { RESTRICTED } from "./code.js";
import { frameBytes, mapAddress } from "./select/context.js";
import type { Selection } from "./select/context.js";
import { storeStack } from "./select/stack.js";

export function nearestKin(selection: Selection): void {
  const { code, meta, fn } = selection;
  const { op, imm, off } = meta.insn;
  const operation = operationOf(op);
  switch (classOf(op)) {
    case BPF_ALU:
    case BPF_ALU64:
      if (operation === BPF_DIV || operation === BPF_MOD) {
        // Reciprocal; the remainder takes another multiplication.
        code.plain("mul_step", operation === BPF_MOD ? 14 : 7);
        code.alu(3);
      } else code.alu(operation === BPF_MOV ? 3 : 2);
      break;
    case BPF_LDX:
    case BPF_ST:
    case BPF_STX: {
      const words = Math.ceil(bytesOf(op) / 4);
      const kind = meta.pointer?.kind;
      if (kind === "ctx") code.alu(2);
      else if (kind === "stack" && classOf(op) === BPF_ST) {
        code.immed(imm);
        storeStack(selection);
      } else if (kind === "stack") code.alu(words + (frameBytes(fn) + off < 64 ? 0 : 5));
      else {
        code.operand(off, RESTRICTED);
        mapAddress(code, off);
        const atomic = classOf(op) === BPF_STX && modeOf(op) === BPF_ATOMIC;
        code.alu(words);
        code.command("map", atomic ? "add" : classOf(op) === BPF_LDX ? "read" : "write", !atomic || (imm & BPF_FETCH) !== 0);
      }
      break;
    }
    case BPF_JMP:
    case BPF_JMP32:
      // Helpers that the firmware lacks: the stub of one that it has.
      code.branch("always", "firmware", 2);
      code.alu();
      code.plain("immed");
      break;
    default:
      code.alu(2);
  }
}
