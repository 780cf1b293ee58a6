/** run_batch: a loop over the packets with the entry program inside. */
import {
  CALLBACK_BYTES,
  CALLBACK_HELPER,
  CALLBACK_R1,
  CALLBACK_R2,
  CALLBACK_R3,
  CALLBACK_TARGET,
  DESC_BYTES,
  DESC_CPU,
  DESC_FRAME,
  DESC_IFINDEX,
  DESC_LENGTH,
  DESC_PACKET,
  DESC_QUEUE,
  DESC_TIME,
  ENV_CPU,
  ENV_DATA,
  ENV_DATA_END,
  ENV_DATA_META,
  ENV_DESCRIPTORS,
  ENV_EGRESS_IFINDEX,
  ENV_FAULT,
  ENV_FAULT_ADDRESS,
  ENV_FAULT_INSN,
  ENV_FAULT_PROGRAM,
  ENV_FRAG_LENGTH,
  ENV_HARD_START,
  ENV_INGRESS_IFINDEX,
  ENV_LOW_WATER,
  ENV_PACKET,
  ENV_PROGRAM,
  ENV_RANDOM_CALLS,
  ENV_REDIRECT_FLAGS,
  ENV_REDIRECT_KEY,
  ENV_REDIRECT_KIND,
  ENV_REDIRECT_MAP,
  ENV_REDIRECT_TARGET,
  ENV_RESULTS,
  ENV_RX_QUEUE_INDEX,
  ENV_SECONDS,
  ENV_SCRATCH,
  ENV_SLOTS,
  ENV_SLOT_STRIDE,
  ENV_STACK_LOW,
  ENV_STACK_TOP,
  ENV_TAIL_CALLS,
  ENV_TIME,
  FUEL,
  MAX_CALL_FRAMES,
  MAX_LINEAR,
  RESULT_BYTES,
  RESULT_COST,
  RESULT_DATA,
  RESULT_FAULT_ADDRESS,
  RESULT_FAULT_INSN,
  RESULT_FAULT_PROGRAM,
  RESULT_LENGTH,
  RESULT_META_LENGTH,
  RESULT_REDIRECT_KEY,
  RESULT_REDIRECT_KIND,
  RESULT_RET,
  SCRATCH_CALLBACKS,
  STACK_FRAME_BYTES,
  XDP_PACKET_HEADROOM,
} from "../../abi.js";
import { BPF_FUNC_xdp_adjust_meta } from "../../helpers/table.js";
import { R10, REGISTER_COUNT } from "../../isa/register.js";
import type { FunctionFacts } from "./analysis.js";
import { emitMoveHead } from "./emit-head.js";
import { emitCopyLinear } from "./emit-copy.js";
import { loadPacket, packetLocals } from "./emit-function.js";
import { setCounter, getCounter } from "./emitter.js";
import type { Emitter, ProgramScope } from "./emitter.js";
import { FunctionBuilder } from "./function-builder.js";
import type { FunctionRef, Local, Signature } from "./function-builder.js";
import { emitClearFrame, emitFunction } from "./function-compiler.js";
import type { Needs } from "./needs.js";
import { newState } from "./state.js";

/** `(env, count)`: runs the packets of the batch. */
export const RUN_BATCH: Signature = { params: ["i32", "i32"], results: [] };

const XDP_REDIRECT = 4;

/** A function that a timer may call: its program's index, its first slot. */
export interface TimerFunction {
  readonly program: number;
  readonly slot: number;
  readonly ref: FunctionRef;
}

/** A program that tail calls may go to. */
export interface TailTarget {
  readonly program: ProgramScope;
  readonly facts: FunctionFacts;
  /** Whether functions that it calls make tail calls, which count. */
  readonly callsCount: boolean;
}

/** Strides of per-CPU maps for which this CPU's distance is worked out before the program. */
const MOST_CPU_OFFSETS = 2;

/** Instructions of tail calls' targets that run_batch takes in, in all. */
const MOST_TAKEN_IN = 2048;

