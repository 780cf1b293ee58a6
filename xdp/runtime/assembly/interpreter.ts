/**
 * The reference interpreter. Registers and everything else that it knows between two instructions lie in the worker's
 * scratch memory, so that a debugger can stop it anywhere and look.
 */
import {
  CALLBACK_HELPER,
  CALLBACK_R1,
  CALLBACK_R2,
  CALLBACK_R3,
  CALLBACK_R4,
  CALLBACK_RESULT,
  CALLBACK_TARGET,
  ENV_COST,
  ENV_FAULT_INSN,
  ENV_FUEL,
  ENV_PROGRAM,
  ENV_SCRATCH,
  ENV_SECONDS,
  ENV_STACK_LOW,
  ENV_STACK_TOP,
  ENV_TIME,
  FAULT_ALIGNMENT,
  FAULT_FRAMES,
  FAULT_FUEL,
  FAULT_READ,
  FAULT_WRITE,
  INTERPRETER_DEPTH,
  INTERPRETER_FRAMES,
  INTERPRETER_FRAME_BYTES,
  INTERPRETER_MAY_GOTO,
  INTERPRETER_INSN,
  INTERPRETER_REGISTERS,
  MACHINE,
  MACHINE_PROGRAMS,
  MACHINE_TIMERS,
  MAX_CALL_FRAMES,
  MAY_GOTO_LOOPS,
  PROGRAM_BYTES,
  PROGRAM_COSTS,
  PROGRAM_INSNS,
  STACK_FRAME_BYTES,
} from "../../abi";
import { alu32, alu64, byte_order, condition, condition32 } from "./alu";
import { atomic_update32, atomic_update64, load_acquire, store_release } from "./atomic";
import { load_packet, store_result } from "./batch";
import { check_access, check_arguments, set_fault } from "./check";
import { call_helper } from "./dispatch";
import { callback_begin, callback_next, callback_record, callback_reset, is_callback_helper } from "./helpers/callback";
import { timer_pop, timer_record } from "./helpers/timer";
import { tail_call_target } from "./helpers/tail";
import { second_program, second_result } from "./second";

const RUNNING: u32 = 0;
const DONE: u32 = 1;
const FAULT: u32 = 2;

const HELPER_TAIL_CALL: i32 = 12;
const EXIT: u32 = 0x95;
const CALL: u32 = 0x85;
const MAY_GOTO: u32 = 0xe5;

// @ts-ignore: decorator
@inline
function reg(env: u32, number: u32): u64 {
  return load<u64>(env + number * 8, ENV_SCRATCH + INTERPRETER_REGISTERS);
}

// @ts-ignore: decorator
@inline
function set_reg(env: u32, number: u32, value: u64): void {
  store<u64>(env + number * 8, value, ENV_SCRATCH + INTERPRETER_REGISTERS);
}

// @ts-ignore: decorator
@inline
function insns_of(program: u32): u32 {
  return load<u32>(load<u32>(MACHINE, MACHINE_PROGRAMS) + program * PROGRAM_BYTES, PROGRAM_INSNS);
}

// @ts-ignore: decorator
@inline
function costs_of(program: u32): u32 {
  return load<u32>(load<u32>(MACHINE, MACHINE_PROGRAMS) + program * PROGRAM_BYTES, PROGRAM_COSTS);
}

/** Runs the functions of the timers that are due, as callees of nobody; false after a fault. */
function fire_timers(env: u32): bool {
  if (!load<u32>(MACHINE, MACHINE_TIMERS)) return true;
  const time = load<u64>(env, ENV_TIME);
  while (timer_pop(env, time)) {
    const record = timer_record(env);
    set_reg(env, 10, u64(env + ENV_STACK_TOP));
    clear_frame(env, 0);
    store<u32>(env, 0, ENV_SCRATCH + INTERPRETER_DEPTH);
    store<u32>(env, load<u32>(record, CALLBACK_HELPER), ENV_PROGRAM);
    store<u32>(env, call_back(env, record), ENV_SCRATCH + INTERPRETER_INSN);
    set_reg(env, 4, 0);
    if (execute(env, u64.MAX_VALUE) == FAULT) return false;
  }
  store<u32>(env, 0, ENV_PROGRAM);
  return true;
}

/** Registers, frames and position for a packet that load_packet or init_env has prepared. */
function begin(env: u32): void {
  for (let i: u32 = 0; i < 10; i++) set_reg(env, i, 0);
  set_reg(env, 1, u64(env));
  set_reg(env, 10, u64(env + ENV_STACK_TOP));
  clear_frame(env, 0);
  callback_reset(env);
  store<u32>(env, 0, ENV_SCRATCH + INTERPRETER_DEPTH);
  store<u32>(env, 0, ENV_SCRATCH + INTERPRETER_INSN);
}

