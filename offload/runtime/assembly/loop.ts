/**
 * The loop of a run, batch by batch: `receive` asks the device which packets it has room for and writes their descriptors,
 * an engine runs them, `gather` takes what became of them, `serve_device` and `serve_baseline` tell the models what they
 * cost. With several workers each does `take`, run, `gather` for its queues, and the models come when all have. JavaScript
 * is called once a batch, never once a packet; each function does one thing for all packets of a batch, for which it needs
 * fewer numbers at a time than one that does all.
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
  LOOP_FROM, LOOP_HASH, LOOP_IFACE, LOOP_INDIRECTION, LOOP_INDIRECTION_MASK, LOOP_INTERFACES, LOOP_LENGTH, LOOP_MAX_FRAME, LOOP_LOST_BYTES, LOOP_MISSED, LOOP_OFFSET, LOOP_OWNERS, LOOP_PORT,
  LOOP_QUEUE, LOOP_QUEUES, LOOP_RESULTS, LOOP_ROWS, LOOP_ROW_TABLE, LOOP_SLOTS, LOOP_STRIDE, LOOP_SLOT_BY_PACKET, LOOP_TAKEN, LOOP_TO, LOOP_TX_BYTES, LOOP_WIRE, LOOP_WORKER, MODEL_IS_CARD, MODEL_LAST_PORT,
  MODEL_LENGTH_ERRORS, MODEL_PORTS_SEEN, MODEL_TIMELINE, QUEUE_BYTES, QUEUE_DROPS, QUEUE_TALLY_BYTES, QUEUE_VERDICTS, ROW_BYTES, ROW_DEPARTURE, ROW_FATE, ROW_HIGH, ROW_LENGTH, ROW_LOW, ROW_READY,
  ROW_VERDICT,
} from "../abi";
import { note_latency, note_packet, note_result } from "./columns";
import { leave, mean_service, received, serve, service_of, wire_bits } from "./model";

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
  let taken = load<u32>(loop, LOOP_TAKEN);
  let i = from;
  // Rows are counted from there, also those of packets that are turned away now.
  store<u32>(loop, from, LOOP_FROM);
  for (; i < end; i++, row += ROW_BYTES) {
    if (descriptor == full) break;
    if (wrong_length(loop, i, maxFrame)) {
      not_run(loop, row, i, FATE_LENGTH);
      continue;
    }
    const queue: u32 = get<u16>(loop, LOOP_QUEUE, i);
    const ring = ring_of(isPool, timeline, queue);
    if (decidable_in(timeline, ring) <= 0) break;
    const ready = decide(timeline, ring, get<f64>(loop, LOOP_ARRIVAL, i), queue);
    if (ready < 0) {
      not_run(loop, row, i, ready == NO_ROOM_IN_MAC ? FATE_MAC : FATE_RING);
      continue;
    }
    store<f64>(row, ready, ROW_READY);
    store<u8>(row, FATE_RAN, ROW_FATE);
    store<u32>(taken, i);
    taken += 4;
    describe(loop, descriptor, i, queue, first + i);
    descriptor += DESC_BYTES;
  }
  const running = (descriptor - load<u32>(loop, LOOP_DESCRIPTORS)) / DESC_BYTES;
  store<u32>(loop, i, LOOP_TO);
  store<u32>(loop, running, LOOP_COUNT);
  return running;
}

/**
 * One worker of several takes the packets of its queues from `from` on, in order, until its batch is full or the round
 * (LOOP_FROM to LOOP_TO) is over, whatever room the device has. Returns the packet to go on from; LOOP_COUNT are to run.
 */
export function take(loop: u32, from: u32): u32 {
  const maxFrame = load<u32>(loop, LOOP_MAX_FRAME);
  const owners = load<u32>(loop, LOOP_OWNERS);
  const worker = load<u32>(loop, LOOP_WORKER);
  const rows = load<u32>(loop, LOOP_ROW_TABLE) - load<u32>(loop, LOOP_FROM) * ROW_BYTES;
  const to = load<u32>(loop, LOOP_TO);
  const most = load<u32>(loop, LOOP_BATCH);
  const first = first_packet(loop);
  let count: u32 = 0;
  let i = from;
  for (; i < to && count < most; i++) {
    const queue: u32 = get<u16>(loop, LOOP_QUEUE, i);
    if (load<u8>(owners + queue) != worker) continue;
    const row = rows + i * ROW_BYTES;
    if (wrong_length(loop, i, maxFrame)) {
      not_run(loop, row, i, FATE_LENGTH);
      continue;
    }
    store<u8>(row, FATE_RAN, ROW_FATE);
    store<u32>(load<u32>(loop, LOOP_TAKEN) + (count << 2), i);
    describe(loop, load<u32>(loop, LOOP_DESCRIPTORS) + count * DESC_BYTES, i, queue, first + i);
    count++;
  }
  store<u32>(loop, count, LOOP_COUNT);
  return i;
}

