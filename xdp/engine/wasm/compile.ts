/** A machine's programs -> one WebAssembly module, compiled once and instantiated by every worker, on whatever thread. */
import { ENV_FAULT, ENV_FAULT_ADDRESS, ENV_FAULT_INSN, ENV_FAULT_PROGRAM, FAULT_READ, FAULT_WRITE, MACHINE, MACHINE_PROGRAMS, PROGRAM_BYTES, PROGRAM_INSNS, SLOT_FRAGS } from "../../abi.js";
import { BPF_FUNC_map_lookup_elem, HELPER_BY_ID } from "../../helpers/table.js";
import { INSN_BYTES } from "../../isa/codec.js";
import { LD_IMM64 } from "../../isa/opcode.js";
import type { Engine, MachineProgram, MachineView, WorkerArea } from "../contract.js";
import { factsOf } from "../verified.js";
import { analyseProgram, mayReturn } from "./analysis.js";
import type { FunctionFacts, ProgramFacts } from "./analysis.js";
import { RUN_BATCH, emitRunBatch } from "./emit-batch.js";
import { PROGRAM, SUBPROGRAM, emitWasmFunction } from "./emit-function.js";
import type { TailTarget, TimerFunction } from "./emit-batch.js";
import { addressTaken, isCallbackHelper } from "./callbacks.js";
import { INNER_LOOKUPS, KTIME, SMP_PROCESSOR_ID } from "./emit-call.js";
import { BPF_FUNC_map_delete_elem, BPF_FUNC_map_update_elem, DIRECT_DELETES, DIRECT_UPDATES } from "./emit-map-call.js";
import type { Counter, ModuleScope, ProgramScope } from "./emitter.js";
import { FunctionBuilder } from "./function-builder.js";
import type { FunctionRef, Signature } from "./function-builder.js";
import { readMapFacts } from "./map-facts.js";
import type { MapFacts } from "./map-facts.js";
import { ModuleBuilder } from "./module-builder.js";
import { collectNeeds, noNeeds } from "./needs.js";
import type { Needs } from "./needs.js";
import { compileOptimised } from "./tiering.js";

/** What every thread needs to run the compiled programs: structured-cloneable. */
export interface WasmProgram {
  readonly module: WebAssembly.Module;
  /** The module's bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Least and most pages of a machine's memory (see Layout). */
const INITIAL_PAGES = 16;
const MAXIMUM_PAGES = 65535;

const XDP_REDIRECT = 4;

/** Least room behind the linear part of slots that have any (workers.ts). */
const FRAGMENT = 4096;

export interface CompileOptions {
  /** Whether programs that cannot write to packets run on the frames where they lie, not on copies in the slots. Default true. */
  readonly inPlace?: boolean;
}

/** Compiles a machine's entry program, and where it makes tail calls, all its programs. Throws UnsupportedError, CompileError. */
export function compileMachine(machine: MachineView, options: CompileOptions = {}): WasmProgram {
  const compiler = new MachineCompiler(machine, options);
  const bytes = compiler.run();
  return { module: compileOptimised(bytes, compiler.ends), bytes };
}

/** The module's bytes, not compiled. */
export function machineBytes(machine: MachineView, options: CompileOptions = {}): Uint8Array<ArrayBuffer> {
  return new MachineCompiler(machine, options).run();
}

/** The engine of one worker, on this thread. `runtime`: exports of the runtime's instance on the same memory. */
export function instantiate(program: WasmProgram, memory: WebAssembly.Memory, runtime: WebAssembly.Exports, worker: WorkerArea): Engine {
  const { exports } = new WebAssembly.Instance(program.module, { env: { memory }, runtime: runtime as WebAssembly.ModuleImports });
  const run = exports["run_batch"] as (env: number, count: number) => void;
  const { env } = worker;
  return { name: "wasm", worker, runBatch: (count) => run(env, count) };
}

const I32 = "i32";
const I64 = "i64";

class MachineCompiler {
  private readonly machine: MachineView;
  private readonly maps: readonly MapFacts[];
  private readonly view: DataView;
  private readonly module = new ModuleBuilder();
  private readonly needs: Needs = noNeeds();
  private readonly runtime = new Map<string, FunctionRef>();
  private readonly facts: ProgramFacts[] = [];