/** A function finds zeros on its stack, not what another packet left there: what it reads without writing must not depend on the worker. */
function clear_frame(env: u32, depth: u32): void {
  store<u32>(may_goto_count(env, depth), MAY_GOTO_LOOPS);
  memory.fill(env + ENV_STACK_TOP - (depth + 1) * STACK_FRAME_BYTES, 0, STACK_FRAME_BYTES);
}

/** Address of what is left of a function's may_goto. */
// @ts-ignore: decorator
@inline
function may_goto_count(env: u32, depth: u32): u32 {
  return env + ENV_SCRATCH + INTERPRETER_FRAMES + INTERPRETER_MAY_GOTO + depth * INTERPRETER_FRAME_BYTES;
}

function size_of(op: u32): u32 {
  switch ((op >> 3) & 3) {
    case 0:
      return 4;
    case 1:
      return 2;
    case 2:
      return 1;
    default:
      return 8;
  }
}

function load_zero_extended(address: u32, size: u32): u64 {
  if (size == 1) return u64(load<u8>(address));
  if (size == 2) return u64(load<u16>(address));
  if (size == 4) return u64(load<u32>(address));
  return load<u64>(address);
}

function load_sign_extended(address: u32, size: u32): u64 {
  if (size == 1) return u64(i64(load<i8>(address)));
  if (size == 2) return u64(i64(load<i16>(address)));
  return u64(i64(load<i32>(address)));
}

function store_sized(address: u32, size: u32, value: u64): void {
  if (size == 1) store<u8>(address, u8(value));
  else if (size == 2) store<u16>(address, u16(value));
  else if (size == 4) store<u32>(address, u32(value));
  else store<u64>(address, value);
}

/** Saves what a callee preserves, and where to go on; false where the frames are used up. */
function enter(env: u32, back: u32): bool {
  const depth = load<u32>(env, ENV_SCRATCH + INTERPRETER_DEPTH) + 1;
  if (depth >= u32(MAX_CALL_FRAMES)) return false;
  const frame = env + ENV_SCRATCH + INTERPRETER_FRAMES + depth * INTERPRETER_FRAME_BYTES;
  for (let i: u32 = 0; i < 4; i++) store<u64>(frame + i * 8, reg(env, 6 + i));
  store<u32>(frame, back, 32);
  store<u32>(frame, load<u32>(env, ENV_PROGRAM), 36);
  store<u32>(env, depth, ENV_SCRATCH + INTERPRETER_DEPTH);
  const top = env + ENV_STACK_TOP - depth * STACK_FRAME_BYTES;
  set_reg(env, 10, u64(top));
  store<u32>(env, top - STACK_FRAME_BYTES, ENV_STACK_LOW);
  clear_frame(env, depth);
  return true;
}

/** Undoes {@link enter}, and gives the slot to go on at, in program ENV_PROGRAM. */
function leave(env: u32): u32 {
  const depth = load<u32>(env, ENV_SCRATCH + INTERPRETER_DEPTH);
  const frame = env + ENV_SCRATCH + INTERPRETER_FRAMES + depth * INTERPRETER_FRAME_BYTES;
  for (let i: u32 = 0; i < 4; i++) set_reg(env, 6 + i, load<u64>(frame + i * 8));
  store<u32>(env, load<u32>(frame, 36), ENV_PROGRAM);
  store<u32>(env, depth - 1, ENV_SCRATCH + INTERPRETER_DEPTH);
  const top = env + ENV_STACK_TOP - (depth - 1) * STACK_FRAME_BYTES;
  set_reg(env, 10, u64(top));
  store<u32>(env, top - STACK_FRAME_BYTES, ENV_STACK_LOW);
  return load<u32>(frame, 32);
}

/** Puts a record's arguments into the registers of the function that is called back, and gives its first slot. */
function call_back(env: u32, record: u32): u32 {
  set_reg(env, 1, load<u64>(record, CALLBACK_R1));
  set_reg(env, 2, load<u64>(record, CALLBACK_R2));
  set_reg(env, 3, load<u64>(record, CALLBACK_R3));
  set_reg(env, 4, load<u64>(record, CALLBACK_R4));
  set_reg(env, 5, 0);
  return load<u32>(record, CALLBACK_TARGET) - 1;
}

/** False where the packet has no backward jump left; the fault is then noted. */
function burn(env: u32): bool {
  const fuel = load<i32>(env, ENV_FUEL);
  if (fuel <= 0) {
    set_fault(env, FAULT_FUEL, 0);
    return false;
  }
  store<i32>(env, fuel - 1, ENV_FUEL);
  return true;
}

