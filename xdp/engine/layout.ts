import { MACHINE, MACHINE_BYTES, WASM_PAGE } from "../abi.js";

/** The most that one machine's memory may hold: 4 GiB less one page. */
const MAX_PAGES = 65535;

/** Thrown where maps, windows and workers together need more than the 4 GiB that a 32-bit memory has. */
export class MemoryError extends Error {
  readonly needed: number;
  readonly what: string;
  constructor(what: string, needed: number) {
    super(`${what} needs ${(needed / 2 ** 20).toFixed(0)} MiB, and a machine has 4095 MiB in all: use smaller max_entries`);
    this.name = "MemoryError";
    this.what = what;
    this.needed = needed;
  }
}

/**
 * Hands out a machine's shared memory, front to back; nothing is given back. Fresh memory is zero.
 * The memory is reserved, not used: pages that nobody touches cost nothing.
 */
export class Layout {
  readonly memory: WebAssembly.Memory;
  private next = MACHINE + MACHINE_BYTES;

  constructor() {
    this.memory = new WebAssembly.Memory({ initial: 16, maximum: MAX_PAGES, shared: true });
  }

  /** Views over all memory allocated so far; take them anew after an {@link allocate}. */
  get buffer(): SharedArrayBuffer {
    return this.memory.buffer as unknown as SharedArrayBuffer;
  }

  /** Bytes that are left. */
  get room(): number {
    return MAX_PAGES * WASM_PAGE - this.next;
  }

  /** Reserves `bytes` at a multiple of `align` (a power of 2) and returns the address. Throws {@link MemoryError}. */
  allocate(bytes: number, align: number, what: string): number {
    const address = Math.ceil(this.next / align) * align;
    const end = address + bytes;
    if (end > MAX_PAGES * WASM_PAGE) throw new MemoryError(what, bytes);
    const missing = Math.ceil(end / WASM_PAGE) - this.memory.buffer.byteLength / WASM_PAGE;
    if (missing > 0) this.memory.grow(missing);
    this.next = end;
    return address;
  }
}
