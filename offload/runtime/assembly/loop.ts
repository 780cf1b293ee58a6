/**
 * The loop of a run, batch by batch: `receive` asks the device which packets it has room for and writes their descriptors,
 * an engine runs them, `complete` counts what became of them and tells the models what they cost. JavaScript is called
 * once a batch, never once a packet. A batch goes through in stretches, each of which does one thing for all its packets:
 * they need fewer numbers at a time than one that does all.
 */
import { MIN_RECEIVE, TL_IS_POOL } from "../../../nic/runtime/abi";
import { add } from "../../../nic/runtime/assembly/numbers";
import { decidable_in, decide, NO_ROOM_IN_MAC, ring_of } from "../../../nic/runtime/assembly/timeline";
import {
  DESC_BYTES, DESC_CPU, DESC_FRAME, DESC_IFINDEX, DESC_METADATA, DESC_TIME, RESULT_BYTES, RESULT_COST, RESULT_FAULT, RESULT_FRAG_LENGTH, RESULT_LENGTH, RESULT_RET, SLOT_FRAGS,
} from "../../../xdp/abi";
import {
  FATE_LENGTH, FATE_MAC, FATE_RAN, FATE_RING, INTERFACE_BYTES, INTERFACE_LOST, INTERFACE_PACKETS, INTERFACE_STOPPED, LOOP_ARRIVAL, LOOP_BASELINE, LOOP_BASELINE_MAX_FRAME, LOOP_BATCH,
  LOOP_COLUMNS, LOOP_COUNT, LOOP_DESCRIPTORS, LOOP_DEVICE, LOOP_EPOCH, LOOP_ERRORS, LOOP_ERROR_BYTES, LOOP_FAULTS, LOOP_FAULT_PACKET, LOOP_FAULT_RESULT, LOOP_FIRST, LOOP_FRAMES,
  LOOP_FROM, LOOP_HASH, LOOP_IFACE, LOOP_INDIRECTION, LOOP_INDIRECTION_MASK, LOOP_INTERFACES, LOOP_LENGTH, LOOP_MAX_FRAME, LOOP_MISSED, LOOP_OFFSET, LOOP_PACKETS, LOOP_PLACES, LOOP_PORT,
  LOOP_QUEUE, LOOP_QUEUES, LOOP_RESULTS, LOOP_ROWS, LOOP_ROW_TABLE, LOOP_SLOTS, LOOP_STRIDE, LOOP_TO, LOOP_TOTAL_BYTES, LOOP_TX_BYTES, LOOP_WIRE, MODEL_IS_CARD, MODEL_LAST_PORT,
  MODEL_LENGTH_ERRORS, MODEL_PORTS_SEEN, MODEL_TIMELINE, QUEUE_BYTES, QUEUE_DROPS, QUEUE_TALLY_BYTES, QUEUE_VERDICTS, ROW_BYTES, ROW_FATE, ROW_HIGH, ROW_LENGTH, ROW_LOW, ROW_READY,
  ROW_VERDICT,
} from "../abi";
import { note_latency, note_packet, note_result } from "./columns";
import { mean_service, received, serve, service_of, wire_bits } from "./model";

/** LOOP_PLACES of a packet that does not run. */
const NOWHERE: u32 = 0xffffffff;
const VERDICTS: u32 = 5;
const XDP_DROP: u32 = 1;
const XDP_TX: u32 = 3;

/** Who is asked, and when: the device before its packets run, the device after that (`--parallel`), the baseline. */
const DEVICE: i32 = 0;
const DEVICE_AFTERWARDS: i32 = 1;
const BASELINE: i32 = 2;

/** A value of packet `i` in the window's column. */
// @ts-ignore: decorator
@inline
function get<T>(loop: u32, column: u32, i: u32): T {
  return load<T>(load<u32>(loop + column) + i * sizeof<T>());
}

/** Whether a frame is too short or too long to be received. */
// @ts-ignore: decorator
@inline
function wrong_length(loop: u32, i: u32, maxFrame: u32): bool {
  return get<u32>(loop, LOOP_LENGTH, i) < u32(MIN_RECEIVE) || get<u32>(loop, LOOP_WIRE, i) > maxFrame;
}

