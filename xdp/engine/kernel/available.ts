/** Whether this process can use bpf(2) for XDP. */
import { close } from "./bpf.js";
import { KernelError, KernelUnavailableError } from "./errors.js";
import { progLoad } from "./prog-calls.js";
import { BPF_XDP } from "./uapi.js";

export interface KernelAvailability {
  readonly available: boolean;
  /** Why not, in one line; empty where it is available. */
  readonly reason: string;
}

let known: KernelAvailability | undefined;

/** Tries to load the smallest XDP program, once in this thread. */
export function kernelAvailable(): KernelAvailability {
  known ??= probe();
  return known;
}

/** Throws {@link KernelUnavailableError} where {@link kernelAvailable} says no. */
export function requireKernel(): void {
  const { available, reason } = kernelAvailable();
  if (!available) throw new KernelUnavailableError(reason);
}

/** r0 = XDP_PASS; exit */
const PASS = Uint8Array.of(0xb7, 0, 0, 0, 2, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);

/** Loads a program that passes everything; returns its descriptor. */
export function loadPass(): number {
  return progLoad({ name: "pass", insns: PASS, license: "Apache-2.0", flags: 0, expectedAttachType: BPF_XDP, logLevel: 0 }).fd;
}

function probe(): KernelAvailability {
  try {
    close(loadPass());
    return { available: true, reason: "" };
  } catch (error) {
    if (error instanceof KernelUnavailableError) return { available: false, reason: error.reason };
    if (error instanceof KernelError && error.code === "EPERM") {
      return { available: false, reason: "bpf() is not permitted to this process: run as root, or with CAP_BPF and CAP_NET_ADMIN" };
    }
    return { available: false, reason: `this kernel does not load an XDP program (${error instanceof Error ? error.message : String(error)})` };
  }
}