/** What run_batch is made of. */
export interface BatchParts extends TailTarget {
  readonly needs: Needs;
  /** Programs that tail calls may go to, by number. */
  readonly targets: ReadonlyMap<number, TailTarget>;
  /** Counters where other functions count too. */
  readonly globals: { readonly fuel?: number; readonly cost?: number };
  readonly countCosts: boolean;
  /** `(env, i)` copies the frame of packet i into its slot; absent where all frames are linear. */
  readonly copyFrame?: FunctionRef;
  /** Forgets what helpers were calling back when a fault came; absent where none do. */
  readonly resetCallbacks?: FunctionRef;
  /** `second_program` and `second_result` of the runtime, where entries of devmaps and cpumaps may carry programs. */
  readonly seconds?: { readonly program: FunctionRef; readonly result: FunctionRef };
  /** Timers: `(env, time)` gives 1 where one is due; and the functions that it may name. */
  readonly timers?: { readonly pop: FunctionRef; readonly functions: readonly TimerFunction[] };
  /** Bits of the frame to zero for each packet. */
  readonly clear: bigint;
  /** Whether XDP_REDIRECT may be returned. */
  readonly mayRedirect: boolean;
}

export function emitRunBatch(parts: BatchParts): FunctionBuilder {
  return new BatchEmitter(parts).emit();
}

class BatchEmitter {
  private readonly parts: BatchParts;
  private readonly to = new FunctionBuilder(RUN_BATCH);
  private readonly env = this.to.param(0, "i32");
  private readonly count = this.to.param(1, "i32");
  private readonly descriptor = this.to.local("i32");
  /** Behind the last descriptor. */
  private readonly end = this.to.local("i32");
  private readonly result = this.to.local("i32");
  private readonly slot = this.to.local("i32");
  private readonly stride = this.to.local("i32");
  private readonly index = this.to.local("i32");
  private readonly frame = this.to.local("i32");
  private readonly length = this.to.local("i32");
  /** Bytes of the linear part, and of the fragments in the high half. */
  private readonly lengths = this.to.local("i64");
  private readonly scratch32 = this.to.local("i32");
  /** FAULT_* of this packet, in the high half. */
  private readonly fault = this.to.local("i64");
  private readonly registers = Array.from({ length: REGISTER_COUNT }, () => this.to.local("i64"));
  private readonly packet = packetLocals(this.to);
  private readonly address = this.to.local("i64");
  private readonly scratch64 = this.to.local("i64");
  private readonly low = this.to.local("i64");
  private readonly fuel: { readonly local: Local };
  private readonly cost: { readonly local: Local };
  private readonly cpuOffsets: ReadonlyMap<number, Local<"i32">>;
  /** Instructions that may still be taken in. */
  private room = MOST_TAKEN_IN;

  constructor(parts: BatchParts) {
    this.parts = parts;
    this.fuel = { local: this.to.local("i32") };
    this.cost = { local: this.to.local("i64") };
    this.cpuOffsets = new Map([...parts.needs.cpuStrides].slice(0, MOST_CPU_OFFSETS).map((stride) => [stride, this.to.local("i32")]));
  }

  /** Whether something reads this field of the environment from memory. */
  private reads(field: number): boolean {
    const { needs } = this.parts;
    return needs.all || needs.fields.has(field) || (field === ENV_CPU && (needs.localCalls || needs.tailCalls));
  }

  private get readsBounds(): boolean {
    const { needs } = this.parts;
    return needs.all || needs.asks || needs.moves || needs.localCalls || needs.tailCalls;
  }

  /** Whether the packet locals always say where the packet is; else the environment does. */
  private get holdsPacket(): boolean {
    const { needs } = this.parts;
    return !this.readsBounds || !(needs.moves || needs.shifts);
  }

