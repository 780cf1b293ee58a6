/** The functions of the module but run_batch: subprograms, targets of tail calls. */
import { ENV_DATA, ENV_DATA_END, ENV_DATA_META, ENV_TIME, STACK_FRAME_BYTES } from "../../abi.js";
import { R10, REGISTER_COUNT } from "../../isa/register.js";
import type { FunctionFacts } from "./analysis.js";
import type { Counter, Emitter, PacketLocals, ProgramScope } from "./emitter.js";
import { FunctionBuilder } from "./function-builder.js";
import type { FunctionRef, Local, Signature } from "./function-builder.js";
import { emitClearFrame, emitFunction } from "./function-compiler.js";
import { looksAtPacket } from "./needs.js";
import { newState } from "./state.js";

/** `(r1, r2, r3, r4, r5, low, env) -> r0`; `low` is the lowest byte of the function's frame. */
export const SUBPROGRAM: Signature = { params: ["i64", "i64", "i64", "i64", "i64", "i32", "i32"], results: ["i64"] };
/** `(low, env) -> r0`: a program that a tail call goes to. */
export const PROGRAM: Signature = { params: ["i32", "i32"], results: ["i64"] };

export function packetLocals(to: FunctionBuilder): PacketLocals {
  return { data: to.local("i64"), end: to.local("i64"), meta: to.local("i64") };
}

/** Takes the packet's ends from the environment. */
export function loadPacket(to: FunctionBuilder, env: Local, packet: PacketLocals): void {
  to.get(env).memory("i64.load32_u", ENV_DATA).set(packet.data);
  to.get(env).memory("i64.load32_u", ENV_DATA_END).set(packet.end);
  to.get(env).memory("i64.load32_u", ENV_DATA_META).set(packet.meta);
}

/** A subprogram, or a program that is the target of tail calls. `counters`: fuel and cost. `clear`: bits of the frame to zero first. `targets`: programs by number. */
export function emitWasmFunction(program: ProgramScope, facts: FunctionFacts, kind: "subprogram" | "target", counters: { fuel: Counter; cost: Counter }, clear: bigint, targets: readonly FunctionRef[]): FunctionBuilder {
  const to = new FunctionBuilder(kind === "subprogram" ? SUBPROGRAM : PROGRAM);
  const [low, env] = kind === "subprogram" ? [to.param(5, "i32"), to.param(6, "i32")] : [to.param(0, "i32"), to.param(1, "i32")];
  const isParameter = (number: number): boolean => kind === "subprogram" && number >= 1 && number <= 5;
  const registers = Array.from({ length: REGISTER_COUNT }, (_, i) => (isParameter(i) ? to.param(i - 1, "i64") : to.local("i64")));
  const packet = packetLocals(to);
  const [address, scratch64, scratch32] = [to.local("i64"), to.local("i64"), to.local("i32")];
  if (kind === "target") to.get(env).op("i64.extend_i32_u").set(registers[1] as Local);
  to.get(low).i32(STACK_FRAME_BYTES).op("i32.add").op("i64.extend_i32_u").set(registers[R10] as Local);
  const reload = looksAtPacket(facts) ? (): void => loadPacket(to, env, packet) : (): void => undefined;
  reload();
  emitClearFrame({ to, frame: low, frameTop: STACK_FRAME_BYTES }, clear);
  const faulted = to.block();
  const emitter: Emitter = {
    to,
    program,
    context: facts.context,
    registers,
    env,
    frame: low,
    frameTop: STACK_FRAME_BYTES,
    packet,
    address,
    scratch64,
    scratch32,
    ...counters,
    faulted,
    pushField: (field) => void to.get(env).memory("i32.load", field),
    pushTime: () => void to.get(env).memory("i64.load", ENV_TIME),
    leave: () => void to.get(registers[0] as Local).op("return"),
    tailCall: () => void to.get(low).get(env).get(scratch32).i32(1).op("i32.sub").returnCallIndirect(program.module.programType),
    tailCallTo: (number) => {
      const target = targets[number];
      return target && (() => void to.get(low).get(env).returnCall(target));
    },
    taken: undefined,
    cpuOffsets: new Map(),
    shareCounters: () => undefined,
    takeCounters: () => undefined,
    reloadPacket: reload,
    frames: undefined,
    state: newState(),
    costAhead: 0n,
  };
  emitFunction(emitter, facts);
  // Nothing falls out of the code above; who leaves the block has faulted.
  to.end();
  to.i64(0);
  return to;
}
