/** What stands in the way of running a program here, though a kernel may run it. */
export type UnsupportedKind = "helper" | "kfunc" | "ksym" | "kconfig" | "map" | "instruction" | "core";

/** Where in a program something stands. */
export interface ProgramPlace {
  readonly program: string;
  /** Slot. */
  readonly insn: number;
  /** `file:line`, where the object says it. */
  readonly line?: string;
}

const WORDS: Record<UnsupportedKind, string> = {
  helper: "helper",
  kfunc: "kernel function",
  ksym: "kernel variable",
  kconfig: "kernel setting",
  map: "map type",
  instruction: "instruction",
  core: "CO-RE relocation",
};

/** A loaded program needs something that Beeline does not have (not the same as what the kernel would reject). */
export class UnsupportedError extends Error {
  readonly kind: UnsupportedKind;
  /** Kernel name: `bpf_loop`, `bpf_xdp_ct_lookup`, `BPF_MAP_TYPE_RINGBUF`. */
  readonly what: string;
  readonly program: string;
  readonly insn: number;
  readonly line?: string;
  /** `reason`: why, where it is not only that nobody wrote it. */
  constructor(kind: UnsupportedKind, what: string, place: ProgramPlace, reason?: string) {
    super(`program ${place.program}, ${placeText(place)}: ${WORDS[kind]} ${what} is not supported${reason === undefined ? "" : `: ${reason}`}`);
    this.name = "UnsupportedError";
    this.kind = kind;
    this.what = what;
    this.program = place.program;
    this.insn = place.insn;
    if (place.line !== undefined) this.line = place.line;
  }
}

/** A loaded program is not sound: no kernel would load it, and no engine can run it. */
export class ProgramError extends Error {
  readonly problem: string;
  readonly program: string;
  readonly insn: number;
  readonly line?: string;
  constructor(problem: string, place: ProgramPlace) {
    super(`program ${place.program}, ${placeText(place)}: ${problem}`);
    this.name = "ProgramError";
    this.problem = problem;
    this.program = place.program;
    this.insn = place.insn;
    if (place.line !== undefined) this.line = place.line;
  }
}

/** `instruction 12 (prog.bpf.c:34)`. */
export function placeText({ insn, line }: ProgramPlace): string {
  return `instruction ${insn}${line === undefined ? "" : ` (${line})`}`;
}