/** Writes a descriptor; metadata beside the hash is left to whoever knows of it. Two fields a store. */
// @ts-ignore: decorator
@inline
function describe(loop: u32, descriptor: u32, i: u32, queue: u32, packet: u32): void {
  const frame = load<u32>(loop, LOOP_FRAMES) + get<u32>(loop, LOOP_OFFSET, i);
  store<u64>(descriptor, u64(frame) | (u64(get<u32>(loop, LOOP_LENGTH, i)) << 32), DESC_FRAME);
  store<u64>(descriptor, load<u64>(loop, LOOP_EPOCH) + u64(i64(get<f64>(loop, LOOP_ARRIVAL, i))), DESC_TIME);
  store<u64>(descriptor, u64(u32(get<u8>(loop, LOOP_PORT, i)) + 1) | (u64(queue) << 32), DESC_IFINDEX);
  store<u64>(descriptor, u64(queue) | (u64(packet) << 32), DESC_CPU);
  store<u64>(descriptor, u64(get<u32>(loop, LOOP_HASH, i)) << 32, DESC_METADATA);
}

/** Number in the run of the window's first packet, as far as descriptors hold it. */
// @ts-ignore: decorator
@inline
function first_packet(loop: u32): u32 {
  return u32(u64(i64(load<f64>(loop, LOOP_FIRST))));
}

/**
 * Takes packets of the window from `from` on, up to the one before `count`: until the batch is full, a packet cannot be
 * decided before those of the batch have run, or there are no more. Returns how many are to run.
 */
export function receive(loop: u32, from: u32, count: u32): u32 {
  const timeline = load<u32>(load<u32>(loop, LOOP_DEVICE), MODEL_TIMELINE);
  return load<u32>(timeline, TL_IS_POOL) ? receive_on(true, loop, timeline, from, count) : receive_on(false, loop, timeline, from, count);
}

// @ts-ignore: decorator
@inline
function receive_on(isPool: bool, loop: u32, timeline: u32, from: u32, count: u32): u32 {
  const maxFrame = load<u32>(loop, LOOP_MAX_FRAME);
  const end = min(count, from + load<u32>(loop, LOOP_ROWS));
  const full = load<u32>(loop, LOOP_DESCRIPTORS) + load<u32>(loop, LOOP_BATCH) * DESC_BYTES;
  const first = first_packet(loop);
  let descriptor = load<u32>(loop, LOOP_DESCRIPTORS);
  let row = load<u32>(loop, LOOP_ROW_TABLE);
  let i = from;
  for (; i < end; i++, row += ROW_BYTES) {
    if (descriptor == full) break;
    if (wrong_length(loop, i, maxFrame)) {
      store<u8>(row, FATE_LENGTH, ROW_FATE);
      continue;
    }
    const queue: u32 = get<u16>(loop, LOOP_QUEUE, i);
    const ring = ring_of(isPool, timeline, queue);
    if (decidable_in(timeline, ring) <= 0) break;
    const ready = decide(timeline, ring, get<f64>(loop, LOOP_ARRIVAL, i), queue);
    if (ready < 0) {
      store<u8>(row, ready == NO_ROOM_IN_MAC ? FATE_MAC : FATE_RING, ROW_FATE);
      continue;
    }
    store<f64>(row, ready, ROW_READY);
    store<u8>(row, FATE_RAN, ROW_FATE);
    describe(loop, descriptor, i, queue, first + i);
    descriptor += DESC_BYTES;
  }
  const running = (descriptor - load<u32>(loop, LOOP_DESCRIPTORS)) / DESC_BYTES;
  store<u32>(loop, from, LOOP_FROM);
  store<u32>(loop, i, LOOP_TO);
  store<u32>(loop, running, LOOP_COUNT);
  return running;
}

/** Descriptors of packets `from` to `to` - 1 of the window that are of a length that the NIC receives, each at its place. */
export function describe_all(loop: u32, from: u32, to: u32): void {
  const places = load<u32>(loop, LOOP_PLACES);
  const descriptors = load<u32>(loop, LOOP_DESCRIPTORS);
  const first = first_packet(loop);
  for (let i = from; i < to; i++) {
    const place = load<u32>(places + ((i - from) << 2));
    if (place == NOWHERE) continue;
    describe(loop, descriptors + place * DESC_BYTES, i, get<u16>(loop, LOOP_QUEUE, i), first + i);
  }
}

/** What became of the packets of the batch, when those that run have run: to the counts and the models. */
export function complete(loop: u32): void {
  if (load<u32>(loop, LOOP_FROM) == load<u32>(loop, LOOP_TO)) return;
  gather(loop, false);
  model_rows(loop, false);
}

/** The same of packets `from` to `to` - 1 that have run before the device was asked: they count as run, and a drop stays in the device's figures. */
export function complete_executed(loop: u32, from: u32, to: u32): void {
  store<u32>(loop, from, LOOP_FROM);
  store<u32>(loop, to, LOOP_TO);
  gather(loop, true);
  model_rows(loop, true);
}

