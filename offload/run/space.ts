/** Where models live: with a run's loop in the machine's memory, or each in a memory of its own. */
import { OwnSpace } from "../../nic/index.js";
import type { DeviceExports, DeviceSpace } from "../../nic/index.js";
import { loadWasm } from "../../traffic/index.js";
import type { Layout } from "../../xdp/index.js";

/** The functions of offload/runtime/assembly; `loop` and `model` are addresses. */
export interface LoopExports extends DeviceExports {
  readonly receive: (loop: number, from: number, count: number) => number;
  readonly take: (loop: number, from: number) => number;
  readonly gather: (loop: number) => void;
  readonly serve_device: (loop: number) => void;
  readonly serve_device_afterwards: (loop: number) => void;
  readonly serve_behind: (loop: number) => void;
  readonly serve_baseline: (loop: number) => void;
  readonly model_receive: (model: number, arrival: number, port: number, wire: number) => void;
  readonly model_service: (model: number, low: number, high: number, verdict: number) => number;
  readonly model_complete: (model: number, service: number, low: number, high: number, queue: number, arrival: number, verdict: number, port: number, length: number) => number;
}

export interface ModelSpace extends DeviceSpace {
  readonly exports: LoopExports;
}

let compiled: WebAssembly.Module | undefined;

/** The compiled loop, once a thread. */
export function loopModule(): WebAssembly.Module {
  return (compiled ??= loadWasm("offload/runtime/loop.wasm"));
}

/** A memory of its own. */
export function ownSpace(): ModelSpace {
  return new OwnSpace<LoopExports>(loopModule());
}

/** The functions on a machine's memory; every thread needs an instance of its own. */
export function loopOn(memory: WebAssembly.Memory): LoopExports {
  return new WebAssembly.Instance(loopModule(), { env: { memory } }).exports as unknown as LoopExports;
}

/** The machine's memory. */
export function machineSpace(layout: Layout): ModelSpace {
  return {
    get buffer() {
      return layout.buffer;
    },
    exports: loopOn(layout.memory),
    allocate: (bytes, align, what) => layout.allocate(bytes, align, what),
  };
}
