/**
 * syscall(2) through koffi, which is loaded when first asked for: without it, or on a system that is not Linux,
 * everything else of Beeline works and this room says why it does not. Nothing here knows BPF.
 */
import { createRequire } from "node:module";
import { arch, platform } from "node:process";
import type * as Koffi from "koffi";
import { KernelUnavailableError } from "./errors.js";

/** Memory outside the JavaScript heap, whose address the kernel can be told. */
export interface NativeMemory {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Gives the memory back; its views must not be used any more. */
  free(): void;
}

/** Numbers of the system calls that this room makes. */
interface SyscallNumbers {
  readonly bpf: number;
  readonly close: number;
  readonly schedSetaffinity: number;
  readonly schedGetaffinity: number;
  readonly unshare: number;
  readonly setns: number;
}

/** asm/unistd_64.h and asm-generic/unistd.h. */
const NUMBERS: Readonly<Record<string, SyscallNumbers>> = {
  x64: { bpf: 321, close: 3, schedSetaffinity: 203, schedGetaffinity: 204, unshare: 272, setns: 308 },
  arm64: { bpf: 280, close: 57, schedSetaffinity: 122, schedGetaffinity: 123, unshare: 97, setns: 268 },
};
const GENERIC = ["riscv64", "loong64"];

export interface Libc {
  readonly numbers: SyscallNumbers;
  /** The system call's result; where it is -1, {@link errno} says why. Arguments are numbers up to 2^53 (addresses have 47 bits). */
  syscall(number: number, a: number, b?: number, c?: number, d?: number, e?: number, f?: number): number;
  errno(): number;
  /** Zeroed memory. */
  allocate(bytes: number): NativeMemory;
}

let loaded: Libc | KernelUnavailableError | undefined;

/** The C library. Throws {@link KernelUnavailableError} where there is none that can be called. */
export function libc(): Libc {
  loaded ??= load();
  if (loaded instanceof KernelUnavailableError) throw loaded;
  return loaded;
}

function load(): Libc | KernelUnavailableError {
  if (platform !== "linux") return new KernelUnavailableError(`it needs Linux, and this is ${platform}`);
  const numbers = NUMBERS[GENERIC.includes(arch) ? "arm64" : arch];
  if (numbers === undefined) return new KernelUnavailableError(`no system call numbers are known for ${arch}`);
  let koffi: typeof Koffi;
  try {
    koffi = createRequire(import.meta.url)("koffi") as typeof Koffi;
  } catch (error) {
    return new KernelUnavailableError("the optional package koffi is not installed or does not load here: npm install koffi", error);
  }
  // null: the running program itself, which has a C library, whichever it is.
  const call = koffi.load(null).func("syscall", "int64", ["int64", "uint64", "uint64", "uint64", "uint64", "uint64", "uint64"]);
  return {
    numbers,
    syscall: (number, a, b = 0, c = 0, d = 0, e = 0, f = 0) => Number(call(number, a, b, c, d, e, f)),
    errno: () => koffi.errno(),
    allocate(bytes) {
      const pointer: unknown = koffi.alloc("uint8_t", bytes);
      const buffer = koffi.view(pointer, bytes);
      const memory = new Uint8Array(buffer);
      memory.fill(0);
      return { address: Number(koffi.address(pointer)), bytes: memory, view: new DataView(buffer), free: () => koffi.free(pointer) };
    },
  };
}