/** Takes what models need from the results, and counts. `ahead`: nobody has looked at the packets before they ran. */
// @ts-ignore: decorator
@inline
function gather(loop: u32, ahead: bool): void {
  const from = load<u32>(loop, LOOP_FROM);
  const to = load<u32>(loop, LOOP_TO);
  const maxFrame = load<u32>(loop, LOOP_MAX_FRAME);
  const noting = load<u32>(loop, LOOP_COLUMNS) != 0;
  let row = load<u32>(loop, LOOP_ROW_TABLE);
  let result = load<u32>(loop, LOOP_RESULTS);
  let bytes: u64 = 0;
  let bits: u64 = 0;
  // Packets of one interface after the other are many, as a rule: theirs are counted here until another comes.
  let iface: u32 = get<u16>(loop, LOOP_IFACE, from);
  let since = from;
  let stopped: u32 = 0;
  let lost: u32 = 0;
  for (let i = from; i < to; i++, row += ROW_BYTES) {
    const wire = get<u32>(loop, LOOP_WIRE, i);
    const queues = load<u32>(loop, LOOP_QUEUES) + u32(get<u16>(loop, LOOP_QUEUE, i)) * QUEUE_TALLY_BYTES;
    bytes += wire;
    bits += wire_bits(wire);
    if (get<u16>(loop, LOOP_IFACE, i) != iface) {
      count_interface(loop, iface, i - since, stopped, lost);
      iface = get<u16>(loop, LOOP_IFACE, i);
      since = i;
      stopped = 0;
      lost = 0;
    }
    if (ahead) store<u8>(row, wrong_length(loop, i, maxFrame) ? FATE_LENGTH : FATE_RAN, ROW_FATE);
    if (noting) note_packet(loop, i - from, i, load<u8>(row, ROW_FATE));
    if (load<u8>(row, ROW_FATE) != FATE_RAN) {
      lost++;
      not_run(loop, row, queues, wire);
      continue;
    }
    if (ahead) result = load<u32>(loop, LOOP_RESULTS) + load<u32>(load<u32>(loop, LOOP_PLACES) + ((i - from) << 2)) * RESULT_BYTES;
    const ret = load<u32>(result, RESULT_RET);
    const verdict: u32 = ret < VERDICTS ? ret : 0;
    const length = load<u32>(result, RESULT_LENGTH) + load<u32>(result, RESULT_FRAG_LENGTH);
    store<u64>(row, load<u64>(result, RESULT_COST), ROW_LOW);
    store<u32>(row, length, ROW_LENGTH);
    store<u8>(row, verdict, ROW_VERDICT);
    add(queues + (verdict << 3), QUEUE_VERDICTS, 1);
    add(queues, QUEUE_BYTES, f64(wire));
    stopped += u32(verdict <= XDP_DROP);
    if (verdict == XDP_TX) add(loop, LOOP_TX_BYTES, f64(length));
    if (load<u32>(result, RESULT_FAULT) != 0) note_fault(loop, result, i);
    if (noting) note_result(loop, i - from, result, load<u32>(loop, LOOP_SLOTS) + ((result - load<u32>(loop, LOOP_RESULTS)) / RESULT_BYTES) * load<u32>(loop, LOOP_STRIDE) + SLOT_FRAGS, verdict);
    result += RESULT_BYTES;
  }
  count_interface(loop, iface, to - since, stopped, lost);
  add(loop, LOOP_PACKETS, f64(to - from));
  add(loop, LOOP_TOTAL_BYTES, f64(bytes));
  const first = get<f64>(loop, LOOP_ARRIVAL, from);
  const last = get<f64>(loop, LOOP_ARRIVAL, to - 1);
  received(load<u32>(loop, LOOP_DEVICE), f64(to - from), f64(bits), first, last);
  if (load<u32>(loop, LOOP_BASELINE) != 0) received(load<u32>(loop, LOOP_BASELINE), f64(to - from), f64(bits), first, last);
}

/** A packet that never reached the program. */
function not_run(loop: u32, row: u32, queues: u32, wire: u32): void {
  store<u64>(row, 0, ROW_LOW);
  store<u32>(row, wire, ROW_LENGTH);
  store<u8>(row, XDP_DROP, ROW_VERDICT);
  const fate: u32 = load<u8>(row, ROW_FATE);
  if (fate == FATE_LENGTH) {
    add(loop, LOOP_ERRORS, 1);
    add(loop, LOOP_ERROR_BYTES, f64(wire));
    add(load<u32>(loop, LOOP_DEVICE), MODEL_LENGTH_ERRORS, 1);
  } else if (fate == FATE_MAC) add(loop, LOOP_MISSED, 1);
  else add(queues, QUEUE_DROPS, 1);
}

