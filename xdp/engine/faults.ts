/** Faults: what a program did that it may not, read from a result and put into words. */
import { FAULT_ALIGNMENT, FAULT_ARGUMENT, FAULT_FRAMES, FAULT_FUEL, FAULT_READ, FAULT_WRITE, FUEL, MAX_CALL_FRAMES, RESULT_FAULT, RESULT_FAULT_ADDRESS, RESULT_FAULT_INSN, RESULT_FAULT_PROGRAM } from "../abi.js";
import { helperName, placeText } from "../helpers/index.js";
import type { MachineView } from "./contract.js";
import { lineOf, placeOf } from "./place.js";

/** A fault as a result holds it. */
export interface FaultRecord {
  /** FAULT_*. */
  readonly code: number;
  /** Index of the program in the machine's table. */
  readonly program: number;
  /** Slot. */
  readonly insn: number;
  /** What the program wanted to touch, or the wrong argument; 0 where it was no memory. */
  readonly address: bigint;
}

/** A fault, explained. */
export interface FaultDescription extends FaultRecord {
  readonly programName: string;
  /** `file:line`, where the object says it. */
  readonly line?: string;
  /** The source line itself. */
  readonly source?: string;
  /** One line: which program, where, what. */
  readonly message: string;
}

/** The fault of the result at address `result`; undefined where the packet had none. `view` is over the machine's memory. */
export function readFault(view: DataView, result: number): FaultRecord | undefined {
  const code = view.getUint32(result + RESULT_FAULT, true);
  if (code === 0) return undefined;
  return {
    code,
    program: view.getUint32(result + RESULT_FAULT_PROGRAM, true),
    insn: view.getUint32(result + RESULT_FAULT_INSN, true),
    address: view.getBigUint64(result + RESULT_FAULT_ADDRESS, true),
  };
}

/** Puts a fault into words. */
export function describeFault(machine: MachineView, fault: FaultRecord): FaultDescription {
  const program = machine.programs[fault.program]?.spec;
  if (!program) return { ...fault, programName: `#${fault.program}`, message: `program #${fault.program}, instruction ${fault.insn}: ${what(machine, fault)}` };
  const place = placeOf(program, fault.insn);
  const source = lineOf(program, fault.insn)?.text.trim();
  return {
    ...fault,
    programName: program.name,
    ...(place.line === undefined ? {} : { line: place.line }),
    ...(source ? { source } : {}),
    message: `program ${program.name}, ${placeText(place)}: ${what(machine, fault)}`,
  };
}

function what(machine: MachineView, { code, program, insn, address }: FaultRecord): string {
  const hex = `0x${address.toString(16)}`;
  const poisoned = machine.programs[program]?.spec.poisoned?.find((p) => p.insn === insn);
  if (poisoned) return `reaches what cannot run here: ${poisoned.reason}`;
  switch (code) {
    case FAULT_READ:
      return address === 0n ? "reads through a NULL pointer" : `reads at ${hex}, outside packet, stack, context and map values`;
    case FAULT_WRITE:
      return address === 0n ? "writes through a NULL pointer" : `writes at ${hex}, outside what it may write: packet, stack and map values`;
    case FAULT_ARGUMENT:
      return `calls ${helperName(machine.programs[program]?.spec.insns[insn]?.imm ?? 0)} with the argument ${hex}, which does not fit it`;
    case FAULT_FUEL:
      return `has jumped back ${FUEL} times for one packet: the loop does not end`;
    case FAULT_FRAMES:
      return `calls more than ${MAX_CALL_FRAMES} functions deep`;
    case FAULT_ALIGNMENT:
      return `has an atomic operation at ${hex}, which is not aligned to its size`;
    default:
      return `has fault ${code}`;
  }
}
