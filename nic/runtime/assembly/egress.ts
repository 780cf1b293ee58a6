/** Behind a card's cores: reorder, ports' lines, the bus and the host's rings; see nic/timeline/egress.ts. */
import {
  EG_BUS_BUSY, EG_BUS_FREE, EG_BUS_NS, EG_HOSTS, EG_HOST_NS, EG_INTERRUPT_NS, EG_LINE_NS, EG_PORTS, EG_RELEASED, EG_RING_SIZE, EG_SENT, EG_TO_HOST, EG_TO_WIRE,
  EG_TX_DROPS, EG_TX_QUEUE, LANE_BYTES, LANE_DROPS, LANE_FREE, LANE_LEAVES, LANE_PLACE, LANE_TAKEN,
} from "../abi";
import { record } from "./histogram";
import { add, add_pair, after, larger, where_above } from "./numbers";

/** When a packet that departs from the cores then may leave, behind those that came before it. */
// @ts-ignore: decorator
@inline
function release(egress: u32, departure: f64): f64 {
  const released = larger(load<f64>(egress, EG_RELEASED), departure);
  store<f64>(egress, released, EG_RELEASED);
  return released;
}

/** Whether the queue of `lane`, of `room` packets, has room at `time`. */
// @ts-ignore: decorator
@inline
function has_room(lane: u32, leaves: u32, room: u32, time: f64): bool {
  return load<f64>(lane, LANE_TAKEN) < f64(room) || load<f64>(leaves) <= time;
}

// @ts-ignore: decorator
@inline
function push(lane: u32, leaves: u32, room: u32, place: u32, time: f64): void {
  store<f64>(leaves, time);
  store<u32>(lane, after(place, room), LANE_PLACE);
  add(lane, LANE_TAKEN, 1);
}

// @ts-ignore: decorator
@inline
export function consume(egress: u32, departure: f64): void {
  release(egress, departure);
}

export function egress_consume(egress: u32, departure: f64): void {
  release(egress, departure);
}

export function egress_transmit(egress: u32, arrival: f64, departure: f64, port: u32, bits: f64): bool {
  const released = release(egress, departure);
  const lane = load<u32>(egress, EG_PORTS) + port * LANE_BYTES;
  const place = load<u32>(lane, LANE_PLACE);
  const leaves = load<u32>(lane, LANE_LEAVES) + (place << 3);
  const room = load<u32>(egress, EG_TX_QUEUE);
  if (!has_room(lane, leaves, room, released)) {
    add(egress, EG_TX_DROPS, 1);
    return false;
  }
  const start = larger(load<f64>(lane, LANE_FREE), released);
  const time = bits * load<f64>(egress, EG_LINE_NS);
  const done = start + time;
  push(lane, leaves, room, place, start);
  store<f64>(lane, done, LANE_FREE);
  add_pair(egress, EG_SENT, 1, time);
  record(egress + EG_TO_WIRE, done - arrival);
  return true;
}

export function egress_pass(egress: u32, arrival: f64, departure: f64, queue: u32, bytes: f64): bool {
  const released = release(egress, departure);
  const lane = load<u32>(egress, EG_HOSTS) + queue * LANE_BYTES;
  const place = load<u32>(lane, LANE_PLACE);
  const leaves = load<u32>(lane, LANE_LEAVES) + (place << 3);
  const room = load<u32>(egress, EG_RING_SIZE);
  if (!has_room(lane, leaves, room, released)) {
    add(lane, LANE_DROPS, 1);
    return false;
  }
  const begin = larger(load<f64>(egress, EG_BUS_FREE), released);
  const time = bytes * load<f64>(egress, EG_BUS_NS);
  const there = begin + time;
  store<f64>(egress, there, EG_BUS_FREE);
  const hostNs = load<f64>(egress, EG_HOST_NS);
  const interruptNs = load<f64>(egress, EG_INTERRUPT_NS);
  const free = load<f64>(lane, LANE_FREE);
  // An idle processor is interrupted when the moderation's time is over; a busy one polls on.
  const start = larger(free, there + where_above(there - free, interruptNs, hostNs > 0 ? interruptNs : 0));
  const done = start + hostNs;
  store<f64>(lane, done, LANE_FREE);
  add_pair(egress, EG_BUS_BUSY, time, hostNs);
  push(lane, leaves, room, place, done);
  record(egress + EG_TO_HOST, done - arrival);
  return true;
}