/** What became of the packets that were taken and have run: to their rows and to the counts. */
export function gather(loop: u32): void {
  const from = load<u32>(loop, LOOP_FROM);
  const count = load<u32>(loop, LOOP_COUNT);
  if (count == 0) return;
  const taken = load<u32>(loop, LOOP_TAKEN);
  const rows = load<u32>(loop, LOOP_ROW_TABLE) - from * ROW_BYTES;
  const noting = load<u32>(loop, LOOP_COLUMNS) != 0;
  let result = load<u32>(loop, LOOP_RESULTS);
  // Packets of one interface after the other are many, as a rule: theirs are counted here until another comes.
  let iface: u32 = get<u16>(loop, LOOP_IFACE, load<u32>(taken));
  let packets: u32 = 0;
  let stopped: u32 = 0;
  for (let k: u32 = 0; k < count; k++, result += RESULT_BYTES) {
    const i = load<u32>(taken + (k << 2));
    const row = rows + i * ROW_BYTES;
    const queues = load<u32>(loop, LOOP_QUEUES) + u32(get<u16>(loop, LOOP_QUEUE, i)) * QUEUE_TALLY_BYTES;
    if (get<u16>(loop, LOOP_IFACE, i) != iface) {
      count_interface(loop, iface, packets, stopped, 0);
      iface = get<u16>(loop, LOOP_IFACE, i);
      packets = 0;
      stopped = 0;
    }
    const ret = load<u32>(result, RESULT_RET);
    const verdict: u32 = ret < VERDICTS ? ret : 0;
    const length = load<u32>(result, RESULT_LENGTH) + load<u32>(result, RESULT_FRAG_LENGTH);
    store<u64>(row, load<u64>(result, RESULT_COST), ROW_LOW);
    store<u32>(row, length, ROW_LENGTH);
    store<u8>(row, verdict, ROW_VERDICT);
    add(queues + (verdict << 3), QUEUE_VERDICTS, 1);
    add(queues, QUEUE_BYTES, f64(get<u32>(loop, LOOP_WIRE, i)));
    packets++;
    stopped += u32(verdict <= XDP_DROP);
    if (verdict == XDP_TX) add(loop, LOOP_TX_BYTES, f64(length));
    if (load<u32>(result, RESULT_FAULT) != 0) note_fault(loop, result, i);
    if (noting) {
      const slot = load<u32>(loop, LOOP_SLOT_BY_PACKET) ? i - from : k;
      note_packet(loop, i - from, i, FATE_RAN);
      note_result(loop, i - from, result, load<u32>(loop, LOOP_SLOTS) + slot * load<u32>(loop, LOOP_STRIDE) + SLOT_FRAGS, verdict);
    }
  }
  count_interface(loop, iface, packets, stopped, 0);
}

/** A packet that never reaches the program. */
function not_run(loop: u32, row: u32, i: u32, fate: u32): void {
  const wire = get<u32>(loop, LOOP_WIRE, i);
  store<u64>(row, 0, ROW_LOW);
  store<u32>(row, wire, ROW_LENGTH);
  store<u8>(row, XDP_DROP, ROW_VERDICT);
  store<u8>(row, fate, ROW_FATE);
  count_interface(loop, get<u16>(loop, LOOP_IFACE, i), 1, 0, 1);
  if (load<u32>(loop, LOOP_COLUMNS) != 0) note_packet(loop, i - load<u32>(loop, LOOP_FROM), i, fate);
  if (fate == FATE_LENGTH) {
    add(loop, LOOP_ERRORS, 1);
    add(loop, LOOP_ERROR_BYTES, f64(wire));
    return;
  }
  add(loop, LOOP_LOST_BYTES, f64(wire));
  if (fate == FATE_MAC) add(loop, LOOP_MISSED, 1);
  else add(load<u32>(loop, LOOP_QUEUES) + u32(get<u16>(loop, LOOP_QUEUE, i)) * QUEUE_TALLY_BYTES, QUEUE_DROPS, 1);
}

function count_interface(loop: u32, iface: u32, packets: u32, stopped: u32, lost: u32): void {
  const tally = load<u32>(loop, LOOP_INTERFACES) + iface * INTERFACE_BYTES;
  add(tally, INTERFACE_PACKETS, f64(packets));
  add(tally, INTERFACE_STOPPED, f64(stopped));
  add(tally, INTERFACE_LOST, f64(lost));
}

/** The first is kept for whoever says where it is. */
function note_fault(loop: u32, result: u32, packet: u32): void {
  const before = load<f64>(loop, LOOP_FAULTS);
  store<f64>(loop, before + 1, LOOP_FAULTS);
  if (before > 0) return;
  store<f64>(loop, load<f64>(loop, LOOP_FIRST) + f64(packet), LOOP_FAULT_PACKET);
  memory.copy(loop + LOOP_FAULT_RESULT, result, RESULT_BYTES);
}