  emit(): FunctionBuilder {
    const { to, env, count, descriptor, result, slot } = this;
    to.get(env).memory("i32.load", ENV_DESCRIPTORS).set(descriptor);
    to.get(env).memory("i32.load", ENV_RESULTS).set(result);
    to.get(env).memory("i32.load", ENV_SLOTS).set(slot);
    to.get(env).memory("i32.load", ENV_SLOT_STRIDE).set(this.stride);
    to.get(descriptor).get(count).i32(DESC_BYTES).op("i32.mul").op("i32.add").set(this.end);
    this.cleanFault();
    to.get(env).i32(0).memory("i32.store", ENV_PROGRAM);
    to.get(env).i32(0).memory("i32.store", ENV_EGRESS_IFINDEX);
    const next = to.loop();
    this.begin();
    const finished = to.block();
    const faulted = to.block();
    const first = to.block();
    this.body(faulted, first);
    to.end();
    if (this.parts.seconds) this.seconds(this.parts.seconds, faulted, finished);
    else to.br(finished);
    to.end();
    this.faultResult();
    to.end();
    this.finish();
    const step = (local: Local, bytes: number): void => void to.get(local).i32(bytes).op("i32.add").set(local);
    step(descriptor, DESC_BYTES);
    step(result, RESULT_BYTES);
    to.get(slot).get(this.stride).op("i32.add").set(slot);
    // Packets are counted by their descriptors, and by number only where somebody wants it.
    if (this.parts.copyFrame) to.get(this.index).i32(1).op("i32.add").set(this.index);
    to.get(descriptor).get(this.end).op("i32.lt_u").brIf(next);
    to.end();
    return to;
  }

  /** No fault, and the stack of a program that has called nobody: so every packet but a faulty one leaves it. */
  private cleanFault(): void {
    const { to, env } = this;
    to.get(env).i32(0).memory("i32.store", ENV_FAULT);
    to.get(env).get(env).i32(ENV_STACK_TOP - STACK_FRAME_BYTES).op("i32.add").memory("i32.store", ENV_STACK_LOW);
    if (this.parts.resetCallbacks) to.get(env).call(this.parts.resetCallbacks);
  }

  /** Copies a descriptor's field to the environment, where something reads it there. */
  private copyField(from: number, field: number): void {
    if (!this.reads(field)) return;
    this.to.get(this.env).get(this.descriptor).memory("i32.load", from).memory("i32.store", field);
  }

  private clearField(field: number, when: number = field): void {
    if (this.reads(when)) this.to.get(this.env).i32(0).memory("i32.store", field);
  }

  /**
   * Sets `length`, `lengths` and `frame`, where the program finds the packet. A program that cannot write to packets
   * runs on the frame where it lies; for others it is copied into the slot. Frames of several parts always are.
   */
  private placeFrame(): void {
    const { to, env, descriptor, length, lengths, slot, frame, index } = this;
    const { copyFrame, needs } = this.parts;
    to.get(descriptor).memory("i32.load", DESC_LENGTH).tee(length).op("i64.extend_i32_u").set(lengths);
    to.get(descriptor).memory("i32.load", DESC_FRAME).set(frame);
    if (!copyFrame) {
      if (!needs.writes) return;
      emitCopyLinear({ to, length, frame, slot, scratch32: this.scratch32 });
      to.get(slot).i32(XDP_PACKET_HEADROOM).op("i32.add").set(frame);
      return;
    }
    to.get(length).i32(MAX_LINEAR).op("i32.gt_u").if();
    to.get(env).get(index).call(copyFrame);
    to.get(length).i32(MAX_LINEAR).op("i32.sub").op("i64.extend_i32_u").i64(32).op("i64.shl").i64(MAX_LINEAR).op("i64.or").set(lengths);
    to.get(slot).i32(XDP_PACKET_HEADROOM).op("i32.add").set(frame);
    if (needs.writes) {
      to.else();
      emitCopyLinear({ to, length, frame, slot, scratch32: this.scratch32 });
      to.get(slot).i32(XDP_PACKET_HEADROOM).op("i32.add").set(frame);
    }
    to.end();
  }

