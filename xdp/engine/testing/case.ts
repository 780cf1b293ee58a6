/** What a contract case says: program and packets in, what every engine must give out. Data only. */
import type { NetworkSpec } from "../../helpers/index.js";

/** A map of a case's object. */
export interface CaseMap {
  readonly name: string;
  /** Kernel name, `BPF_MAP_TYPE_…`. */
  readonly type: string;
  /** Bytes. Default 4. */
  readonly key?: number;
  /** Bytes. Default 8. */
  readonly value?: number;
  /** Default 8. */
  readonly entries?: number;
  readonly flags?: number;
  /** Prog arrays: program by index. */
  readonly programs?: Readonly<Record<number, string>>;
  /** What is in it before the first packet: key and value as hex. */
  readonly before?: readonly (readonly [key: string, value: string])[];
  /** What is in it at the end, sorted by key; only what is named is looked at. */
  readonly after?: readonly (readonly [key: string, value: string])[];
  /** Maps of maps: template of the inner maps, and maps of the case by key. */
  readonly inner?: CaseMap;
  readonly put?: Readonly<Record<number, string>>;
  /** `map_extra`. */
  readonly extra?: number;
  /** Initial bytes of a global-data map, hex. */
  readonly initial?: string;
}

/** What a packet becomes. Fields that are not given are not looked at. */
export interface Expected {
  readonly ret?: number;
  /** Whole packet after the program, all parts. `same`: as it came in. */
  readonly data?: Uint8Array | "same";
  /** Bytes of the linear part, where the packet has more. */
  readonly linear?: number;
  readonly meta?: Uint8Array;
  /** `address` where it is known. */
  readonly fault?: { readonly code: number; readonly insn: number; readonly program?: number; readonly address?: bigint };
  readonly redirect?: { readonly kind: number; readonly map?: number; readonly key?: number; readonly target?: number };
  readonly cost?: readonly [low: number, high: number];
}

export interface CasePacket extends Expected {
  /** Default: 64 bytes, each its own offset. */
  readonly in?: Uint8Array;
  readonly ifindex?: number;
  readonly queue?: number;
  readonly cpu?: number;
  readonly time?: bigint;
  /** What the card says besides: DESC_METADATA, hash, its type, VLAN. Default: nothing. */
  readonly metadata?: readonly [flags: number, hash: number, type: number, vlan: number];
}

export interface EngineCase {
  readonly description: string;
  /** The entry program, `main`. Maps and helpers by name; functions are what is called. */
  readonly asm: string;
  /** Other programs by name. */
  readonly programs?: Readonly<Record<string, string>>;
  readonly maps?: readonly CaseMap[];
  /** Default: one packet of which only {@link EngineCase.ret} is expected. */
  readonly packets?: readonly CasePacket[];
  /** Short for one default packet with this return value. */
  readonly ret?: number;
  readonly frags?: boolean;
  readonly cpus?: number;
  readonly network?: NetworkSpec;
  /** Costs by slot of every program: [low, high] of slot i. */
  readonly costs?: (slot: number) => readonly [number, number];
  readonly printk?: readonly string[];
  /** False where a kernel cannot run it: its verifier refuses, or it answers from its own clock, network or randomness. Default true. */
  readonly kernel?: boolean;
}

/** Bytes of hex text; blanks are left out. */
export function hex(text: string): Uint8Array {
  const digits = text.replaceAll(/\s/g, "");
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Error(`"${text}" is not hex`);
  return Uint8Array.from(digits.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

/** `length` bytes, each its own offset. */
export function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i);
}

/** A copy of `bytes` with little-endian numbers of 8 bytes written into it. */
export function withU64(bytes: Uint8Array, ...values: readonly (readonly [offset: number, value: bigint])[]): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (const [offset, value] of values) view.setBigUint64(offset, BigInt.asUintN(64, value), true);
  return copy;
}

/** Start of most programs: r6 = data, r7 = data_end, r0 = 0, and `bytes` bytes of packet are there; else it returns 0. */
export function prologue(bytes: number): string {
  return `
    r9 = r1
    r0 = 0
    r6 = *(u32 *)(r1 +0)
    r7 = *(u32 *)(r1 +4)
    r2 = r6
    r2 += ${bytes}
    if r2 > r7 goto out
  `;
}

/** End of a program that starts with {@link prologue}. */
export const EPILOGUE = `
    r0 = 2
  out:
    exit
`;
