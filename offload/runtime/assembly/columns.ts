/** Rows for sinks: what became of a packet, column by column (offload/types.ts says what each holds). */
import { RESULT_COST, RESULT_DATA, RESULT_FAULT, RESULT_FAULT_INSN, RESULT_FAULT_PROGRAM, RESULT_FRAG_LENGTH, RESULT_LENGTH, RESULT_META_LENGTH, RESULT_REDIRECT_KEY, RESULT_REDIRECT_KIND, RESULT_REDIRECT_MAP, RESULT_REDIRECT_TARGET, RESULT_RET } from "../../../xdp/abi";
import {
  COLUMN_CAPTURED, COLUMN_COST_HIGH, COLUMN_COST_LOW, COLUMN_DATA, COLUMN_FATE, COLUMN_FAULT, COLUMN_FAULT_INSN, COLUMN_FAULT_PROGRAM, COLUMN_FRAGS, COLUMN_FRAG_LENGTH, COLUMN_FRAME,
  COLUMN_HASH, COLUMN_IFACE, COLUMN_LATENCY, COLUMN_LENGTH, COLUMN_META_LENGTH, COLUMN_PACKET, COLUMN_PORT, COLUMN_QUEUE, COLUMN_REDIRECT_KEY, COLUMN_REDIRECT_KIND, COLUMN_REDIRECT_MAP,
  COLUMN_REDIRECT_TARGET, COLUMN_RET, COLUMN_TIME, COLUMN_VERDICT, COLUMN_WIRE, LOOP_ARRIVAL, LOOP_COLUMNS, LOOP_FIRST, LOOP_FRAMES, LOOP_HASH, LOOP_IFACE, LOOP_LENGTH, LOOP_OFFSET,
  LOOP_PORT, LOOP_QUEUE, LOOP_ROWS, LOOP_WIRE,
} from "../abi";

const XDP_REDIRECT: u32 = 4;

// @ts-ignore: decorator
@inline
function put<T>(loop: u32, column: u32, row: u32, value: T): void {
  store<T>(load<u32>(loop, LOOP_COLUMNS) + column * load<u32>(loop, LOOP_ROWS) + row * sizeof<T>(), value);
}

// @ts-ignore: decorator
@inline
function get<T>(loop: u32, column: u32, packet: u32): T {
  return load<T>(load<u32>(loop + column) + packet * sizeof<T>());
}

/** Of every packet. */
export function note_packet(loop: u32, row: u32, packet: u32, fate: u32): void {
  put<f64>(loop, COLUMN_PACKET, row, load<f64>(loop, LOOP_FIRST) + f64(packet));
  put<f64>(loop, COLUMN_TIME, row, get<f64>(loop, LOOP_ARRIVAL, packet));
  put<u32>(loop, COLUMN_HASH, row, get<u32>(loop, LOOP_HASH, packet));
  put<u32>(loop, COLUMN_FRAME, row, load<u32>(loop, LOOP_FRAMES) + get<u32>(loop, LOOP_OFFSET, packet));
  put<u32>(loop, COLUMN_CAPTURED, row, get<u32>(loop, LOOP_LENGTH, packet));
  put<u32>(loop, COLUMN_WIRE, row, get<u32>(loop, LOOP_WIRE, packet));
  put<u16>(loop, COLUMN_QUEUE, row, get<u16>(loop, LOOP_QUEUE, packet));
  put<u16>(loop, COLUMN_IFACE, row, get<u16>(loop, LOOP_IFACE, packet));
  put<u8>(loop, COLUMN_PORT, row, get<u8>(loop, LOOP_PORT, packet));
  put<u8>(loop, COLUMN_FATE, row, u8(fate));
}

/** Of one that ran; `frags`: where its parts behind the linear one lie. */
export function note_result(loop: u32, row: u32, result: u32, frags: u32, verdict: u32): void {
  const fault = load<u32>(result, RESULT_FAULT);
  const redirected = verdict == XDP_REDIRECT;
  put<u8>(loop, COLUMN_VERDICT, row, u8(verdict));
  put<u32>(loop, COLUMN_RET, row, load<u32>(result, RESULT_RET));
  put<u32>(loop, COLUMN_DATA, row, load<u32>(result, RESULT_DATA));
  put<u32>(loop, COLUMN_LENGTH, row, load<u32>(result, RESULT_LENGTH));
  put<u32>(loop, COLUMN_FRAGS, row, frags);
  put<u32>(loop, COLUMN_FRAG_LENGTH, row, load<u32>(result, RESULT_FRAG_LENGTH));
  put<u32>(loop, COLUMN_META_LENGTH, row, load<u32>(result, RESULT_META_LENGTH));
  put<u8>(loop, COLUMN_FAULT, row, u8(fault));
  put<u32>(loop, COLUMN_FAULT_PROGRAM, row, fault ? load<u32>(result, RESULT_FAULT_PROGRAM) : 0);
  put<u32>(loop, COLUMN_FAULT_INSN, row, fault ? load<u32>(result, RESULT_FAULT_INSN) : 0);
  put<u8>(loop, COLUMN_REDIRECT_KIND, row, redirected ? load<u8>(result, RESULT_REDIRECT_KIND) : 0);
  put<u32>(loop, COLUMN_REDIRECT_MAP, row, redirected ? load<u32>(result, RESULT_REDIRECT_MAP) : 0);
  put<u32>(loop, COLUMN_REDIRECT_KEY, row, redirected ? load<u32>(result, RESULT_REDIRECT_KEY) : 0);
  put<u32>(loop, COLUMN_REDIRECT_TARGET, row, redirected ? load<u32>(result, RESULT_REDIRECT_TARGET) : 0);
  put<u32>(loop, COLUMN_COST_LOW, row, load<u32>(result, RESULT_COST));
  put<u32>(loop, COLUMN_COST_HIGH, row, load<u32>(result, RESULT_COST + 4));
  put<f64>(loop, COLUMN_LATENCY, row, 0);
}

/** Of one that the device served. */
export function note_latency(loop: u32, row: u32, latency: f64): void {
  put<f64>(loop, COLUMN_LATENCY, row, latency);
}
