/** What packets cost on a device, and what its timeline makes of it; see offload/run/model.ts. */
import { MIN_FRAME, PCIE_MPS, PCIE_WRITE_HEADER, RING_BYTES, RING_CORE, TL_RINGS, WIRE_OVERHEAD } from "../../../nic/runtime/abi";
import { egress_consume, egress_pass, egress_transmit } from "../../../nic/runtime/assembly/egress";
import { settle, timeline_complete } from "../../../nic/runtime/assembly/timeline";
import {
  MODEL_ALONE_SUM, MODEL_BUSY, MODEL_BUS_BYTES, MODEL_CLOCK_FACTOR, MODEL_CYCLE_BITS, MODEL_CYCLE_MASK, MODEL_DECIDED_NS, MODEL_DRIVER_NS, MODEL_EGRESS, MODEL_ESTIMATED, MODEL_EXECUTED,
  MODEL_FIRMWARE_CYCLES, MODEL_FIRST_ARRIVAL, MODEL_IS_CARD, MODEL_LAST_ARRIVAL, MODEL_LONGEST, MODEL_MEAN_CYCLES, MODEL_MEAN_UNITS, MODEL_MEMORY_CYCLES, MODEL_MEMORY_SPREAD,
  MODEL_NS_PER_CYCLE, MODEL_PASSED, MODEL_PCIE_OVERHEAD, MODEL_PORTS_SEEN, MODEL_PROGRAM_SCALE, MODEL_READ_WAIT_NS, MODEL_RECEIVED, MODEL_SENT, MODEL_SERVICE_MAX, MODEL_SERVICE_SUM,
  MODEL_TIMELINE, MODEL_UNIT, MODEL_WIRE_BITS,
} from "../abi";

const XDP_DROP: u32 = 1;
const XDP_PASS: u32 = 2;
const XDP_TX: u32 = 3;
const XDP_REDIRECT: u32 = 4;
/** x86 time in the high cost counter is in units of 1/16 ns. */
const X86_UNIT: f64 = 0.0625;

// @ts-ignore: decorator
@inline
export function add(address: u32, offset: u32, value: f64): void {
  store<f64>(address + offset, load<f64>(address + offset) + value);
}

/** Bits on the wire of a frame of `length` bytes without its check sequence. */
// @ts-ignore: decorator
@inline
export function wire_bits(length: u32): u32 {
  return (max(length, MIN_FRAME) + WIRE_OVERHEAD) * 8;
}

/** Service time, ns, of a packet with these counters and this verdict. */
// @ts-ignore: decorator
@inline
export function service_of(model: u32, low: u32, high: u32, verdict: u32): f64 {
  if (load<u32>(model, MODEL_IS_CARD)) {
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
export function mean_service(model: u32): f64 {
  const executed = load<f64>(model, MODEL_EXECUTED);
  return executed == 0 ? service_of(model, 0, 0, XDP_DROP) : load<f64>(model, MODEL_SERVICE_SUM) / executed;
}

/**
 * Tells the timeline what a packet cost; returns its departure from the cores. `waiting`: it is the longest admitted one that
 * waits in the timeline; otherwise it was just decided, and the MAC was done with it at `begin`. `length`: after the program.
 */
// @ts-ignore: decorator
@inline
export function serve(waiting: bool, model: u32, service: f64, low: u32, high: u32, queue: u32, arrival: f64, begin: f64, verdict: u32, port: u32, length: u32): f64 {
  const timeline = load<u32>(model, MODEL_TIMELINE);
  add(model, MODEL_EXECUTED, 1);
  add(model, MODEL_SERVICE_SUM, service);
  if (service > load<f64>(model, MODEL_SERVICE_MAX)) store<f64>(model, service, MODEL_SERVICE_MAX);
  if (!load<u32>(model, MODEL_IS_CARD)) {
    const ring = load<u32>(timeline, TL_RINGS) + queue * RING_BYTES;
    add(load<u32>(model, MODEL_BUSY) + (load<u32>(ring, RING_CORE) << 3), 0, service);
    if (verdict == XDP_TX || verdict == XDP_REDIRECT) add(model, MODEL_SENT, 1);
    return waiting ? timeline_complete(timeline, service, 0, service) : settle(timeline, queue, arrival, begin, service, 0, service);
  }
  const counted = f64(high) <= load<f64>(model, MODEL_LONGEST);
  const units = counted ? f64(low >>> load<u32>(model, MODEL_CYCLE_BITS)) : f64(high) * load<f64>(model, MODEL_MEAN_UNITS);
  const memory = units * load<f64>(model, MODEL_UNIT);
  const engine = memory == 0 ? 0 : memory / load<f64>(model, MODEL_MEMORY_SPREAD);
  add(model, MODEL_MEMORY_CYCLES, engine);
  const alone = service + memory * load<f64>(model, MODEL_READ_WAIT_NS);
  add(model, MODEL_ALONE_SUM, alone);
  const shared = engine * load<f64>(model, MODEL_NS_PER_CYCLE);
  const departure = waiting ? timeline_complete(timeline, service, shared, alone) : settle(timeline, queue, arrival, begin, service, shared, alone);
  leave(model, arrival, departure, verdict, queue, port, length);
  return departure;
}

// @ts-ignore: decorator
@inline
function leave(model: u32, arrival: f64, departure: f64, verdict: u32, queue: u32, port: u32, length: u32): void {
  const egress = load<u32>(model, MODEL_EGRESS);
  if (verdict == XDP_PASS) {
    const bytes = f64(((length + PCIE_MPS - 1) / PCIE_MPS) * PCIE_WRITE_HEADER + length) + load<f64>(model, MODEL_PCIE_OVERHEAD);
    add(model, MODEL_BUS_BYTES, bytes);
    add(model, MODEL_PASSED, 1);
    egress_pass(egress, arrival, departure, queue, bytes);
  } else if (verdict == XDP_TX || verdict == XDP_REDIRECT) egress_transmit(egress, arrival, departure, port, f64(wire_bits(length)));
  else egress_consume(egress, departure);
}

/** Packets at a port, in arrival order: so many, their bits on the wire, the first and the last arrival. */
// @ts-ignore: decorator
@inline
export function received(model: u32, packets: f64, bits: f64, first: f64, last: f64): void {
  if (isNaN(load<f64>(model, MODEL_FIRST_ARRIVAL))) store<f64>(model, first, MODEL_FIRST_ARRIVAL);
  store<f64>(model, last, MODEL_LAST_ARRIVAL);
  add(model, MODEL_RECEIVED, packets);
  add(model, MODEL_WIRE_BITS, bits);
}

export function model_receive(model: u32, arrival: f64, port: u32, wire: u32): void {
  received(model, 1, f64(wire_bits(wire)), arrival, arrival);
  store<u8>(model + port, 1, MODEL_PORTS_SEEN);
}

export function model_service(model: u32, low: u32, high: u32, verdict: u32): f64 {
  return service_of(model, low, high, verdict);
}

export function model_complete(model: u32, service: f64, low: u32, high: u32, queue: u32, arrival: f64, verdict: u32, port: u32, length: u32): f64 {
  return serve(true, model, service, low, high, queue, arrival, 0, verdict, port, length);
}
