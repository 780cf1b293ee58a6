/** The frame around a program's run: frame into its slot, context made, result written. */
import {
  DESC_BYTES,
  DESC_CPU,
  DESC_FRAME,
  DESC_IFINDEX,
  DESC_LENGTH,
  DESC_PACKET,
  DESC_QUEUE,
  DESC_TIME,
  ENV_COST,
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
  ENV_FUEL,
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
  ENV_SLOTS,
  ENV_SLOT_STRIDE,
  ENV_STACK_LOW,
  ENV_STACK_TOP,
  ENV_TAIL_CALLS,
  ENV_TIME,
  FUEL,
  MAX_LINEAR,
  RESULT_BYTES,
  RESULT_COST,
  RESULT_DATA,
  RESULT_FAULT,
  RESULT_FAULT_ADDRESS,
  RESULT_FAULT_INSN,
  RESULT_FAULT_PROGRAM,
  RESULT_FRAG_LENGTH,
  RESULT_LENGTH,
  RESULT_META_LENGTH,
  RESULT_REDIRECT_KEY,
  RESULT_REDIRECT_KIND,
  RESULT_REDIRECT_MAP,
  RESULT_REDIRECT_TARGET,
  RESULT_RET,
  SLOT_FRAGS,
  STACK_FRAME_BYTES,
  XDP_PACKET_HEADROOM,
} from "../../abi";

const XDP_REDIRECT: u32 = 4;

/** Copies in words. The last word may read and write up to 7 bytes beyond the end: frames and slots have them to spare. */
function copy_words(to: u32, from: u32, length: u32): void {
  let i: u32 = 0;
  for (; i + 16 <= length; i += 16) v128.store(to + i, v128.load(from + i));
  for (; i < length; i += 8) store<u64>(to + i, load<u64>(from + i));
}

/** Copies the frame of packet `i` into its slot. */
export function copy_frame(env: u32, i: u32): void {
  const descriptor = load<u32>(env, ENV_DESCRIPTORS) + i * DESC_BYTES;
  const slot = load<u32>(env, ENV_SLOTS) + i * load<u32>(env, ENV_SLOT_STRIDE);
  const frame = load<u32>(descriptor, DESC_FRAME);
  const length = load<u32>(descriptor, DESC_LENGTH);
  const linear = min(length, u32(MAX_LINEAR));
  copy_words(slot + XDP_PACKET_HEADROOM, frame, linear);
  if (length > linear) copy_words(slot + SLOT_FRAGS, frame + linear, length - linear);
}

/** Makes the context and everything else that a program starts with, for packet `i`. */
export function init_env(env: u32, i: u32): void {
  const descriptor = load<u32>(env, ENV_DESCRIPTORS) + i * DESC_BYTES;
  const slot = load<u32>(env, ENV_SLOTS) + i * load<u32>(env, ENV_SLOT_STRIDE);
  const length = load<u32>(descriptor, DESC_LENGTH);
  const linear = min(length, u32(MAX_LINEAR));
  const data = slot + XDP_PACKET_HEADROOM;
  store<u32>(env, data, ENV_DATA);
  store<u32>(env, data + linear, ENV_DATA_END);
  store<u32>(env, data, ENV_DATA_META);
  store<u32>(env, load<u32>(descriptor, DESC_IFINDEX), ENV_INGRESS_IFINDEX);
  store<u32>(env, load<u32>(descriptor, DESC_QUEUE), ENV_RX_QUEUE_INDEX);
  store<u32>(env, 0, ENV_EGRESS_IFINDEX);
  store<u32>(env, slot, ENV_HARD_START);
  store<u32>(env, length - linear, ENV_FRAG_LENGTH);
  store<u32>(env, load<u32>(descriptor, DESC_CPU), ENV_CPU);
  store<u32>(env, data, ENV_LOW_WATER);
  store<u64>(env, load<u64>(descriptor, DESC_TIME), ENV_TIME);
  store<u32>(env, load<u32>(descriptor, DESC_PACKET), ENV_PACKET);
  store<u32>(env, 0, ENV_RANDOM_CALLS);
  store<u32>(env, 0, ENV_REDIRECT_KIND);
  store<u32>(env, 0, ENV_REDIRECT_MAP);
  store<u32>(env, 0, ENV_REDIRECT_KEY);
  store<u32>(env, 0, ENV_REDIRECT_TARGET);
  store<u64>(env, 0, ENV_REDIRECT_FLAGS);
  store<u32>(env, 0, ENV_TAIL_CALLS);
  store<u32>(env, 0, ENV_SECONDS);
  store<u32>(env, 0, ENV_FAULT);
  store<i32>(env, FUEL, ENV_FUEL);
  store<u32>(env, 0, ENV_PROGRAM);
  store<u64>(env, 0, ENV_COST);
  store<u32>(env, env + ENV_STACK_TOP - STACK_FRAME_BYTES, ENV_STACK_LOW);
}

/** Both, for one packet. */
export function load_packet(env: u32, i: u32): void {
  copy_frame(env, i);
  init_env(env, i);
}

/** Writes the result of packet `i`; `ret` is what the program returned, not looked at after a fault. */
export function store_result(env: u32, i: u32, ret: u32): void {
  const result = load<u32>(env, ENV_RESULTS) + i * RESULT_BYTES;
  const fault = load<u32>(env, ENV_FAULT);
  const data = load<u32>(env, ENV_DATA);
  const meta = load<u32>(env, ENV_DATA_META);
  const verdict = fault ? 0 : ret;
  store<u32>(result, verdict, RESULT_RET);
  store<u32>(result, data, RESULT_DATA);
  store<u32>(result, load<u32>(env, ENV_DATA_END) - data, RESULT_LENGTH);
  store<u32>(result, load<u32>(env, ENV_FRAG_LENGTH), RESULT_FRAG_LENGTH);
  store<u32>(result, meta < data ? data - meta : 0, RESULT_META_LENGTH);
  store<u32>(result, fault, RESULT_FAULT);
  store<u64>(result, load<u64>(env, ENV_COST), RESULT_COST);
  if (verdict == XDP_REDIRECT) {
    store<u32>(result, load<u32>(env, ENV_REDIRECT_KIND), RESULT_REDIRECT_KIND);
    store<u32>(result, load<u32>(env, ENV_REDIRECT_MAP), RESULT_REDIRECT_MAP);
    store<u32>(result, load<u32>(env, ENV_REDIRECT_KEY), RESULT_REDIRECT_KEY);
    store<u32>(result, load<u32>(env, ENV_REDIRECT_TARGET), RESULT_REDIRECT_TARGET);
  }
  if (fault) {
    store<u32>(result, load<u32>(env, ENV_FAULT_PROGRAM), RESULT_FAULT_PROGRAM);
    store<u32>(result, load<u32>(env, ENV_FAULT_INSN), RESULT_FAULT_INSN);
    store<u64>(result, load<u64>(env, ENV_FAULT_ADDRESS), RESULT_FAULT_ADDRESS);
  }
}