/** An STX of mode ATOMIC; false after a fault. */
function atomic_operation(env: u32, imm: u32, size: u32, address: u64, src: u32, dst: u32, loadFrom: u64): bool {
  const isLoad = imm == 0x100;
  const at = isLoad ? loadFrom : address;
  if (!check_access(env, at, size, u32(!isLoad))) {
    set_fault(env, isLoad ? FAULT_READ : FAULT_WRITE, at);
    return false;
  }
  if ((at & u64(size - 1)) != 0) {
    set_fault(env, FAULT_ALIGNMENT, at);
    return false;
  }
  const a = u32(at);
  if (isLoad) {
    set_reg(env, dst, load_acquire(a, size));
    return true;
  }
  if (imm == 0x110) {
    store_release(a, size, reg(env, src));
    return true;
  }
  const value = reg(env, src);
  const old = size == 4 ? atomic_update32(imm & 0xf0, a, value, reg(env, 0)) : atomic_update64(imm & 0xf0, a, value, reg(env, 0));
  if (imm == 0xf1) set_reg(env, 0, old);
  else if (imm & 1) set_reg(env, src, old);
  return true;
}

/** Runs at most `budget` instructions from where the worker stands: RUNNING where there is more to run, DONE or FAULT at the end. */
function execute(env: u32, budget: u64): u32 {
  let insns = insns_of(load<u32>(env, ENV_PROGRAM));
  let costs = costs_of(load<u32>(env, ENV_PROGRAM));
  let slot = load<u32>(env, ENV_SCRATCH + INTERPRETER_INSN);
  let state = RUNNING;
  while (budget-- != 0) {
    const insn = load<u64>(insns + slot * 8);
    const op = u32(insn) & 255;
    const dst = (u32(insn) >> 8) & 15;
    const src = (u32(insn) >> 12) & 15;
    const off = i32(u32(insn)) >> 16;
    const imm = i32(u32(insn >> 32));
    if (costs) store<u64>(env, load<u64>(env, ENV_COST) + load<u64>(costs + slot * 8), ENV_COST);
    let next = slot + 1;

    switch (op & 7) {
      case 0: // LD
        set_reg(env, dst, u64(u32(imm)) | ((load<u64>(insns + next * 8) >> 32) << 32));
        next++;
        break;

      case 1: { // LDX
        const address = reg(env, src) + u64(i64(off));
        const size = size_of(op);
        if (!check_access(env, address, size, 0)) {
          set_fault(env, FAULT_READ, address);
          state = FAULT;
          break;
        }
        set_reg(env, dst, (op & 0xe0) == 0x80 ? load_sign_extended(u32(address), size) : load_zero_extended(u32(address), size));
        break;
      }

      case 2: // ST
      case 3: { // STX
        const address = reg(env, dst) + u64(i64(off));
        const size = size_of(op);
        if ((op & 0xe7) == 0xc3) {
          if (!atomic_operation(env, u32(imm), size, address, src, dst, reg(env, src) + u64(i64(off)))) state = FAULT;
          break;
        }
        if (!check_access(env, address, size, 1)) {
          set_fault(env, FAULT_WRITE, address);
          state = FAULT;
          break;
        }
        store_sized(u32(address), size, (op & 7) == 2 ? u64(i64(imm)) : reg(env, src));
        break;
      }

      case 4: { // ALU
        const a = reg(env, dst);
        if ((op & 0xf0) == 0xd0) {
          set_reg(env, dst, byte_order(a, imm, (op & 8) != 0));
          break;
        }
        set_reg(env, dst, alu32(op >> 4, a, op & 8 ? reg(env, src) : u64(i64(imm)), off));
        break;
      }

      case 7: { // ALU64
        const a = reg(env, dst);
        if ((op & 0xf0) == 0xd0) {
          set_reg(env, dst, byte_order(a, imm, true));
          break;
        }
        set_reg(env, dst, alu64(op >> 4, a, op & 8 ? reg(env, src) : u64(i64(imm)), off));
        break;
      }

      default: { // JMP, JMP32
        if (op == CALL) {
          if (src == 1) {
            if (!enter(env, next)) {
              set_fault(env, FAULT_FRAMES, 0);
              state = FAULT;
              break;
            }
            next = u32(i32(next) + imm);
            break;
          }
          if (!check_arguments(env, imm, reg(env, 1), reg(env, 2), reg(env, 3), reg(env, 4), reg(env, 5))) {
            state = FAULT;
            break;
          }
          if (imm == HELPER_TAIL_CALL) {
            const target = tail_call_target(env, u32(reg(env, 2)), u32(reg(env, 3)));
            if (target) {
              store<u32>(env, target - 1, ENV_PROGRAM);
              insns = insns_of(target - 1);
              costs = costs_of(target - 1);
              set_reg(env, 1, u64(env));
              store<u32>(may_goto_count(env, load<u32>(env, ENV_SCRATCH + INTERPRETER_DEPTH)), MAY_GOTO_LOOPS);
              next = 0;
            } else set_reg(env, 0, u64(-22));
            break;
          }
          if (is_callback_helper(imm)) {
            const record = callback_record(env, load<u32>(env, ENV_SCRATCH + INTERPRETER_DEPTH));
            if (!callback_begin(env, record, imm, reg(env, 1), reg(env, 2), reg(env, 3), reg(env, 4))) {
              set_reg(env, 0, load<u64>(record, CALLBACK_RESULT));
              break;
            }
            if (!enter(env, next)) {
              set_fault(env, FAULT_FRAMES, 0);
              state = FAULT;
              break;
            }
            next = call_back(env, record);
            if (!burn(env)) state = FAULT;
            break;
          }
          set_reg(env, 0, call_helper(env, imm, reg(env, 1), reg(env, 2), reg(env, 3), reg(env, 4), reg(env, 5)));
          break;
        }
        if (op == EXIT) {
          if (load<u32>(env, ENV_SCRATCH + INTERPRETER_DEPTH) == 0) {
            state = DONE;
            break;
          }
          const record = callback_record(env, load<u32>(env, ENV_SCRATCH + INTERPRETER_DEPTH) - 1);
          if (load<u32>(record, CALLBACK_TARGET)) {
            const more = callback_next(env, record, reg(env, 0));
            next = leave(env);
            insns = insns_of(load<u32>(env, ENV_PROGRAM));
            costs = costs_of(load<u32>(env, ENV_PROGRAM));
            if (more) {
              // What the helper is asked for next counts as one more backward jump of the call.
              slot = next - 1;
              enter(env, next);
              next = call_back(env, record);
              if (!burn(env)) state = FAULT;
            } else set_reg(env, 0, load<u64>(record, CALLBACK_RESULT));
            break;
          }
          next = leave(env);
          insns = insns_of(load<u32>(env, ENV_PROGRAM));
          costs = costs_of(load<u32>(env, ENV_PROGRAM));
          break;
        }
        if (op == MAY_GOTO) {
          const left = may_goto_count(env, load<u32>(env, ENV_SCRATCH + INTERPRETER_DEPTH));
          if (load<u32>(left)) {
            store<u32>(left, load<u32>(left) - 1);
            break;
          }
          next = u32(i32(next) + off);
          if (next <= slot && !burn(env)) state = FAULT;
          break;
        }
        const is32 = (op & 7) == 6;
        const operation = op >> 4;
        if (operation != 0) {
          const a = reg(env, dst);
          const b = op & 8 ? reg(env, src) : u64(i64(imm));
          if (!(is32 ? condition32(operation, a, b) : condition(operation, a, b))) break;
        }
        next = u32(i32(next) + (is32 && operation == 0 ? imm : off));
        if (next <= slot && !burn(env)) state = FAULT;
      }
    }

    if (state != RUNNING) {
      if (state == FAULT) store<u32>(env, slot, ENV_FAULT_INSN);
      break;
    }
    slot = next;
  }
  store<u32>(env, slot, ENV_SCRATCH + INTERPRETER_INSN);
  return state;
}

