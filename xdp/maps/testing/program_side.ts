/** Maps in a memory of their own, and the calls that programs make on them. */
import { MACHINE, MACHINE_CPUS, MACHINE_SHARED } from "../../abi.js";
import { Layout } from "../../engine/layout.js";
import type { BtfSpec, MapSpec } from "../../object/spec.js";
import { instantiateRuntime } from "../../runtime/runtime.js";
import { createMaps } from "../create.js";
import type { MapHandle } from "../handle.js";
import { MapError } from "../error.js";

/** What the tests call of the runtime's exports; `flags` is a BigInt, as wasm has it. */
export interface ProgramCalls {
  map_lookup(header: number, key: number, cpu: number): number;
  map_update(header: number, key: number, value: number, flags: bigint, cpu: number): number;
  map_delete(header: number, key: number): number;
  map_value_ok(header: number, address: number, size: number): number;
  map_redirect_target(header: number, key: number, out: number): number;
  prog_array_get(header: number, index: number): number;
}

export interface TestMachine {
  readonly layout: Layout;
  readonly handles: readonly MapHandle[];
  readonly calls: ProgramCalls;
  /** Program side of map 0. */
  readonly program: ProgramSide;
}

export interface TestOptions {
  readonly cpus?: number;
  readonly shared?: boolean;
  readonly seed?: bigint;
  readonly programIndex?: (name: string) => number | undefined;
  readonly btf?: BtfSpec;
}

export function openMaps(specs: readonly MapSpec[], options: TestOptions = {}): TestMachine {
  const { cpus = 1, shared = false, seed = 1n, btf } = options;
  const layout = new Layout();
  const machine = new DataView(layout.buffer);
  machine.setUint32(MACHINE + MACHINE_CPUS, cpus, true);
  machine.setUint32(MACHINE + MACHINE_SHARED, shared ? 1 : 0, true);
  const handles = createMaps(layout, specs, { cpus, seed, ...(options.programIndex === undefined ? {} : { programIndex: options.programIndex }), ...(btf === undefined ? {} : { btf }) });
  const calls = instantiateRuntime(layout.memory).exports as unknown as ProgramCalls;
  return { layout, handles, calls, program: new ProgramSide(layout, handles[0] as MapHandle, calls) };
}

/** A map as a program on some CPU has it. Keys lie at an odd address with bytes around them that are not theirs. */
export class ProgramSide {
  readonly layout: Layout;
  readonly handle: MapHandle;
  readonly calls: ProgramCalls;
  private readonly key: number;
  private readonly value: number;

  constructor(layout: Layout, handle: MapHandle, calls: ProgramCalls) {
    this.layout = layout;
    this.handle = handle;
    this.calls = calls;
    this.key = layout.allocate(handle.spec.keySize + 16, 16, "test") + 3;
    this.value = layout.allocate(handle.spec.valueSize + 16, 16, "test") + 5;
    this.bytes.fill(0xee, this.key - 3, this.key + handle.spec.keySize + 8);
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.layout.buffer);
  }

  /** Address of the value, 0 where there is none. */
  lookup(key: Uint8Array, cpu = 0): number {
    this.bytes.set(key, this.key);
    return this.calls.map_lookup(this.handle.header, this.key, cpu) >>> 0;
  }

  /** The bytes that the program sees at {@link lookup}. */
  read(key: Uint8Array, cpu = 0): Uint8Array | undefined {
    const address = this.lookup(key, cpu);
    return address === 0 ? undefined : this.at(address);
  }

  at(address: number): Uint8Array {
    return this.bytes.slice(address, address + this.handle.spec.valueSize);
  }

  update(key: Uint8Array, value: Uint8Array, flags = 0n, cpu = 0): number {
    this.bytes.set(key, this.key);
    this.bytes.set(value, this.value);
    return this.calls.map_update(this.handle.header, this.key, this.value, flags, cpu);
  }

  delete(key: Uint8Array): number {
    this.bytes.set(key, this.key);
    return this.calls.map_delete(this.handle.header, this.key);
  }
}

const NAMES: Readonly<Record<number, string>> = { 1: "HASH", 2: "ARRAY", 3: "PROG_ARRAY", 5: "PERCPU_HASH", 6: "PERCPU_ARRAY", 9: "LRU_HASH", 10: "LRU_PERCPU_HASH", 11: "LPM_TRIE", 14: "DEVMAP", 16: "CPUMAP", 17: "XSKMAP", 25: "DEVMAP_HASH", 4: "PERF_EVENT_ARRAY", 12: "ARRAY_OF_MAPS", 13: "HASH_OF_MAPS", 22: "QUEUE", 23: "STACK", 27: "RINGBUF", 30: "BLOOM_FILTER" };

export function mapSpec(typeId: number, keySize: number, valueSize: number, maxEntries: number, more: Partial<MapSpec> = {}): MapSpec {
  return { name: "m", type: `BPF_MAP_TYPE_${NAMES[typeId] ?? typeId}`, typeId, keySize, valueSize, maxEntries, flags: typeId === 11 ? 1 : 0, keyTypeId: 0, valueTypeId: 0, ...more };
}

/** A number as `size` little-endian bytes. */
export function le(value: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let rest = value;
  for (let i = 0; i < size && rest > 0; i++, rest = Math.floor(rest / 256)) bytes[i] = rest % 256;
  return bytes;
}

/** errno of a control-plane call: 0 where it passes. */
export function errnoOf(call: () => unknown): number | undefined {
  try {
    call();
    return 0;
  } catch (error) {
    if (error instanceof MapError) return error.errno;
    throw error;
  }
}