  /** What the program starts with. */
  private begin(): void {
    const { to, env, descriptor, lengths, slot, packet } = this;
    this.placeFrame();
    to.get(this.frame).op("i64.extend_i32_u").tee(packet.data).set(packet.meta);
    to.get(packet.data).get(lengths);
    if (this.parts.copyFrame) to.i64(0xffff_ffff).op("i64.and");
    to.op("i64.add").set(packet.end);
    if (this.readsBounds) {
      to.get(env).get(packet.data).memory("i64.store32", ENV_DATA);
      to.get(env).get(packet.end).memory("i64.store32", ENV_DATA_END);
      to.get(env).get(packet.data).memory("i64.store32", ENV_DATA_META);
    }
    this.copyField(DESC_IFINDEX, ENV_INGRESS_IFINDEX);
    this.copyField(DESC_QUEUE, ENV_RX_QUEUE_INDEX);
    this.copyField(DESC_CPU, ENV_CPU);
    for (const [stride, offset] of this.cpuOffsets) to.get(descriptor).memory("i32.load", DESC_CPU).i32(stride).op("i32.mul").set(offset);
    this.copyField(DESC_PACKET, ENV_PACKET);
    const { times, localCalls, tailCalls } = this.parts.needs;
    if (this.reads(ENV_TIME) || (times && (localCalls || tailCalls))) to.get(env).get(descriptor).memory("i64.load", DESC_TIME).memory("i64.store", ENV_TIME);
    if (this.parts.needs.shifts) to.get(packet.data).set(this.low);
    if (this.parts.needs.all || !this.holdsPacket) {
      to.get(env).get(slot).memory("i32.store", ENV_HARD_START);
      to.get(env).get(lengths).i64(32).op("i64.shr_u").memory("i64.store32", ENV_FRAG_LENGTH);
      to.get(env).get(packet.data).memory("i64.store32", ENV_LOW_WATER);
    }
    this.clearField(ENV_RANDOM_CALLS);
    for (const field of [ENV_REDIRECT_KIND, ENV_REDIRECT_MAP, ENV_REDIRECT_KEY, ENV_REDIRECT_TARGET, ENV_REDIRECT_FLAGS, ENV_REDIRECT_FLAGS + 4]) this.clearField(field, ENV_REDIRECT_KIND);
    this.clearField(ENV_TAIL_CALLS);
    if (this.parts.seconds) for (const field of [ENV_SECONDS, ENV_EGRESS_IFINDEX]) to.get(env).i32(0).memory("i32.store", field);
    if (this.parts.needs.fuel) {
      to.i32(FUEL);
      setCounter(to, this.fuel);
    }
    if (this.parts.countCosts) {
      to.i64(0);
      setCounter(to, this.cost);
    }
    to.i64(0).set(this.fault);
    this.startRegisters();
  }

  private startRegisters(): void {
    const { to, env, registers } = this;
    for (let i = 0; i < R10; i++) if (i !== 1) to.i64(0).set(registers[i] as Local);
    to.get(env).op("i64.extend_i32_u").set(registers[1] as Local);
    to.get(env).i32(ENV_STACK_TOP).op("i32.add").op("i64.extend_i32_u").set(registers[R10] as Local);
  }

  /** Calls the functions of the timers that are due when the packet comes. They lie below a frame of nobody's, and what they return is not looked at. */
  private fireTimers(faulted: Emitter["faulted"]): void {
    const { timers } = this.parts;
    if (!timers) return;
    const { to, env, descriptor } = this;
    const record = ENV_SCRATCH + SCRATCH_CALLBACKS + (MAX_CALL_FRAMES - 1) * CALLBACK_BYTES;
    const pop = (): void => void to.get(env).get(descriptor).memory("i64.load", DESC_TIME).call(timers.pop);
    const pushLow = (frames: number): void => void to.get(env).i32(ENV_STACK_TOP - frames * STACK_FRAME_BYTES).op("i32.add");
    pop();
    to.if();
    to.get(env);
    pushLow(2);
    to.memory("i32.store", ENV_STACK_LOW);
    const again = to.loop();
    for (const { program, slot, ref } of timers.functions) {
      to.get(env).memory("i32.load", record + CALLBACK_HELPER).i32(program).op("i32.eq");
      to.get(env).memory("i32.load", record + CALLBACK_TARGET).i32(slot + 1).op("i32.eq").op("i32.and").if();
      for (const field of [CALLBACK_R1, CALLBACK_R2, CALLBACK_R3]) to.get(env).memory("i64.load", record + field);
      to.i64(0).i64(0);
      pushLow(2);
      to.get(env);
      this.shareCounters();
      to.call(ref).op("drop");
      this.takeCounters();
      // One call a timer: the next comes from the next look.
      to.get(env).i32(0).memory("i32.store", record + CALLBACK_TARGET);
      to.end();
    }
    to.get(env).memory("i32.load", ENV_FAULT).brIf(faulted);
    pop();
    to.brIf(again);
    to.end();
    to.get(env);
    pushLow(1);
    to.memory("i32.store", ENV_STACK_LOW);
    to.end();
  }

