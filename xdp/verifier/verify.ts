/** Judges a program as the kernel does when it is loaded. */
import type { BtfTarget, LineInfo, ObjectSpec, ProgramSpec } from "../object/index.js";
import { OPCODES } from "../isa/index.js";
import { ObjectError, adaptProgram, defaultTarget, fillKconfig } from "../object/index.js";
import { callsBack, callsBackLater } from "./calls.js";
import { checkCfg, findLiveRegisters, findLoops } from "./cfg.js";
import type { Subprogram } from "./env.js";
import { Env, MAX_PROCESSED } from "./env.js";
import type { Explanation } from "./explain.js";
import { explain } from "./explain.js";
import { explore } from "./explore.js";
import { dropFastcallSpills, markFastcalls } from "./fastcall.js";
import type { Facts } from "./facts.js";
import { insnText, lineText } from "./format.js";
import { KFUNC_BY_NAME, KFUNCS_ELSEWHERE } from "./kfunc-table.js";
import { StackLiveness } from "./liveness.js";
import { NotKnown, Rejection } from "./log.js";
import type { PathRecorder } from "./path-recorder.js";
import { checkLoads, checkSubprograms, checkUntyped, findSubprograms } from "./program.js";
import type { State } from "./state.js";
import { checkStackDepth } from "./stack-depth.js";

/** What a device adds to the kernel's judgement. */
export interface DeviceRules {
  /** Name of the profile. */
  readonly name: string;
  /** Why the device does not take a program that the kernel takes, in its driver's words; undefined where it takes it. */
  refusal(object: ObjectSpec, program: ProgramSpec, verdict: Verdict): string | undefined;
}

export interface VerifyOptions {
  /** 0: only what is wrong; 1: the path that fails; 2: every path. Default 0. */
  readonly logLevel?: 0 | 1 | 2;
  /** What a device asks for beyond the kernel; a program that the kernel takes may be refused by it. Default: nothing. */
  readonly for?: DeviceRules;
  /** The program is loaded for a card that runs it: it may set rx_queue_index. Default false. */
  readonly offloaded?: boolean;
  /** BPF_F_STRICT_ALIGNMENT: accesses must be aligned. Default false, as on x86. */
  readonly strictAlignment?: boolean;
  /** BPF_F_TEST_STATE_FREQ: keep a state at every branch. Default false. */
  readonly testStateFreq?: boolean;
  /** Instructions walked before giving up. Default 1,000,000, the kernel's. */
  readonly limit?: number;
  /** Walk every path to its end, for tests of what states are pruned by. Default false. */
  readonly exhaustive?: boolean;
  /** Called before each instruction on each path that is walked, with what is known there; the state is valid during the call. */
  readonly observe?: (insn: number, state: State) => void;
  /** Takes down the paths that are walked. */
  readonly record?: PathRecorder;
  /** Types of the kernel that is judged for, as a machine takes them. Default: the running kernel's where they can be read, else the built-in ones. */
  readonly btf?: BtfTarget;
  /** Values of kernel settings (`.kconfig`) by name, as a machine takes them: what a program finds off is not walked. Default: KCONFIG_DEFAULTS. */
  readonly kconfig?: Readonly<Record<string, string>>;
  /** CPUs of the kernel that is judged for, which bound bpf_get_smp_processor_id. Default 8. */
  readonly cpus?: number;
}

/** What became of one program. */
export interface Verdict {
  readonly program: string;
  readonly section: string;
  readonly accepted: boolean;
  /** Why not: the kernel would refuse it; it asks for what is not known here; the object itself is broken. */
  readonly kind?: "rejected" | "unsupported" | "invalid";
  /** The kernel's verdict line, or ours for the other kinds; empty where it is accepted. */
  readonly message: string;
  /** Every line of the verdict, the last being {@link message}. */
  readonly messages: readonly string[];
  /** Kernel error name of a refusal, for example `EACCES`. */
  readonly code?: string;
  /** Where it was refused. */
  readonly at?: { readonly insn: number; readonly file?: string; readonly line?: number; readonly text?: string };
  /** The refusal in words, beside the source; only where the kernel would refuse. */
  readonly explanation?: Explanation;
  /** The log in the kernel's format. */
  readonly log: string;
  /** Instructions walked, over all paths. */
  readonly processed: number;
  /** States kept, in all. */
  readonly states: number;
  /** Most states held at a time, in one function. */
  readonly peakStates?: number;
  /** Slots of the program. */
  readonly instructions: number;
  /** Bytes of stack of the deepest chain of calls. */
  readonly stackDepth: number;
  /** What holds on all paths; only of accepted programs. */
  readonly facts?: Facts;
}

const DEFAULT_CPUS = 8;

