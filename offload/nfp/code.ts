/**
 * NFP instructions as the translator writes them: no registers and no encoding, only what counts and costs depend on.
 * It knows neither eBPF nor cycles.
 */

/** An instruction that takes a cycle and leaves the core. */
export interface Plain {
  readonly kind: "alu" | "immed" | "shf" | "ld_field" | "mul_step" | "local_csr" | "nop";
}

/** Where a branch goes: the eBPF target, the end of the program, firmware, a subroutine, or so many instructions of its own slot ahead. */
export type BranchTarget = "target" | "out" | "abort" | "firmware" | "function" | "caller" | number;

export interface Branch {
  readonly kind: "br";
  /** `condition`: on the flags of the instruction before it. `bit`: on a bit of a register. */
  readonly when: "always" | "condition" | "bit";
  readonly to: BranchTarget;
  /** Instructions behind it that execute although it is taken, 0 to 3. */
  readonly defer: number;
}

/** A command to memory outside the core. */
export interface Command {
  readonly kind: "cmd";
  /** Packet memory (CTM, 32-bit address) or map memory (EMEM, 40-bit address). */
  readonly memory: "packet" | "map";
  readonly access: "read" | "write" | "add";
  /** True where the context waits for it. A posted one goes on at once. */
  readonly blocking: boolean;
}

export type NfpInsn = Plain | Branch | Command;

/** Largest immediate operand of instructions with free operands, and of those with restricted ones (shifts, fields, commands). */
export const UNRESTRICTED = 0xff;
export const RESTRICTED = 0x7f;

const PLAIN: Readonly<Record<Plain["kind"], Plain>> = {
  alu: { kind: "alu" },
  immed: { kind: "immed" },
  shf: { kind: "shf" },
  ld_field: { kind: "ld_field" },
  mul_step: { kind: "mul_step" },
  local_csr: { kind: "local_csr" },
  nop: { kind: "nop" },
};

/** Instructions of one eBPF slot while they are written. */
export class Code {
  readonly insns: NfpInsn[] = [];

  plain(kind: Plain["kind"], count = 1): void {
    for (let i = 0; i < count; i++) this.insns.push(PLAIN[kind]);
  }

  alu(count = 1): void {
    this.plain("alu", count);
  }

  /** Loads a 32-bit constant. */
  immed(value: number): void {
    this.plain("immed", immedLength(value));
  }

  /** Loads a constant into a spare register where it is too large to be an operand. */
  operand(value: number, largest: number): void {
    if (value >>> 0 > largest) this.immed(value);
  }

  branch(when: Branch["when"], to: BranchTarget, defer = 0): void {
    this.insns.push({ kind: "br", when, to, defer });
  }

  command(memory: Command["memory"], access: Command["access"], blocking = true): void {
    this.insns.push({ kind: "cmd", memory, access, blocking });
  }
}

/** Instructions that load a 32-bit constant: one where 16 bits at a byte boundary hold it or its complement, else two. */
export function immedLength(value: number): 1 | 2 {
  return isPacked(value >>> 0) || isPacked(~value >>> 0) ? 1 : 2;
}

function isPacked(value: number): boolean {
  return (value & 0xffff0000) === 0 || (value & 0xff0000ff) === 0 || (value & 0x0000ffff) === 0;
}
