/** What stands in the way of running a program here, though a kernel may run it. */
export type UnsupportedKind = "helper" | "kfunc" | "map" | "instruction" | "core";

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
  map: "map type",
  instruction: "instruction",
  core: "relocation against the running kernel",
};

/** A loaded program needs something that Beeline does not have (not the same as what the kernel would reject). */
export class UnsupportedError extends Error {
  readonly kind: UnsupportedKind;
  /** Kernel name: `bpf_loop`, `bpf_xdp_ct_lookup`, `BPF_MAP_TYPE_RINGBUF`. */
  readonly what: string;
  readonly program: string;
  readonly insn: number;
  readonly line?: string;
  constructor(kind: UnsupportedKind, what: string, place: ProgramPlace) {
    super(`program ${place.program}, instruction ${place.insn}${place.line === undefined ? "" : ` (${place.line})`}: ${WORDS[kind]} ${what} is not supported`);
    this.name = "UnsupportedError";
    this.kind = kind;
    this.what = what;
    this.program = place.program;
    this.insn = place.insn;
    if (place.line !== undefined) this.line = place.line;
  }
}