/** Verifies one program of an object. Never throws for what a program does. */
export function verifyProgram(whole: ObjectSpec, original: ProgramSpec, options: VerifyOptions = {}): Verdict {
  const btf = (): BtfTarget => options.btf ?? defaultTarget();
  let object: ObjectSpec;
  let program: ProgramSpec;
  try {
    object = fillKconfig(whole, options.kconfig, [original]);
    program = adaptProgram(object, original, { btf, hasKfunc: (name) => KFUNC_BY_NAME.has(name) || KFUNCS_ELSEWHERE.has(name) });
  } catch (error) {
    if (!(error instanceof ObjectError)) throw error;
    return {
      program: original.name, section: original.section, instructions: original.insns.length, accepted: false, kind: error.kind, message: error.message, messages: [error.message], log: "", processed: 0, states: 0,
      stackDepth: 0,
    };
  }
  const env = new Env(object, program, {
    logLevel: options.logLevel ?? 0,
    strictAlignment: options.strictAlignment ?? false,
    offloaded: options.offloaded ?? false,
    testStateFreq: options.testStateFreq ?? false,
    cpus: options.cpus ?? DEFAULT_CPUS,
    limit: options.limit ?? MAX_PROCESSED,
    exhaustive: options.exhaustive ?? false,
    btf,
    observe: options.observe,
    record: options.record,
  });
  const base = { program: program.name, section: program.section, instructions: program.insns.length };
  const end = (): { log: string; processed: number; states: number; peakStates: number } => {
    if (env.log.on) {
      env.log.write(`processed ${env.processed} insns (limit 1000000) max_states_per_insn ${env.maxStatesPerInsn} total_states ${env.totalStates} peak_states ${env.peakStates} mark_read 0\n`);
    }
    return { log: env.log.toString(), processed: env.processed, states: env.totalStates, peakStates: env.peakStates };
  };
  try {
    const stackDepth = judge(env);
    const taken: Verdict = { ...base, accepted: true, message: "", messages: [], ...end(), stackDepth, facts: env.facts };
    const refusal = options.for?.refusal(object, program, taken);
    return refusal === undefined ? taken : { ...taken, accepted: false, kind: "rejected", message: refusal, messages: [refusal] };
  } catch (error) {
    if (error instanceof Rejection) {
      const lines = [...env.notes, ...error.message.split("\n")];
      return { ...base, accepted: false, kind: "rejected", message: lines.at(-1) ?? "", messages: lines, code: error.code, at: placeOf(env), explanation: explain(env, lines), ...end(), stackDepth: 0 };
    }
    if (error instanceof NotKnown) {
      const message = `${error.message} is not known to the verifier`;
      return { ...base, accepted: false, kind: "unsupported", message, messages: [message], at: placeOf(env), ...end(), stackDepth: 0 };
    }
    throw error;
  }
}

function placeOf(env: Env): NonNullable<Verdict["at"]> {
  const line: LineInfo | undefined = env.lines[env.insn];
  return line === undefined ? { insn: env.insn } : { insn: env.insn, file: line.file, line: line.line, text: lineText(line) };
}

/** All checks in the kernel's order; gives the depth of the stack. */
function judge(env: Env): number {
  if (env.insns.length === 0) env.reject("empty program");
  findSubprograms(env);
  checkSubprograms(env);
  checkUntyped(env);
  checkLoads(env);
  checkCfg(env);
  findLoops(env);
  findLiveRegisters(env);
  if (env.log.level >= 2) logLiveRegisters(env);
  markFastcalls(env);
  const liveness = new StackLiveness(env);
  env.stackAccesses = liveness;
  explore(env, 0, liveness);
  exploreGlobals(env, liveness);
  dropFastcallSpills(env);
  env.facts.bounded = isBounded(env);
  return checkStackDepth(env);
}

/**
 * Was every turn of every loop walked? Not of may_goto, iterators and callbacks, whose loops end the walk when a state comes
 * again; and global functions are walked once, whoever calls them how often.
 */
function isBounded(env: Env): boolean {
  if (env.subprograms.some(({ global, called }, index) => index > 0 && global && called)) return false;
  return !env.insns.some((insn, at) => OPCODES[insn.op]?.form === "may_goto" || env.aux.iterNext[at] === 1 || callsBack(env, at) || callsBackLater(env, at));
}

/** Registers that are still read, before each instruction, and the loop that it is in. */
function logLiveRegisters(env: Env): void {
  env.log.write("Live regs before insn:\n");
  for (let at = 0; at < env.insns.length; at = env.next(at)) {
    const scc = env.aux.scc[at] as number;
    const live = env.aux.liveRegs[at] as number;
    const regs = Array.from({ length: 10 }, (_, i) => ((live & (1 << i)) === 0 ? "." : String(i))).join("");
    env.log.write(`${scc === 0 ? "    " : `${String(scc).padStart(3)} `}${String(at).padStart(3)}: ${regs} ${insnText(env, at)}\n`);
  }
}

/** Global functions that are called, each for any arguments of its types. */
function exploreGlobals(env: Env, liveness: StackLiveness): void {
  if (env.exceptionCallback > 0) (env.subprograms[env.exceptionCallback] as Subprogram).called = true;
  for (let again = true; again; ) {
    again = false;
    for (const [index, info] of env.subprograms.entries()) {
      if (index === 0 || !info.global || !info.called || info.verified) continue;
      explore(env, index, liveness);
      if (env.log.on) env.log.write(`Func#${index} ('${info.name}') is safe for any args that match its prototype\n`);
      info.verified = true;
      again = true;
    }
  }
}

/** Verifies every program of an object that is of type xdp. */
export function verifyObject(object: ObjectSpec, options: VerifyOptions = {}): readonly Verdict[] {
  return object.programs.filter(({ type }) => type === "xdp").map((program) => verifyProgram(object, program, options));
}
