/** What packets cost on a device, and what its timeline makes of it; see offload/run/model.ts. */
import { HIST_COUNT, MIN_FRAME, PCIE_MPS, PCIE_WRITE_HEADER, RING_CORE, TL_BUSY, TL_WAIT, WIRE_OVERHEAD } from "../../../nic/runtime/abi";
import { consume, egress_pass, egress_transmit } from "../../../nic/runtime/assembly/egress";
import { add, add_pair } from "../../../nic/runtime/assembly/numbers";
import { ring_of, settle, timeline_complete } from "../../../nic/runtime/assembly/timeline";
import {
  MODEL_ALONE_SUM, MODEL_BUSY, MODEL_BUS_BYTES, MODEL_CLOCK_FACTOR, MODEL_CYCLE_BITS, MODEL_CYCLE_MASK, MODEL_DECIDED_NS, MODEL_DRIVER_NS, MODEL_EGRESS, MODEL_ESTIMATED,
  MODEL_FIRMWARE_CYCLES, MODEL_FIRST_ARRIVAL, MODEL_IS_CARD, MODEL_LAST_ARRIVAL, MODEL_LONGEST, MODEL_MEAN_CYCLES, MODEL_MEAN_UNITS, MODEL_MEMORY_SPREAD, MODEL_NS_PER_CYCLE,
  MODEL_PCIE_OVERHEAD, MODEL_PORTS_SEEN, MODEL_PROGRAM_SCALE, MODEL_READ_WAIT_NS, MODEL_RECEIVED, MODEL_SENT, MODEL_SERVICE_MAX, MODEL_TIMELINE, MODEL_UNIT, MODEL_WIRE_BITS,
} from "../abi";

const XDP_DROP: u32 = 1;
const XDP_PASS: u32 = 2;
const XDP_TX: u32 = 3;
const XDP_REDIRECT: u32 = 4;
/** x86 time in the high cost counter is in units of 1/16 ns. */
const X86_UNIT: f64 = 0.0625;

/** Bits on the wire of a frame of `length` bytes without its check sequence. */
// @ts-ignore: decorator
@inline
export function wire_bits(length: u32): u32 {
  return (max(length, u32(MIN_FRAME)) + WIRE_OVERHEAD) * 8;
}

/** Service time, ns, of a packet with these counters and this verdict. */
// @ts-ignore: decorator
@inline
export function service_of(isCard: bool, model: u32, low: u32, high: u32, verdict: u32): f64 {
  if (isCard) {
    let cycles = f64(low & load<u32>(model, MODEL_CYCLE_MASK));
    if (f64(high) > load<f64>(model, MODEL_LONGEST)) {
      add(model, MODEL_ESTIMATED, 1);
      cycles = f64(high) * load<f64>(model, MODEL_MEAN_CYCLES);
    }
    return (load<f64>(model, MODEL_FIRMWARE_CYCLES) + cycles) * load<f64>(model, MODEL_NS_PER_CYCLE);
  }
  const program = f64(high) * X86_UNIT * load<f64>(model, MODEL_PROGRAM_SCALE);
  return (load<f64>(model, MODEL_DRIVER_NS) + program + load<f64>(model + (verdict << 3), MODEL_DECIDED_NS)) * load<f64>(model, MODEL_CLOCK_FACTOR);
}

/** Mean service so far; what a packet is taken to cost of which nothing else is known. */
// @ts-ignore: decorator
@inline
export function mean_service(isCard: bool, model: u32): f64 {
  const timeline = load<u32>(model, MODEL_TIMELINE);
  const executed = load<f64>(timeline, TL_WAIT + HIST_COUNT);
  return executed == 0 ? service_of(isCard, model, 0, 0, XDP_DROP) : load<f64>(timeline, TL_BUSY) / executed;
}

/** What a packet asks of the memory engine, cycles for one and the same word. */
// @ts-ignore: decorator
@inline
function memory_of(model: u32, low: u32, high: u32): f64 {
  const units = f64(high) <= load<f64>(model, MODEL_LONGEST) ? f64(low >>> load<u32>(model, MODEL_CYCLE_BITS)) : f64(high) * load<f64>(model, MODEL_MEAN_UNITS);
  return units * load<f64>(model, MODEL_UNIT);
}

