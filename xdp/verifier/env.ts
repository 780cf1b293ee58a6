/** Everything of one verification: the program, what was found out about it, the states, the log. Data and small helpers; the checks live elsewhere. */
import { LD_IMM64 } from "../isa/index.js";
import type { BtfSpec, BtfTarget, ExternReference, Insn, LineInfo, ObjectSpec, ProgramSpec } from "../object/index.js";
import { Facts } from "./facts.js";
import { NotKnown, Rejection, VerifierLog } from "./log.js";
import type { MapInfo } from "./map-info.js";
import { mapInfo } from "./map-info.js";
import type { PathRecorder } from "./path-recorder.js";
import type { Checkpoint, Frame, History, State } from "./state.js";

export const MAX_STACK = 512;
export const MAX_FRAMES = 8;
export const MAX_VAR_OFF = 1 << 29;
/** Instructions that the verifier walks before it gives up. */
export const MAX_PROCESSED = 1_000_000;
/** Paths that may wait. */
export const MAX_PENDING = 8192;

/** What a global function takes, or a function that was given types. */
export interface FunctionArg {
  readonly kind: "scalar" | "ctx" | "mem" | "dynptr" | "btf" | "arena";
  readonly nullable: boolean;
  readonly size: number;
  readonly structName?: string;
  readonly flags: number;
}

export interface Subprogram {
  readonly start: number;
  end: number;
  /** Its last exit instruction. */
  exit: number;
  readonly name: string;
  readonly global: boolean;
  readonly typeId: number | undefined;
  stackDepth: number;
  hasTailCall: boolean;
  tailCallReachable: boolean;
  hasLdAbs: boolean;
  isCallback: boolean;
  isAsyncCallback: boolean;
  isExceptionCallback: boolean;
  changesPacket: boolean;
  mightSleep: boolean;
  /** Lowest offset that only bpf_fastcall spills use; 0 where there are none. */
  fastcallStackOff: number;
  keepFastcallStack: boolean;
  called: boolean;
  verified: boolean;
  /** Passing arguments that do not fit the types was seen. */
  unreliable: boolean;
  args: readonly FunctionArg[] | undefined;
}

export interface EnvOptions {
  readonly logLevel: number;
  /** BPF_F_STRICT_ALIGNMENT */
  readonly strictAlignment: boolean;
  /** The program is bound to a card. */
  readonly offloaded: boolean;
  /** BPF_F_TEST_STATE_FREQ */
  readonly testStateFreq: boolean;
  /** Possible CPUs of the kernel that is judged for. */
  readonly cpus: number;
  /** Instructions that are walked before giving up. */
  readonly limit: number;
  /** Types of the kernel that is judged for; throws ObjectError where there are none. */
  readonly btf: () => BtfTarget;
  /** Walk every path to its end, whatever earlier states say. */
  readonly exhaustive: boolean;
  /** Called with what holds before each instruction, on each path. */
  readonly observe: ((insn: number, state: State) => void) | undefined;
  /** Takes down the walk. */
  readonly record: PathRecorder | undefined;
}

/** Where accesses to the stack are noted, for liveness. */
export interface StackAccesses {
  /** The current instruction reads a slot of a frame. */
  read(state: State, frame: number, slot: number): void;
  /** The current instruction writes all of a slot of a frame. */
  write(frame: number, slot: number): void;
  /** A path, or a function on it, ends: brings what was noted into effect. */
  update(state: State): void;
}

/** A path that waits. */
export interface Pending {
  readonly state: State;
  readonly insn: number;
  readonly prevInsn: number;
  readonly logPosition: number;
}

/** What the checks know of each instruction. */
export class Aux {
  readonly prunePoint: Uint8Array;
  readonly jumpPoint: Uint8Array;
  readonly jumpTarget: Uint8Array;
  readonly forceCheckpoint: Uint8Array;
  readonly callsCallback: Uint8Array;
  readonly iterNext: Uint8Array;
  readonly fastcallPattern: Uint8Array;
  readonly fastcallSpills: Uint8Array;
  readonly liveRegs: Uint16Array;
  /** Strongly connected component of the control flow; 0 outside of loops. */
  readonly scc: Int32Array;
  /** Type of the pointer that the access went through; 0 before the first. */
  readonly pointerType: Int32Array;
  constructor(length: number) {
    this.prunePoint = new Uint8Array(length + 1);
    this.jumpPoint = new Uint8Array(length + 1);
    this.jumpTarget = new Uint8Array(length + 1);
    this.forceCheckpoint = new Uint8Array(length + 1);
    this.callsCallback = new Uint8Array(length + 1);
    this.iterNext = new Uint8Array(length + 1);
    this.fastcallPattern = new Uint8Array(length + 1);
    this.fastcallSpills = new Uint8Array(length + 1);
    this.liveRegs = new Uint16Array(length + 1).fill(0x7ff);
    this.scc = new Int32Array(length + 1);
    this.pointerType = new Int32Array(length + 1);
  }
}

