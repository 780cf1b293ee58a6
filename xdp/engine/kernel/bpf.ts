/** bpf(2) itself, and how its arguments get into memory that the kernel can read. */
import type { NativeMemory } from "./libc.js";
import { libc } from "./libc.js";
import * as uapi from "./uapi.js";

/** Memory that calls share: the attr in front, arguments behind it. Calls do not nest, and threads have modules of their own. */
let scratch: NativeMemory | undefined;

function scratchMemory(bytes: number): NativeMemory {
  if (scratch === undefined || scratch.bytes.length < bytes) {
    scratch?.free();
    scratch = libc().allocate(Math.max(65536, 2 ** Math.ceil(Math.log2(bytes))));
  }
  return scratch;
}

/** Lays the arguments of one call out: the attr (`union bpf_attr`), and behind it what it points to. */
export class Arguments {
  readonly memory: NativeMemory;
  private next = uapi.ATTR_BYTES;

  /** `bytes`: all that will be taken, each part counted in multiples of 8. */
  constructor(bytes: number) {
    this.memory = scratchMemory(uapi.ATTR_BYTES + bytes);
    this.memory.bytes.fill(0, 0, uapi.ATTR_BYTES);
  }

  u32(at: number, value: number): void {
    this.memory.view.setUint32(at, value, true);
  }

  u64(at: number, value: number): void {
    this.memory.view.setUint32(at, value >>> 0, true);
    this.memory.view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
  }

  /** Takes `bytes` of memory, writes its address into the attr, and gives its place in the memory. */
  reserve(at: number, bytes: number): number {
    const place = this.next;
    this.next += align8(bytes);
    this.u64(at, this.memory.address + place);
    return place;
  }

  /** Nothing is a NULL pointer: maps without keys want none. */
  put(at: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const place = this.reserve(at, bytes.length);
    this.memory.bytes.set(bytes, place);
  }

  name(at: number, name: string): void {
    this.memory.bytes.set(new TextEncoder().encode(kernelName(name)), at);
  }

  call(command: number, size: number): number {
    return bpf(command, this.memory.address, size);
  }
}

/** Bytes that an argument of this size takes. */
export function align8(bytes: number): number {
  return (bytes + 7) & ~7;
}

/** The most of a name that the kernel takes: 15 letters, digits, `_` and `.`. */
function kernelName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_.]/g, "_").slice(0, uapi.NAME_BYTES);
}

/** The raw call: its result, or the negative error number. */
export function bpf(command: number, attrAddress: number, size: number): number {
  const { numbers, syscall, errno } = libc();
  const result = syscall(numbers.bpf, command, attrAddress, size);
  return result < 0 ? -errno() : result;
}

/** Closes a file descriptor. */
export function close(fd: number): void {
  const { numbers, syscall } = libc();
  syscall(numbers.close, fd);
}
