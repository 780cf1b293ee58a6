/** Helpers that call a function of the program again and again: the loop around the call, which the runtime starts and ends. */
import {
  CALLBACK_BYTES,
  CALLBACK_R1,
  CALLBACK_R2,
  CALLBACK_R3,
  CALLBACK_R4,
  CALLBACK_RESULT,
  ENV_FAULT,
  ENV_SCRATCH,
  ENV_SCRATCH_END,
  ENV_STACK_LOW,
  ENV_STACK_TOP,
  FAULT_ARGUMENT,
  FAULT_FRAMES,
  FAULT_FUEL,
  SCRATCH_CALLBACKS,
  STACK_FRAME_BYTES,
} from "../../abi.js";
import { STACK_SIZE } from "../../isa/register.js";
import { callbackTargets } from "./callbacks.js";
import { faultIf, getCounter, raise, setCounter } from "./emitter.js";
import type { Emitter } from "./emitter.js";
import type { FunctionRef, Local } from "./function-builder.js";

const registerOf = (emitter: Emitter, number: number): Local<"i64"> => emitter.registers[number] as Local<"i64">;

/** The call of helper `id` at a slot; r1 to r4 are checked but for the function's address, which is looked at here. */
export function emitCallbackHelper(emitter: Emitter, slot: number, id: number): void {
  const { to, program, env, frame, frameTop, context } = emitter;
  const record = emitter.scratch32;
  const targets = callbackTargets(emitter.state, id, context).filter((target) => program.callees.has(target.slot));
  const lowest = frameTop - STACK_SIZE - STACK_FRAME_BYTES;
  if (targets.length !== 1 || !targets[0]?.certain) {
    for (const [i, target] of targets.entries()) {
      to.get(registerOf(emitter, 2)).i64(target.slot).op("i64.eq");
      if (i > 0) to.op("i32.or");
    }
    if (targets.length === 0) to.i32(0);
    to.op("i32.eqz").if();
    raise(emitter, FAULT_ARGUMENT, slot, () => to.get(registerOf(emitter, 2)));
    to.end();
  }
  // Record of this frame's depth: frames lie STACK_FRAME_BYTES apart, below each other.
  to.get(env).i32(ENV_STACK_TOP - frameTop).op("i32.add").get(frame).op("i32.sub").i32(STACK_FRAME_BYTES).op("i32.div_u").i32(CALLBACK_BYTES).op("i32.mul");
  to.get(env).op("i32.add").i32(ENV_SCRATCH + SCRATCH_CALLBACKS).op("i32.add").set(record);
  to.get(env).get(record).i32(id);
  for (let i = 1; i <= 4; i++) to.get(registerOf(emitter, i));
  to.call(program.module.runtime("callback_begin")).if();
  if (program.module.countFrames) {
    to.get(frame).i32(lowest).op("i32.add").get(env).i32(ENV_SCRATCH_END).op("i32.add").op("i32.lt_u").if();
    raise(emitter, FAULT_FRAMES, slot);
    to.end();
  }
  const setStackLow = (low: number): void => void to.get(env).get(frame).i32(low).op("i32.add").memory("i32.store", ENV_STACK_LOW);
  setStackLow(lowest);
  const again = to.loop();
  getCounter(to, emitter.fuel);
  to.i32(1).op("i32.sub");
  setCounter(to, emitter.fuel);
  getCounter(to, emitter.fuel);
  to.i32(0).op("i32.lt_s").if();
  raise(emitter, FAULT_FUEL, slot);
  to.end();
  const callees = targets.map((target) => ({ slot: target.slot, ref: program.callees.get(target.slot) as FunctionRef }));
  emitCalls(emitter, callees, record, lowest);
  to.get(env).memory("i32.load", ENV_FAULT);
  faultIf(emitter);
  to.get(env).get(record).get(registerOf(emitter, 0)).call(program.module.runtime("callback_next")).brIf(again);
  to.end();
  setStackLow(frameTop - STACK_SIZE);
  to.end();
  to.get(record).memory("i64.load", CALLBACK_RESULT).set(registerOf(emitter, 0));
  if (targets.some((target) => context.callee(target.slot, target.entry).changesPacket)) emitter.reloadPacket();
}

/** Calls the function whose address is in r2, one of these. */
function emitCalls(emitter: Emitter, callees: readonly { readonly slot: number; readonly ref: FunctionRef }[], record: Local<"i32">, lowest: number): void {
  const { to, env, frame } = emitter;
  for (const [i, { slot, ref }] of callees.entries()) {
    const last = i === callees.length - 1;
    if (!last) to.get(registerOf(emitter, 2)).i64(slot).op("i64.eq").if();
    for (const field of [CALLBACK_R1, CALLBACK_R2, CALLBACK_R3, CALLBACK_R4]) to.get(record).memory("i64.load", field);
    to.i64(0).get(frame).i32(lowest).op("i32.add").get(env);
    emitter.shareCounters();
    to.call(ref).set(registerOf(emitter, 0));
    emitter.takeCounters();
    if (!last) to.else();
  }
  for (let i = 1; i < callees.length; i++) to.end();
}