  constructor(machine: MachineView, { inPlace = true }: CompileOptions) {
    this.machine = machine;
    this.needs.writes = !inPlace;
    this.maps = readMapFacts(machine);
    this.view = new DataView(machine.layout.buffer);
  }

  /** Whether every packet is known to end, whatever it holds; told after {@link run}. */
  get ends(): boolean {
    return !this.needs.fuel;
  }

  run(): Uint8Array<ArrayBuffer> {
    const { machine, module, needs } = this;
    this.analyse(machine.entry);
    // Programs of devmaps' and cpumaps' entries are called like targets of tail calls, after the entry program.
    const seconds = machine.programs.some(({ spec }) => spec !== machine.entry.spec && spec.attach !== "device");
    if (seconds) needs.tailCalls = needs.all = true;
    if (needs.tailCalls) for (const program of machine.programs) if (program !== machine.entry) this.analyse(program);
    const programs = needs.tailCalls ? machine.programs : [machine.entry];

    module.importMemory("env", "memory", INITIAL_PAGES, MAXIMUM_PAGES);
    this.importRuntime();
    const guardRef = module.declare("guard", { params: [I32, I64, I32, I32, I32], results: [I32] });
    const faultRef = module.declare("fault", { params: [I32, I32, I32, I32, I64], results: [] });
    module.define(faultRef, this.faultFunction(faultRef));
    module.define(guardRef, this.guardFunction(guardRef, faultRef));

    const alone = !needs.tailCalls && !needs.localCalls;
    const countCosts = programs.some((program) => program.costs);
    const globals = alone ? {} : { fuel: module.global(I32), cost: module.global(I64) };
    const scope: ModuleScope = {
      runtime: (name) => this.runtimeFunction(name),
      guard: guardRef,
      fault: faultRef,
      programs: machine.programs.length,
      programType: module.type(PROGRAM),
      shared: machine.shared,
      tailCalls: needs.tailCalls,
      countFrames: needs.tailCalls || this.facts.some((facts) => facts?.deep),
    };

    const scopes = programs.map((program) => this.declareFunctions(program, scope));
    const runBatch = module.declare("run_batch", RUN_BATCH);
    module.exportFunction("run_batch", runBatch);
    const targets = needs.tailCalls ? programs.map((program) => module.declare(`program ${program.spec.name}`, PROGRAM)) : [];
    if (needs.tailCalls) module.functionTable(targets);

    const counters = { fuel: counter(globals.fuel), cost: counter(globals.cost) };
    const targetClear = needs.tailCalls ? programs.reduce((bits, { index }) => bits | this.entryOf(index).context.readBeforeWrite, 0n) : 0n;
    for (const program of scopes) {
      for (const [start, ref] of program.callees) {
        const facts = this.facts[program.index]?.functions.get(start) as FunctionFacts;
        const clear = facts.context.readBeforeWrite | (facts.code.tailCalls ? targetClear : 0n);
        module.define(ref, emitWasmFunction(program, facts, "subprogram", counters, clear, targets));
      }
      const target = targets[program.index];
      // What a tail call leaves on the stack is there for the target, too.
      if (target) module.define(target, emitWasmFunction(program, this.entryOf(program.index), "target", counters, 0n, targets));
    }
    const entry = scopes.find(({ index }) => index === machine.entry.index) as ProgramScope;
    const facts = this.entryOf(entry.index);
    const clear = facts.context.readBeforeWrite | (facts.code.tailCalls ? targetClear : 0n);
    module.define(runBatch, emitRunBatch({ ...this.tailTarget(entry), targets: new Map(needs.tailCalls ? scopes.map((scope) => [scope.index, this.tailTarget(scope)]) : []), needs, globals, countCosts, ...(this.longFrames ? { copyFrame: this.runtimeFunction("copy_frame") } : {}), ...(needs.callbacks ? { resetCallbacks: this.runtimeFunction("callback_reset") } : {}), ...(needs.timers ? { timers: { pop: this.runtimeFunction("timer_pop"), functions: timerFunctions(scopes) } } : {}), ...(seconds ? { seconds: { program: this.runtimeFunction("second_program"), result: this.runtimeFunction("second_result") } } : {}), clear, mayRedirect: needs.tailCalls || seconds || mayReturn(facts, XDP_REDIRECT) }));
    return module.finish();
  }

