/** Atomic operations: the `imm` of an STX instruction of mode BPF_ATOMIC (RFC 9669, section 5.3). */
import { BPF_ADD, BPF_AND, BPF_OR, BPF_XOR } from "./alu.js";

/** With this bit, `src` receives the old value. */
export const BPF_FETCH = 0x01;
export const BPF_XCHG = 0xe0 | BPF_FETCH;
/** Compares with r0, stores `src`, r0 receives the old value. */
export const BPF_CMPXCHG = 0xf0 | BPF_FETCH;
/** Later than RFC 9669 (kernel 6.15): ordered load into dst, ordered store from src, any width. */
export const BPF_LOAD_ACQ = 0x100;
export const BPF_STORE_REL = 0x110;

/** An atomic operation and how it is named. */
export interface AtomicOp {
  readonly imm: number;
  readonly name: string;
  /** Assignment of the form without fetch, `lock *(u64 *)(r1 +0) += r2`. */
  readonly symbol?: string;
  readonly fetch: boolean;
}

/** Read-modify-write operations, which exist for 4 and 8 bytes. */
export const ATOMIC_OPS: readonly AtomicOp[] = [
  { imm: BPF_ADD, name: "add", symbol: "+=", fetch: false },
  { imm: BPF_OR, name: "or", symbol: "|=", fetch: false },
  { imm: BPF_AND, name: "and", symbol: "&=", fetch: false },
  { imm: BPF_XOR, name: "xor", symbol: "^=", fetch: false },
  { imm: BPF_ADD | BPF_FETCH, name: "fetch_add", fetch: true },
  { imm: BPF_OR | BPF_FETCH, name: "fetch_or", fetch: true },
  { imm: BPF_AND | BPF_FETCH, name: "fetch_and", fetch: true },
  { imm: BPF_XOR | BPF_FETCH, name: "fetch_xor", fetch: true },
  { imm: BPF_XCHG, name: "xchg", fetch: true },
  { imm: BPF_CMPXCHG, name: "cmpxchg", fetch: true },
];

/** The read-modify-write operation of an `imm`; undefined where it is none (ordered load and store included). */
export function atomicOf(imm: number): AtomicOp | undefined {
  return ATOMIC_OPS.find((op) => op.imm === imm);
}