/** What the packets of the batch cost the device, whose room for them was asked before they ran. */
export function serve_device(loop: u32): void {
  const device = load<u32>(loop, LOOP_DEVICE);
  if (load<u32>(device, MODEL_IS_CARD)) serve_rows(true, DEVICE, loop, device);
  else serve_rows(false, DEVICE, loop, device);
}

/** The same where they have run before it was asked: they count as run, and a drop stays in the device's figures. */
export function serve_device_afterwards(loop: u32): void {
  const device = load<u32>(loop, LOOP_DEVICE);
  if (load<u32>(device, MODEL_IS_CARD)) serve_rows(true, DEVICE_AFTERWARDS, loop, device);
  else serve_rows(false, DEVICE_AFTERWARDS, loop, device);
}

/** Then, whenever it suits: those that left the cores of a card, through what is behind them. */
export function serve_behind(loop: u32): void {
  const device = load<u32>(loop, LOOP_DEVICE);
  if (!load<u32>(device, MODEL_IS_CARD)) return;
  const to = load<u32>(loop, LOOP_TO);
  let row = load<u32>(loop, LOOP_ROW_TABLE);
  for (let i = load<u32>(loop, LOOP_FROM); i < to; i++, row += ROW_BYTES) {
    const departure = load<f64>(row, ROW_DEPARTURE);
    if (load<u8>(row, ROW_FATE) != FATE_RAN || departure < 0) continue;
    leave(device, get<f64>(loop, LOOP_ARRIVAL, i), departure, get<u16>(loop, LOOP_QUEUE, i), load<u8>(row, ROW_VERDICT), get<u8>(loop, LOOP_PORT, i), load<u32>(row, ROW_LENGTH));
  }
}

/** And, too, what all cost beside it. */
export function serve_baseline(loop: u32): void {
  const baseline = load<u32>(loop, LOOP_BASELINE);
  if (baseline == 0) return;
  if (load<u32>(baseline, MODEL_IS_CARD)) serve_rows(true, BASELINE, loop, baseline);
  else serve_rows(false, BASELINE, loop, baseline);
}

/** All rows of the batch through one model, in arrival order. */
// @ts-ignore: decorator
@inline
function serve_rows(isCard: bool, role: i32, loop: u32, model: u32): void {
  const from = load<u32>(loop, LOOP_FROM);
  const to = load<u32>(loop, LOOP_TO);
  if (from == to) return;
  const timeline = load<u32>(model, MODEL_TIMELINE);
  const maxFrame = role == BASELINE ? load<u32>(loop, LOOP_BASELINE_MAX_FRAME) : 0;
  const noting = role != BASELINE && load<u32>(loop, LOOP_COLUMNS) != 0;
  let row = load<u32>(loop, LOOP_ROW_TABLE);
  let bits: u64 = 0;
  for (let i = from; i < to; i++, row += ROW_BYTES) {
    bits += wire_bits(get<u32>(loop, LOOP_WIRE, i));
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
      if (!ran) {
        if (load<u8>(row, ROW_FATE) == FATE_LENGTH) add(model, MODEL_LENGTH_ERRORS, 1);
        continue;
      }
      queue = get<u16>(loop, LOOP_QUEUE, i);
    }
    const ring = ring_of(isCard, timeline, queue);
    let ready: f64;
    if (role == DEVICE) ready = load<f64>(row, ROW_READY);
    else {
      ready = decide(timeline, ring, arrival, queue);
      if (ready < 0) {
        if (role == DEVICE_AFTERWARDS) store<f64>(row, -1, ROW_DEPARTURE);
        continue;
      }
    }
    const low = load<u32>(row, ROW_LOW);
    const high = load<u32>(row, ROW_HIGH);
    const verdict: u32 = load<u8>(row, ROW_VERDICT);
    // Of a packet that the device dropped nobody knows the path: to the baseline it counts as a mean one.
    const service = role != BASELINE || ran ? service_of(isCard, model, low, high, verdict) : mean_service(isCard, model);
    const departure = serve(isCard, model, ring, service, low, high, queue, arrival, ready, verdict);
    if (role != BASELINE) store<f64>(row, departure, ROW_DEPARTURE);
    else if (isCard) leave(model, arrival, departure, queue, verdict, port, load<u32>(row, ROW_LENGTH));
    if (noting) note_latency(loop, i - from, departure - arrival);
  }
  received(model, f64(to - from), f64(bits), get<f64>(loop, LOOP_ARRIVAL, from), get<f64>(loop, LOOP_ARRIVAL, to - 1));
}
