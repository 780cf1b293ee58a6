/** Loads the device model's wasm (written in AssemblyScript in `assembly/`) on a memory. */
import { loadWasm } from "../../traffic/index.js";

/** The model's functions; what they promise stands at the classes of nic/timeline that call them. */
export interface DeviceExports {
  readonly timeline_decidable: (timeline: number, queue: number) => number;
  readonly timeline_offer: (timeline: number, arrival: number, queue: number) => number;
  readonly timeline_complete: (timeline: number, service: number, shared: number, alone: number) => number;
  readonly egress_consume: (egress: number, departure: number) => void;
  readonly egress_transmit: (egress: number, arrival: number, departure: number, port: number, bits: number) => number;
  readonly egress_pass: (egress: number, arrival: number, departure: number, queue: number, bytes: number) => number;
  readonly histogram_record: (histogram: number, value: number) => void;
  readonly series_record: (series: number, time: number, value: number) => void;
}

/** Memory that a device model lies in, and the code that works on it. */
export interface DeviceSpace {
  /** Views over all that was allocated so far; take them anew after an {@link allocate}. */
  readonly buffer: SharedArrayBuffer;
  readonly exports: DeviceExports;
  /** Reserves `bytes` zeroed bytes at a multiple of `align` (a power of 2) and returns the address. */
  allocate(bytes: number, align: number, what: string): number;
}

let compiled: WebAssembly.Module | undefined;

const PAGE = 65536;
const MAX_PAGES = 65535;
/** Address 0 stands for nothing. */
const FIRST = 64;

/** A memory of its own for one device model, which goes with it. */
export class OwnSpace<Exports extends DeviceExports = DeviceExports> implements DeviceSpace {
  readonly exports: Exports;
  private readonly memory: WebAssembly.Memory;
  private next = FIRST;

  /** `module`: another one that has the model's functions too. */
  constructor(module: WebAssembly.Module = (compiled ??= loadWasm("nic/runtime/device.wasm"))) {
    this.memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES, shared: true });
    this.exports = new WebAssembly.Instance(module, { env: { memory: this.memory } }).exports as unknown as Exports;
  }

  get buffer(): SharedArrayBuffer {
    return this.memory.buffer as unknown as SharedArrayBuffer;
  }

  allocate(bytes: number, align: number, what: string): number {
    const address = Math.ceil(this.next / align) * align;
    this.next = address + bytes;
    const missing = Math.ceil(this.next / PAGE) - this.memory.buffer.byteLength / PAGE;
    if (this.next > MAX_PAGES * PAGE) throw new RangeError(`${what}: a device model has at most ${(MAX_PAGES * PAGE) / 2 ** 20} MiB: use smaller rings or fewer queues`);
    if (missing > 0) this.memory.grow(missing);
    return address;
  }
}