  private analyse(program: MachineProgram): void {
    const facts = analyseProgram(program.spec, this.maps, factsOf(this.machine, program));
    this.facts[program.index] = facts;
    collectNeeds(facts, this.needs);
  }

  /** Whether slots have room for more than a linear part: frames that need it may come. A call in the loop costs all packets, for its registers. */
  private get longFrames(): boolean {
    return this.machine.workers.some(({ slotStride }) => slotStride >= SLOT_FRAGS + FRAGMENT);
  }

  private tailTarget(program: ProgramScope): TailTarget {
    const callsCount = [...(this.facts[program.index]?.functions ?? [])].some(([start, { code }]) => code.tailCalls && (start !== 0 || this.isCalled(program.index, 0)));
    return { program, facts: this.entryOf(program.index), callsCount };
  }

  private entryOf(index: number): FunctionFacts {
    return this.facts[index]?.functions.get(0) as FunctionFacts;
  }

  private importRuntime(): void {
    const { needs } = this;
    if (this.longFrames) this.import("copy_frame", { params: [I32, I32], results: [] });
    this.import("check_access", { params: [I32, I64, I32, I32], results: [I32] });
    if (needs.asks) this.import("check_arguments", { params: [I32, I32, I64, I64, I64, I64, I64], results: [I32] });
    if (needs.tailCalls) this.import("tail_call_target", { params: [I32, I32, I32], results: [I32] });
    if (needs.tailCalls) {
      this.import("second_program", { params: [I32, I32], results: [I32] });
      this.import("second_result", { params: [I32, I32], results: [I32] });
    }
    this.importDirect(needs, BPF_FUNC_map_lookup_elem, INNER_LOOKUPS, { params: [I32, I32, I32], results: [I32] });
    this.importDirect(needs, BPF_FUNC_map_update_elem, DIRECT_UPDATES, { params: [I32, I32, I32, I64, I32], results: [I32] });
    this.importDirect(needs, BPF_FUNC_map_delete_elem, DIRECT_DELETES, { params: [I32, I32], results: [I32] });
    if (needs.timers) this.import("timer_pop", { params: [I32, I64], results: [I32] });
    if (needs.callbacks) {
      this.import("callback_begin", { params: [I32, I32, I32, I64, I64, I64, I64], results: [I32] });
      this.import("callback_next", { params: [I32, I32, I64], results: [I32] });
      this.import("callback_reset", { params: [I32], results: [] });
    }
    for (const id of needs.helpers) {
      const helper = HELPER_BY_ID.get(id);
      if (!helper || KTIME.has(id) || id === SMP_PROCESSOR_ID || helper.name === "bpf_tail_call" || isCallbackHelper(id)) continue;
      this.import(helper.name, { params: [I32, ...helper.args.map((): "i64" => I64)], results: [I64] });
    }
  }

  /** Imports a helper's functions for the types of maps that there are. */
  private importDirect(needs: Needs, helper: number, functions: ReadonlyMap<number, string>, signature: Signature): void {
    if (!needs.helpers.has(helper)) return;
    for (const type of this.maps.flatMap((map) => [map.type, ...(map.inner ? [map.inner.type] : [])])) {
      const name = functions.get(type);
      if (name !== undefined && !this.runtime.has(name)) this.import(name, signature);
    }
  }