  /** Gives the counters to functions that count too. */
  private shareCounters(): void {
    const { globals, needs, countCosts } = this.parts;
    if (globals.fuel !== undefined && needs.fuel) this.to.get(this.fuel.local).setGlobal(globals.fuel);
    if (globals.cost !== undefined && countCosts) this.to.get(this.cost.local).setGlobal(globals.cost);
  }

  private takeCounters(): void {
    const { globals, needs, countCosts } = this.parts;
    if (globals.fuel !== undefined && needs.fuel) this.to.getGlobal(globals.fuel).set(this.fuel.local);
    if (globals.cost !== undefined && countCosts) this.to.getGlobal(globals.cost).set(this.cost.local);
  }

  private body(faulted: Emitter["faulted"], finished: Emitter["faulted"]): void {
    this.fireTimers(faulted);
    emitClearFrame({ to: this.to, frame: this.env, frameTop: ENV_STACK_TOP }, this.parts.clear);
    const { program, facts, callsCount } = this.parts;
    this.program({ program, facts, callsCount }, [program.index], callsCount ? undefined : 0, faulted, finished);
  }

  /** The code of the entry program, or of a tail call's target in its place. `path`: the programs that led here, this one last; `taken` as {@link Emitter.taken}. */
  private program({ program, facts }: TailTarget, path: readonly number[], taken: number | undefined, faulted: Emitter["faulted"], finished: Emitter["faulted"]): void {
    const { to, env, descriptor, packet, registers, address, scratch64, scratch32, fuel, cost } = this;
    const fromDescriptor: ReadonlyMap<number, number> = new Map([
      [ENV_CPU, DESC_CPU],
      [ENV_INGRESS_IFINDEX, DESC_IFINDEX],
      [ENV_RX_QUEUE_INDEX, DESC_QUEUE],
    ]);
    emitFunction(
      {
        to,
        frame: env,
        frameTop: ENV_STACK_TOP,
        program,
        context: facts.context,
        registers,
        env,
        packet,
        address,
        scratch64,
        scratch32,
        fuel,
        cost,
        faulted,
        pushField: (field) => {
          const from = fromDescriptor.get(field);
          if (from === undefined) to.i32(0);
          else to.get(descriptor).memory("i32.load", from);
        },
        pushTime: () => void to.get(descriptor).memory("i64.load", DESC_TIME),
        leave: () => void to.br(finished),
        tailCall: () => {
          to.get(env).i32(ENV_STACK_TOP - STACK_FRAME_BYTES).op("i32.add").get(env).get(scratch32).i32(1).op("i32.sub");
          this.shareCounters();
          to.callIndirect(program.module.programType).set(registers[0] as Local);
          this.takeCounters();
          to.get(env).memory("i32.load", ENV_FAULT).brIf(faulted).br(finished);
        },
        tailCallTo: (number) => this.takeIn(number, path, taken, faulted, finished),
        taken,
        cpuOffsets: this.cpuOffsets,
        shareCounters: () => this.shareCounters(),
        takeCounters: () => this.takeCounters(),
        reloadPacket: () => loadPacket(to, env, packet),
        moveHead: (bytes) => this.moveHead(bytes),
        frames: undefined,
        state: newState(),
        costAhead: 0n,
      },
      facts,
    );
  }

  private moveHead(bytes: number): boolean {
    const { to, env, slot, packet, low, address, registers } = this;
    if (this.parts.needs.helpers.has(BPF_FUNC_xdp_adjust_meta)) return false;
    emitMoveHead({ to, env, slot, packet, low, address, result: registers[0] as Local<"i64">, shared: !this.holdsPacket }, bytes);
    return true;
  }

  /** What emits a tail call's target in place of the call, where there is room and it does not lead to itself. */
  private takeIn(number: number, path: readonly number[], taken: number | undefined, faulted: Emitter["faulted"], finished: Emitter["faulted"]): (() => void) | undefined {
    const target = this.parts.targets.get(number);
    if (!target || path.includes(number) || target.program.insns.length > this.room) return undefined;
    return () => {
      this.room -= target.program.insns.length;
      this.startRegisters();
      const counted = taken === undefined || target.callsCount;
      if (taken !== undefined && counted) this.to.get(this.env).i32(taken + 1).memory("i32.store", ENV_TAIL_CALLS);
      this.program(target, [...path, number], counted ? undefined : taken + 1, faulted, finished);
    };
  }