export class Env {
  readonly object: ObjectSpec;
  readonly program: ProgramSpec;
  readonly insns: readonly Insn[];
  readonly btf: BtfSpec | undefined;
  /** Every function has a type: the kernel then takes the records. */
  readonly hasFuncInfo: boolean;
  readonly maps: readonly MapInfo[];
  readonly externs: ReadonlyMap<number, ExternReference>;
  readonly options: EnvOptions;
  readonly log: VerifierLog;
  readonly aux: Aux;
  readonly facts: Facts;
  subprograms: Subprogram[] = [];
  /** Subprogram of each slot. */
  subprogramAt: Int32Array;
  exceptionCallback = 0;
  /** Some instruction is in a loop. */
  hasLoops = false;
  usesArena = false;
  lines: readonly (LineInfo | undefined)[];

  stackAccesses!: StackAccesses;
  state!: State;
  insn = 0;
  prevInsn = 0;
  currentHistory: History | undefined;
  readonly pending: Pending[] = [];
  /** Checkpoints by chain of call sites, then by instruction of the function, from its first. */
  readonly explored: ((Checkpoint[] | undefined)[] | undefined)[] = [];
  nextId = 0;
  nextChain = 1;
  readonly chains = new Map<string, number>();

  processed = 0;
  jumps = 0;
  prevProcessed = 0;
  prevJumps = 0;
  totalStates = 0;
  peakStates = 0;
  exploredStates = 0;
  maxStatesPerInsn = 0;
  longestMarkReadWalk = 0;

  scratchedRegs = 0x7ff;
  scratchedSlots: [number, number] = [-1, -1];
  prevLine: LineInfo | undefined;
  prevLogPosition = 0;
  prevInsnPrint = 0;
  /** Lines of the verdict before the last one. */
  notes: string[] = [];

  constructor(object: ObjectSpec, program: ProgramSpec, options: EnvOptions) {
    this.object = object;
    this.program = program;
    this.insns = program.insns;
    this.btf = object.btf;
    this.options = options;
    this.hasFuncInfo = object.btf !== undefined && program.functions.every(({ typeId }) => typeId !== undefined);
    this.maps = object.maps.map((map) => mapInfo(map, object.btf));
    this.externs = new Map((program.externs ?? []).map((extern) => [extern.insn, extern]));
    this.log = new VerifierLog(options.logLevel);
    this.aux = new Aux(program.insns.length);
    this.facts = new Facts(program.insns, this.maps.map(({ constant }) => constant));
    this.subprogramAt = new Int32Array(program.insns.length);
    this.lines = linesByInsn(program);
  }

  /** Refuses the program: `message` is the verdict. */
  reject(message: string, code = "EINVAL"): never {
    this.log.write(`${message}\n`);
    throw new Rejection(message, code);
  }

  /** Refuses the program with a message that is in the log already. */
  rejectSilently(message: string, code = "EINVAL"): never {
    throw new Rejection(message, code);
  }

  /** A line of the verdict that another follows. */
  note(message: string): void {
    this.notes.push(message);
    this.log.write(`${message}\n`);
  }

  notKnown(what: string): never {
    throw new NotKnown(what);
  }

  /** The next free id of registers and references. */
  newId(): number {
    return ++this.nextId;
  }

  /** Number of a chain of call sites, one longer than another. */
  chainOf(caller: number, callsite: number): number {
    const name = `${caller}/${callsite}`;
    let chain = this.chains.get(name);
    if (chain === undefined) this.chains.set(name, (chain = this.nextChain++));
    return chain;
  }

  /** Checkpoints at an instruction that was reached over the same calls as a state's innermost frame; none where nothing was kept. */
  exploredAt(insn: number, { chain, subprog }: Frame): Checkpoint[] | undefined {
    return this.explored[chain]?.[insn - (this.subprograms[subprog] as Subprogram).start];
  }

  keep(insn: number, { chain, subprog }: Frame, checkpoint: Checkpoint): void {
    const { start, end } = this.subprograms[subprog] as Subprogram;
    while (this.explored.length <= chain) this.explored.push(undefined);
    const lists = (this.explored[chain] ??= Array.from({ length: end - start }, () => undefined));
    const list = lists[insn - start];
    if (list === undefined) lists[insn - start] = [checkpoint];
    else list.push(checkpoint);
  }

  scratchReg(reg: number): void {
    this.scratchedRegs |= 1 << reg;
  }

  scratchSlot(slot: number): void {
    this.scratchedSlots[slot >> 5] = (this.scratchedSlots[slot >> 5] ?? 0) | (1 << (slot & 31));
  }

  scratchAll(): void {
    this.scratchedRegs = 0x7ff;
    this.scratchedSlots = [-1, -1];
  }

  /** Instruction behind this one. */
  next(insn: number): number {
    return insn + ((this.insns[insn] as Insn).op === LD_IMM64 ? 2 : 1);
  }

  subprogramStartingAt(insn: number): number {
    return this.subprograms.findIndex(({ start }) => start === insn);
  }

  /** Bytes of stack that a subprogram uses; `off` is below 0. */
  useStack(subprogram: number, depth: number): void {
    const info = this.subprograms[subprogram] as Subprogram;
    if (depth > info.stackDepth) info.stackDepth = depth;
  }
}

/** The line of each slot. */
function linesByInsn({ lines, insns }: ProgramSpec): (LineInfo | undefined)[] {
  const at: (LineInfo | undefined)[] = [];
  let next = 0;
  let line: LineInfo | undefined = lines[0];
  for (let i = 0; i < insns.length; i++) {
    while (next < lines.length && (lines[next] as LineInfo).insn <= i) line = lines[next++];
    at.push(line);
  }
  return at;
}
