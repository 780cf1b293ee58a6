/**
 * The loop of a run, batch by batch: `receive` asks the device which packets it has room for and writes their descriptors,
 * an engine runs them, `complete` tells the models what they cost and counts what became of them. JavaScript is called
 * once a batch, never once a packet.
 */
import { ADMITTED, DROPPED_MAC, DROPPED_RING, MIN_RECEIVE } from "../../../nic/runtime/abi";
import { decide, ready, timeline_offer } from "../../../nic/runtime/assembly/timeline";
import {
  DESC_BYTES, DESC_CPU, DESC_FRAME, DESC_IFINDEX, DESC_METADATA, DESC_TIME, RESULT_BYTES, RESULT_COST, RESULT_FAULT, RESULT_FRAG_LENGTH, RESULT_LENGTH, RESULT_RET, SLOT_FRAGS,
} from "../../../xdp/abi";
import {
  FATE_LENGTH, FATE_MAC, FATE_RAN, FATE_RING, INTERFACE_BYTES, INTERFACE_LOST, INTERFACE_PACKETS, INTERFACE_STOPPED, LOOP_ARRIVAL, LOOP_BASELINE, LOOP_BASELINE_MAX_FRAME, LOOP_BATCH,
  LOOP_COLUMNS, LOOP_COUNT, LOOP_DESCRIPTORS, LOOP_DEVICE, LOOP_EPOCH, LOOP_ERRORS, LOOP_ERROR_BYTES, LOOP_FATES, LOOP_FAULTS, LOOP_FAULT_PACKET, LOOP_FAULT_RESULT, LOOP_FIRST, LOOP_FRAMES,
  LOOP_FROM, LOOP_HASH, LOOP_IFACE, LOOP_INDIRECTION, LOOP_INDIRECTION_MASK, LOOP_INTERFACES, LOOP_LENGTH, LOOP_MAX_FRAME, LOOP_MISSED, LOOP_OFFSET, LOOP_PACKETS, LOOP_PLACES, LOOP_PORT,
  LOOP_QUEUE, LOOP_QUEUES, LOOP_RESULTS, LOOP_ROWS, LOOP_SLOTS, LOOP_STRIDE, LOOP_TO, LOOP_TOTAL_BYTES, LOOP_TX_BYTES, LOOP_WIRE, MODEL_LAST_PORT, MODEL_LENGTH_ERRORS, MODEL_PORTS_SEEN,
  MODEL_TIMELINE, QUEUE_BYTES, QUEUE_DROPS, QUEUE_TALLY_BYTES, QUEUE_VERDICTS,
} from "../abi";
import { note_packet, note_result } from "./columns";
import { add, mean_service, received, serve, service_of, wire_bits } from "./model";

/** LOOP_PLACES of a packet that does not run. */
const NOWHERE: u32 = 0xffffffff;
const VERDICTS: u32 = 5;
const XDP_DROP: u32 = 1;
const XDP_TX: u32 = 3;