/** Whether a redirect leads to one more program, which is then about to start; r0 is the packet's verdict so far. */
function goes_on(env: u32): bool {
  if (load<u32>(env, ENV_SECONDS)) set_reg(env, 0, u64(second_result(env, u32(reg(env, 0)))));
  const program = second_program(env, u32(reg(env, 0)));
  if (program == 0) return false;
  begin(env);
  return true;
}

/** Runs packets 0 to count - 1 of the worker's descriptors through the entry program. */
export function interpreter_run_batch(env: u32, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    load_packet(env, i);
    callback_reset(env);
    if (!fire_timers(env)) {
      store_result(env, i, 0);
      continue;
    }
    begin(env);
    while (execute(env, u64.MAX_VALUE) == DONE && goes_on(env)) {}
    store_result(env, i, u32(reg(env, 0)));
  }
}

/** Makes packet `i` ready to be stepped. */
export function interpreter_begin(env: u32, i: u32): void {
  load_packet(env, i);
  callback_reset(env);
  fire_timers(env);
  begin(env);
}

/** Runs at most `count` instructions: 0 where there is more to run, 1 at the end, 2 after a fault. At the end the result of packet `i` is written. */
export function interpreter_step(env: u32, i: u32, count: u32): u32 {
  const state = execute(env, u64(count));
  if (state == DONE && goes_on(env)) return RUNNING;
  if (state != RUNNING) store_result(env, i, u32(reg(env, 0)));
  return state;
}