  private import(name: string, signature: Signature): void {
    this.runtime.set(name, this.module.importFunction("runtime", name, signature));
  }

  private runtimeFunction(name: string): FunctionRef {
    const ref = this.runtime.get(name);
    if (!ref) throw new Error(`runtime function ${name} is not imported`);
    return ref;
  }

  private declareFunctions(program: MachineProgram, module: ModuleScope): ProgramScope {
    const { spec, index, costs } = program;
    const callees = new Map<number, FunctionRef>();
    for (const start of this.facts[index]?.functions.keys() ?? []) {
      if (start === 0 && !this.isCalled(index, 0)) continue;
      const name = spec.functions.find((fn) => fn.start === start)?.name ?? `${spec.name}+${start}`;
      callees.set(start, this.module.declare(name, SUBPROGRAM));
    }
    const table = this.view.getUint32(MACHINE + MACHINE_PROGRAMS, true);
    const insns = this.view.getUint32(table + index * PROGRAM_BYTES + PROGRAM_INSNS, true);
    const wide = new Map<number, bigint>();
    for (const [slot, { op }] of spec.insns.entries()) {
      if (op !== LD_IMM64) continue;
      const half = (at: number): bigint => BigInt(this.view.getUint32(insns + at * INSN_BYTES + 4, true));
      wide.set(slot, half(slot) | (half(slot + 1) << 32n));
    }
    return {
      index,
      insns: spec.insns,
      wide,
      callees,
      module,
      ...(costs ? { costs: spec.insns.map((_, slot) => BigInt(costs.low[slot] ?? 0) + (BigInt(costs.high[slot] ?? 0) << 32n)) } : {}),
    };
  }

  private isCalled(index: number, start: number): boolean {
    return [...(this.facts[index]?.functions.values() ?? [])].some(({ code }) => code.callees.includes(start));
  }

  /** Asks the runtime; notes the fault where it says no. */
  private guardFunction(ref: FunctionRef, fault: FunctionRef): FunctionBuilder {
    const to = new FunctionBuilder(ref.signature);
    const [env, address, access, program, slot] = [to.param(0, I32), to.param(1, I64), to.param(2, I32), to.param(3, I32), to.param(4, I32)];
    to.get(env).get(address).get(access).i32(255).op("i32.and").get(access).i32(8).op("i32.shr_u").call(this.runtimeFunction("check_access"));
    to.if();
    to.i32(0).op("return");
    to.end();
    to.get(env).i32(FAULT_WRITE).i32(FAULT_READ).get(access).i32(8).op("i32.shr_u").op("select");
    to.get(program).get(slot).get(address).call(fault);
    to.i32(1);
    return to;
  }

  /** Notes code, program, slot and address; where the code is 0, the runtime has noted code and address. */
  private faultFunction(ref: FunctionRef): FunctionBuilder {
    const to = new FunctionBuilder(ref.signature);
    const [env, code, program, slot, address] = [to.param(0, I32), to.param(1, I32), to.param(2, I32), to.param(3, I32), to.param(4, I64)];
    to.get(env).get(program).memory("i32.store", ENV_FAULT_PROGRAM);
    to.get(env).get(slot).memory("i32.store", ENV_FAULT_INSN);
    to.get(code).if();
    to.get(env).get(code).memory("i32.store", ENV_FAULT);
    to.get(env).get(address).memory("i64.store", ENV_FAULT_ADDRESS);
    to.end();
    return to;
  }
}

/** All functions that timers may call. */
function timerFunctions(scopes: readonly ProgramScope[]): TimerFunction[] {
  return scopes.flatMap(({ index, insns, callees }) =>
    addressTaken(insns).flatMap((slot) => {
      const ref = callees.get(slot);
      return ref ? [{ program: index, slot, ref }] : [];
    }),
  );
}

/** A counter that other functions share; programs of one function only keep theirs in a local. */
function counter(global: number | undefined): Counter {
  return { global: global ?? -1 };
}
