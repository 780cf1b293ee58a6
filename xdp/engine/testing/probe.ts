/** Probe programs: one program makes many calls, each with other arguments, and writes down what each gave. */
import { hex } from "./case.js";
import type { CaseMap, CasePacket, EngineCase } from "./case.js";

/** One call. r6 is the context, r9 the results; r7 and r8 are free. The stack is zero down to r10 - 256. */
export interface Probe {
  /** Sets up the arguments and calls; what is to be written down is in r0 (low 32 bits). */
  readonly asm: string;
  /** Its low 32 bits, signed or unsigned. */
  readonly gives: number;
}

export interface ProbeOptions extends Partial<Pick<EngineCase, "frags" | "cpus" | "network" | "kernel">> {
  readonly maps?: readonly CaseMap[];
  /** Default: one default packet. */
  readonly packet?: CasePacket;
  /** Behind the program: functions that it calls. */
  readonly functions?: string;
}

/** Calls that fit one program, with its stack. */
const RESULT_BYTES = 4;

/** A case whose program makes all these calls in order. The results lie in its map `results`, 4 bytes each. */
export function probeCase(description: string, probes: readonly Probe[], options: ProbeOptions = {}): EngineCase {
  const { maps = [], packet, functions = "", ...rest } = options;
  const zero = Array.from({ length: 32 }, (_, i) => `*(u64 *)(r10 ${-8 * (i + 1)}) = 0`).join("\n");
  const body = probes.map(({ asm }, i) => `${asm.replaceAll("@", `p${i}_`)}\n*(u32 *)(r9 +${i * RESULT_BYTES}) = r0`).join("\n");
  const size = Math.ceil((probes.length * RESULT_BYTES) / 8) * 8;
  const after = new Uint8Array(size);
  const view = new DataView(after.buffer);
  probes.forEach(({ gives }, i) => view.setInt32(i * RESULT_BYTES, gives | 0, true));
  return {
    ...rest,
    description: `${description} (${probes.length} calls)`,
    asm: `r6 = r1\nr9 = map[results][0]+0\n${zero}\n${body}\nr0 = 2\nexit\n${functions}`,
    maps: [{ name: "results", type: "BPF_MAP_TYPE_ARRAY", value: size, entries: 1, after: [["00000000", Buffer.from(after).toString("hex")]] }, ...maps],
    packets: [{ ret: 2, ...packet }],
  };
}

/** Stores text, with a terminating 0 unless told otherwise, at r10 + `at` (a multiple of 8 that has room for whole words). */
export function storeText(text: string, at: number, zero = true): string {
  const bytes = new Uint8Array(Math.ceil((text.length + (zero ? 1 : 0)) / 8) * 8);
  bytes.set(new TextEncoder().encode(text));
  return storeBytes(bytes, at);
}

/** Stores bytes at r10 + `at`, in whole words. */
export function storeBytes(bytes: Uint8Array | string, at: number): string {
  const given = typeof bytes === "string" ? hex(bytes) : bytes;
  const padded = new Uint8Array(Math.ceil(given.length / 8) * 8);
  padded.set(given);
  const view = new DataView(padded.buffer);
  return Array.from({ length: padded.length / 8 }, (_, i) => `r0 = ${BigInt.asIntN(64, view.getBigUint64(i * 8, true))} ll\n*(u64 *)(r10 ${at + i * 8}) = r0`).join("\n");
}

/** `rN = r10 + at`. */
export function stackPointer(register: number, at: number): string {
  return `r${register} = r10\nr${register} += ${at}`;
}