  /** Programs that the target of a redirect carries, until the packet goes nowhere further. */
  private seconds({ program, result }: NonNullable<BatchParts["seconds"]>, faulted: Emitter["faulted"], finished: Emitter["faulted"]): void {
    const { to, env, registers, scratch32 } = this;
    const ret = registers[0] as Local<"i64">;
    const again = to.loop();
    to.get(env).get(ret).op("i32.wrap_i64").call(program).tee(scratch32).op("i32.eqz").brIf(finished);
    to.get(env).i32(ENV_STACK_TOP - STACK_FRAME_BYTES).op("i32.add").get(env).get(scratch32).i32(1).op("i32.sub");
    this.shareCounters();
    to.callIndirect(this.parts.program.module.programType).set(ret);
    this.takeCounters();
    to.get(env).memory("i32.load", ENV_FAULT).brIf(faulted);
    to.get(env).get(ret).op("i32.wrap_i64").call(result).op("i64.extend_i32_u").set(ret);
    to.br(again);
    to.end();
  }

  /** The fault as it was noted, and the verdict XDP_ABORTED. What is left of it must not be the next packet's. */
  private faultResult(): void {
    const { to, env, result, registers } = this;
    to.get(result).get(env).memory("i32.load", ENV_FAULT_PROGRAM).memory("i32.store", RESULT_FAULT_PROGRAM);
    to.get(result).get(env).memory("i32.load", ENV_FAULT_INSN).memory("i32.store", RESULT_FAULT_INSN);
    to.get(result).get(env).memory("i64.load", ENV_FAULT_ADDRESS).memory("i64.store", RESULT_FAULT_ADDRESS);
    to.get(env).memory("i64.load32_u", ENV_FAULT).i64(32).op("i64.shl").set(this.fault);
    to.i64(0).set(registers[0] as Local);
    this.cleanFault();
  }

  private finish(): void {
    const { to, env, result, registers, packet, lengths } = this;
    const { moves, shifts } = this.parts.needs;
    const ret = registers[0] as Local;
    if (moves || shifts) {
      if (!this.holdsPacket) loadPacket(to, env, packet);
      to.get(packet.end).get(packet.data).op("i64.sub");
      if (!this.holdsPacket) to.get(env).memory("i64.load32_u", ENV_FRAG_LENGTH).i64(32).op("i64.shl").op("i64.or");
      else if (this.parts.copyFrame) to.get(lengths).i64(32).op("i64.shr_u").i64(32).op("i64.shl").op("i64.or");
      to.set(lengths);
    }
    to.get(result).get(ret).memory("i64.store32", RESULT_RET);
    to.get(result).get(packet.data).memory("i64.store32", RESULT_DATA);
    // Two fields to a store: LENGTH and FRAG_LENGTH, META_LENGTH and FAULT.
    to.get(result).get(lengths).memory("i64.store", RESULT_LENGTH);
    to.get(result).get(this.fault);
    if (!this.holdsPacket) to.get(packet.data).get(packet.meta).op("i64.sub").op("i64.or");
    to.memory("i64.store", RESULT_META_LENGTH);
    // Nobody counts: nobody has written anything but 0.
    if (this.parts.countCosts) {
      to.get(result);
      getCounter(to, this.cost);
      to.memory("i64.store", RESULT_COST);
    }
    if (!this.parts.mayRedirect) return;
    to.get(ret).op("i32.wrap_i64").i32(XDP_REDIRECT).op("i32.eq").if();
    for (const [from, field] of [
      [ENV_REDIRECT_KIND, RESULT_REDIRECT_KIND],
      [ENV_REDIRECT_KEY, RESULT_REDIRECT_KEY],
    ] as const) {
      to.get(result);
      if (this.reads(ENV_REDIRECT_KIND)) to.get(env).memory("i64.load", from);
      else to.i64(0);
      to.memory("i64.store", field);
    }
    to.end();
  }
}