/**
 * Tells the timeline what a packet cost; returns its departure from the cores. `ring` holds it, and the MAC was done with it
 * at `ready`; ring 0: it is the longest admitted one that waits in the timeline.
 */
// @ts-ignore: decorator
@inline
export function serve(isCard: bool, model: u32, ring: u32, service: f64, low: u32, high: u32, queue: u32, arrival: f64, ready: f64, verdict: u32): f64 {
  const timeline = load<u32>(model, MODEL_TIMELINE);
  if (service > load<f64>(model, MODEL_SERVICE_MAX)) store<f64>(model, service, MODEL_SERVICE_MAX);
  if (!isCard) {
    const core = load<u32>(ring_of(false, timeline, queue), RING_CORE);
    add(load<u32>(model, MODEL_BUSY) + (core << 3), 0, service);
    if (verdict >= XDP_TX) add(model, MODEL_SENT, 1);
    return ring == 0 ? timeline_complete(timeline, service, 0, service) : settle(false, timeline, ring, arrival, ready, service, 0, service);
  }
  const memory = memory_of(model, low, high);
  const spread = load<f64>(model, MODEL_MEMORY_SPREAD);
  const engine = spread == 1 ? memory : memory / spread;
  const alone = service + memory * load<f64>(model, MODEL_READ_WAIT_NS);
  add_pair(model, MODEL_ALONE_SUM, alone, engine);
  const shared = engine * load<f64>(model, MODEL_NS_PER_CYCLE);
  return ring == 0 ? timeline_complete(timeline, service, shared, alone) : settle(true, timeline, ring, arrival, ready, service, shared, alone);
}

/** What is behind a card's cores takes a packet that has left them. `length`: after the program. */
// @ts-ignore: decorator
@inline
export function leave(model: u32, arrival: f64, departure: f64, queue: u32, verdict: u32, port: u32, length: u32): void {
  const egress = load<u32>(model, MODEL_EGRESS);
  if (verdict == XDP_PASS) {
    const bytes = f64(((length + PCIE_MPS - 1) / PCIE_MPS) * PCIE_WRITE_HEADER + length) + load<f64>(model, MODEL_PCIE_OVERHEAD);
    add_pair(model, MODEL_BUS_BYTES, bytes, 1);
    egress_pass(egress, arrival, departure, queue, bytes);
  } else if (verdict >= XDP_TX) egress_transmit(egress, arrival, departure, port, f64(wire_bits(length)));
  else consume(egress, departure);
}

/** Packets at a port, in arrival order: so many, their bits on the wire, the first and the last arrival. */
// @ts-ignore: decorator
@inline
export function received(model: u32, packets: f64, bits: f64, first: f64, last: f64): void {
  if (isNaN(load<f64>(model, MODEL_FIRST_ARRIVAL))) store<f64>(model, first, MODEL_FIRST_ARRIVAL);
  store<f64>(model, last, MODEL_LAST_ARRIVAL);
  add_pair(model, MODEL_RECEIVED, packets, bits);
}

export function model_receive(model: u32, arrival: f64, port: u32, wire: u32): void {
  received(model, 1, f64(wire_bits(wire)), arrival, arrival);
  store<u8>(model + port, 1, MODEL_PORTS_SEEN);
}

export function model_service(model: u32, low: u32, high: u32, verdict: u32): f64 {
  return load<u32>(model, MODEL_IS_CARD) ? service_of(true, model, low, high, verdict) : service_of(false, model, low, high, verdict);
}

export function model_complete(model: u32, service: f64, low: u32, high: u32, queue: u32, arrival: f64, verdict: u32, port: u32, length: u32): f64 {
  if (!load<u32>(model, MODEL_IS_CARD)) return serve(false, model, 0, service, low, high, queue, arrival, 0, verdict);
  const departure = serve(true, model, 0, service, low, high, queue, arrival, 0, verdict);
  leave(model, arrival, departure, queue, verdict, port, length);
  return departure;
}