/** A value of packet `i` in the window's column. */
// @ts-ignore: decorator
@inline
function get<T>(loop: u32, column: u32, i: u32): T {
  return load<T>(load<u32>(loop + column) + i * sizeof<T>());
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
  const fates = load<u32>(loop, LOOP_FATES) - from;
  const maxFrame = load<u32>(loop, LOOP_MAX_FRAME);
  const end = min(count, from + load<u32>(loop, LOOP_ROWS));
  const full = load<u32>(loop, LOOP_DESCRIPTORS) + load<u32>(loop, LOOP_BATCH) * DESC_BYTES;
  let descriptor = load<u32>(loop, LOOP_DESCRIPTORS);
  const first = first_packet(loop);
  let running: u32 = 0;
  let i = from;
  for (; i < end; i++) {
    if (descriptor == full) break;
    if (get<u32>(loop, LOOP_LENGTH, i) < u32(MIN_RECEIVE) || get<u32>(loop, LOOP_WIRE, i) > maxFrame) {
      store<u8>(fates + i, FATE_LENGTH);
      continue;
    }
    const queue: u32 = get<u16>(loop, LOOP_QUEUE, i);
    const answer = timeline_offer(timeline, get<f64>(loop, LOOP_ARRIVAL, i), queue);
    if (answer == ADMITTED) {
      store<u8>(fates + i, FATE_RAN);
      describe(loop, descriptor, i, queue, first + i);
      descriptor += DESC_BYTES;
      running++;
    } else if (answer == DROPPED_MAC) store<u8>(fates + i, FATE_MAC);
    else if (answer == DROPPED_RING) store<u8>(fates + i, FATE_RING);
    else break;
  }
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

/** Tells the models what the packets of the batch cost, and counts what became of all that were received. */
export function complete(loop: u32): void {
  settle_rows(loop, false);
}

/** The same of packets `from` to `to` - 1 that have run before the device was asked: they count as run, and a drop stays in the device's figures. */
export function complete_executed(loop: u32, from: u32, to: u32): void {
  store<u32>(loop, from, LOOP_FROM);
  store<u32>(loop, to, LOOP_TO);
  settle_rows(loop, true);
}

// @ts-ignore: decorator
@inline
function settle_rows(loop: u32, ahead: bool): void {
  const from = load<u32>(loop, LOOP_FROM);
  const to = load<u32>(loop, LOOP_TO);
  if (from == to) return;
  const device = load<u32>(loop, LOOP_DEVICE);
  const baseline = load<u32>(loop, LOOP_BASELINE);
  const maxFrame = load<u32>(loop, LOOP_MAX_FRAME);
  const fates = load<u32>(loop, LOOP_FATES) - from;
  const noting = load<u32>(loop, LOOP_COLUMNS) != 0;
  const stride = load<u32>(loop, LOOP_STRIDE);
  const results = load<u32>(loop, LOOP_RESULTS);
  const places = load<u32>(loop, LOOP_PLACES);
  let next: u32 = 0;
  let bytes: u64 = 0;
  let bits: u64 = 0;
  for (let i = from; i < to; i++) {
    const wire = get<u32>(loop, LOOP_WIRE, i);
    const arrival = get<f64>(loop, LOOP_ARRIVAL, i);
    const queue: u32 = get<u16>(loop, LOOP_QUEUE, i);
    const port: u32 = get<u8>(loop, LOOP_PORT, i);
    const captured = get<u32>(loop, LOOP_LENGTH, i);
    const byInterface = load<u32>(loop, LOOP_INTERFACES) + u32(get<u16>(loop, LOOP_IFACE, i)) * INTERFACE_BYTES;
    const byQueue = load<u32>(loop, LOOP_QUEUES) + queue * QUEUE_TALLY_BYTES;
    const fate: u32 = ahead ? (captured < u32(MIN_RECEIVE) || wire > maxFrame ? FATE_LENGTH : FATE_RAN) : load<u8>(fates + i);
    bytes += wire;
    bits += wire_bits(wire);
    store<u8>(device + port, 1, MODEL_PORTS_SEEN);
    add(byInterface, INTERFACE_PACKETS, 1);
    if (noting) note_packet(loop, i - from, i, fate);
    let low: u32 = 0;
    let high: u32 = 0;
    let verdict: u32 = XDP_DROP;
    let length = wire;
    if (fate == FATE_RAN) {
      const place = ahead ? load<u32>(places + ((i - from) << 2)) : next++;
      const result = results + place * RESULT_BYTES;
      const ret = load<u32>(result, RESULT_RET);
      verdict = ret < VERDICTS ? ret : 0;
      low = load<u32>(result, RESULT_COST);
      high = load<u32>(result, RESULT_COST + 4);
      length = load<u32>(result, RESULT_LENGTH) + load<u32>(result, RESULT_FRAG_LENGTH);
      let latency: f64 = 0;
      if (!ahead || decide(load<u32>(device, MODEL_TIMELINE), arrival, queue) == ADMITTED) {
        latency = serve(!ahead, device, service_of(device, low, high, verdict), low, high, queue, arrival, ready, verdict, port, length) - arrival;
      }
      add(byQueue + (verdict << 3), QUEUE_VERDICTS, 1);
      add(byQueue, QUEUE_BYTES, f64(wire));
      if (verdict <= XDP_DROP) add(byInterface, INTERFACE_STOPPED, 1);
      else if (verdict == XDP_TX) add(loop, LOOP_TX_BYTES, f64(length));
      if (load<u32>(result, RESULT_FAULT) != 0) note_fault(loop, result, i);
      if (noting) note_result(loop, i - from, result, load<u32>(loop, LOOP_SLOTS) + place * stride + SLOT_FRAGS, verdict, latency);
    } else {
      add(byInterface, INTERFACE_LOST, 1);
      if (fate == FATE_LENGTH) {
        add(loop, LOOP_ERRORS, 1);
        add(loop, LOOP_ERROR_BYTES, f64(wire));
        add(device, MODEL_LENGTH_ERRORS, 1);
      } else if (fate == FATE_MAC) add(loop, LOOP_MISSED, 1);
      else add(byQueue, QUEUE_DROPS, 1);
    }
    if (baseline != 0) beside(loop, baseline, fate == FATE_RAN, arrival, get<u32>(loop, LOOP_HASH, i), port, captured, wire, low, high, verdict, length);
  }
  const packets = f64(to - from);
  add(loop, LOOP_PACKETS, packets);
  add(loop, LOOP_TOTAL_BYTES, f64(bytes));
  const first = get<f64>(loop, LOOP_ARRIVAL, from);
  const last = get<f64>(loop, LOOP_ARRIVAL, to - 1);
  received(device, packets, f64(bits), first, last);
  if (baseline != 0) received(baseline, packets, f64(bits), first, last);
}

/** The baseline has its own rings. Of a packet that the device dropped nobody knows the path: it counts as a mean one. */
// @ts-ignore: decorator
@inline
function beside(loop: u32, model: u32, ran: bool, arrival: f64, hash: u32, port: u32, captured: u32, wire: u32, low: u32, high: u32, verdict: u32, length: u32): void {
  const at = min(port, load<u32>(model, MODEL_LAST_PORT));
  store<u8>(model + at, 1, MODEL_PORTS_SEEN);
  if (captured < u32(MIN_RECEIVE) || wire > load<u32>(loop, LOOP_BASELINE_MAX_FRAME)) {
    add(model, MODEL_LENGTH_ERRORS, 1);
    return;
  }
  const entry = load<u32>(loop, LOOP_INDIRECTION) + ((hash & load<u32>(loop, LOOP_INDIRECTION_MASK)) << 1);
  const queue: u32 = hash == 0 ? 0 : load<u16>(entry);
  if (decide(load<u32>(model, MODEL_TIMELINE), arrival, queue) != ADMITTED) return;
  const service = ran ? service_of(model, low, high, verdict) : mean_service(model);
  serve(false, model, service, low, high, queue, arrival, ready, verdict, at, length);
}

/** The first of the batch is kept for whoever says where it is. */
function note_fault(loop: u32, result: u32, packet: u32): void {
  add(loop, LOOP_FAULTS, 1);
  if (load<u32>(loop, LOOP_FAULT_RESULT) != 0) return;
  store<u32>(loop, result, LOOP_FAULT_RESULT);
  store<u32>(loop, packet, LOOP_FAULT_PACKET);
}