function count_interface(loop: u32, iface: u32, packets: u32, stopped: u32, lost: u32): void {
  const tally = load<u32>(loop, LOOP_INTERFACES) + iface * INTERFACE_BYTES;
  add(tally, INTERFACE_PACKETS, f64(packets));
  add(tally, INTERFACE_STOPPED, f64(stopped));
  add(tally, INTERFACE_LOST, f64(lost));
}

// @ts-ignore: decorator
@inline
function model_rows(loop: u32, ahead: bool): void {
  const device = load<u32>(loop, LOOP_DEVICE);
  if (ahead) load<u32>(device, MODEL_IS_CARD) ? serve_rows(true, DEVICE_AFTERWARDS, loop, device) : serve_rows(false, DEVICE_AFTERWARDS, loop, device);
  else load<u32>(device, MODEL_IS_CARD) ? serve_rows(true, DEVICE, loop, device) : serve_rows(false, DEVICE, loop, device);
  const baseline = load<u32>(loop, LOOP_BASELINE);
  if (baseline == 0) return;
  if (load<u32>(baseline, MODEL_IS_CARD)) beside_card(loop, baseline);
  else beside_kernel(loop, baseline);
}

function beside_card(loop: u32, model: u32): void {
  serve_rows(true, BASELINE, loop, model);
}

function beside_kernel(loop: u32, model: u32): void {
  serve_rows(false, BASELINE, loop, model);
}

/** All rows of the batch through one model, in arrival order. */
// @ts-ignore: decorator
@inline
function serve_rows(isCard: bool, role: i32, loop: u32, model: u32): void {
  const from = load<u32>(loop, LOOP_FROM);
  const to = load<u32>(loop, LOOP_TO);
  const timeline = load<u32>(model, MODEL_TIMELINE);
  const maxFrame = role == BASELINE ? load<u32>(loop, LOOP_BASELINE_MAX_FRAME) : 0;
  const noting = role != BASELINE && load<u32>(loop, LOOP_COLUMNS) != 0;
  let row = load<u32>(loop, LOOP_ROW_TABLE);
  for (let i = from; i < to; i++, row += ROW_BYTES) {
    const ran = load<u8>(row, ROW_FATE) == FATE_RAN;
    const arrival = get<f64>(loop, LOOP_ARRIVAL, i);
    const port = role == BASELINE ? min<u32>(get<u8>(loop, LOOP_PORT, i), load<u32>(model, MODEL_LAST_PORT)) : get<u8>(loop, LOOP_PORT, i);
    store<u8>(model + port, 1, MODEL_PORTS_SEEN);
    let queue: u32;
    if (role == BASELINE) {
      if (wrong_length(loop, i, maxFrame)) {
        add(model, MODEL_LENGTH_ERRORS, 1);
        continue;
      }
      const hash = get<u32>(loop, LOOP_HASH, i);
      const steered: u32 = load<u16>(load<u32>(loop, LOOP_INDIRECTION) + ((hash & load<u32>(loop, LOOP_INDIRECTION_MASK)) << 1));
      queue = hash == 0 ? 0 : steered;
    } else {
      if (!ran) continue;
      queue = get<u16>(loop, LOOP_QUEUE, i);
    }
    const ring = ring_of(isCard, timeline, queue);
    let ready: f64;
    if (role == DEVICE) ready = load<f64>(row, ROW_READY);
    else {
      ready = decide(timeline, ring, arrival, queue);
      if (ready < 0) continue;
    }
    const low = load<u32>(row, ROW_LOW);
    const high = load<u32>(row, ROW_HIGH);
    const verdict: u32 = load<u8>(row, ROW_VERDICT);
    // Of a packet that the device dropped nobody knows the path: to the baseline it counts as a mean one.
    const service = role != BASELINE || ran ? service_of(isCard, model, low, high, verdict) : mean_service(isCard, model);
    const departure = serve(isCard, model, ring, service, low, high, queue, arrival, ready, verdict, port, load<u32>(row, ROW_LENGTH));
    if (noting) note_latency(loop, i - from, departure - arrival);
  }
}

/** The first of the batch is kept for whoever says where it is. */
function note_fault(loop: u32, result: u32, packet: u32): void {
  add(loop, LOOP_FAULTS, 1);
  if (load<u32>(loop, LOOP_FAULT_RESULT) != 0) return;
  store<u32>(loop, result, LOOP_FAULT_RESULT);
  store<u32>(loop, packet, LOOP_FAULT_PACKET);
}
