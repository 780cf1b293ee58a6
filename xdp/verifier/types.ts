/** What a register can be, in the kernel's numbers' spirit: a base type and flags (linux/bpf.h, `enum bpf_reg_type`). */

export const NOT_INIT = 0;
export const SCALAR_VALUE = 1;
export const PTR_TO_CTX = 2;
export const CONST_PTR_TO_MAP = 3;
export const PTR_TO_MAP_VALUE = 4;
export const PTR_TO_MAP_KEY = 5;
export const PTR_TO_STACK = 6;
export const PTR_TO_PACKET_META = 7;
export const PTR_TO_PACKET = 8;
export const PTR_TO_PACKET_END = 9;
export const PTR_TO_SOCKET = 11;
export const PTR_TO_SOCK_COMMON = 12;
export const PTR_TO_TCP_SOCK = 13;
export const PTR_TO_XDP_SOCK = 15;
export const PTR_TO_BTF_ID = 16;
export const PTR_TO_MEM = 17;
export const PTR_TO_ARENA = 18;
export const PTR_TO_BUF = 19;
export const PTR_TO_FUNC = 20;
export const CONST_PTR_TO_DYNPTR = 21;

export const BASE_MASK = 0xff;
export const PTR_MAYBE_NULL = 1 << 8;
export const MEM_RDONLY = 1 << 9;
export const MEM_RINGBUF = 1 << 10;
export const MEM_USER = 1 << 11;
export const MEM_PERCPU = 1 << 12;
export const OBJ_RELEASE = 1 << 13;
export const PTR_UNTRUSTED = 1 << 14;
export const MEM_UNINIT = 1 << 15;
export const DYNPTR_TYPE_LOCAL = 1 << 16;
export const DYNPTR_TYPE_RINGBUF = 1 << 17;
export const MEM_FIXED_SIZE = 1 << 18;
export const MEM_ALLOC = 1 << 19;
export const PTR_TRUSTED = 1 << 20;
export const MEM_RCU = 1 << 21;
export const NON_OWN_REF = 1 << 22;
export const DYNPTR_TYPE_SKB = 1 << 23;
export const DYNPTR_TYPE_XDP = 1 << 24;
export const MEM_ALIGNED = 1 << 25;
export const MEM_WRITE = 1 << 26;
export const DYNPTR_TYPES = DYNPTR_TYPE_LOCAL | DYNPTR_TYPE_RINGBUF | DYNPTR_TYPE_SKB | DYNPTR_TYPE_XDP;

/** Flags by kernel name, as prototypes write them. */
export const FLAGS: Readonly<Record<string, number>> = {
  PTR_MAYBE_NULL, MEM_RDONLY, MEM_RINGBUF, MEM_USER, MEM_PERCPU, OBJ_RELEASE, PTR_UNTRUSTED, MEM_UNINIT, DYNPTR_TYPE_LOCAL,
  DYNPTR_TYPE_RINGBUF, MEM_FIXED_SIZE, MEM_ALLOC, PTR_TRUSTED, MEM_RCU, NON_OWN_REF, DYNPTR_TYPE_SKB, DYNPTR_TYPE_XDP,
  MEM_ALIGNED, MEM_WRITE,
};

const NAMES: Readonly<Record<number, string>> = {
  [NOT_INIT]: "?", [SCALAR_VALUE]: "scalar", [PTR_TO_CTX]: "ctx", [CONST_PTR_TO_MAP]: "map_ptr", [PTR_TO_MAP_VALUE]: "map_value",
  [PTR_TO_STACK]: "fp", [PTR_TO_PACKET]: "pkt", [PTR_TO_PACKET_META]: "pkt_meta", [PTR_TO_PACKET_END]: "pkt_end",
  [PTR_TO_SOCKET]: "sock", [PTR_TO_SOCK_COMMON]: "sock_common", [PTR_TO_TCP_SOCK]: "tcp_sock", [PTR_TO_XDP_SOCK]: "xdp_sock",
  [PTR_TO_BTF_ID]: "ptr_", [PTR_TO_MEM]: "mem", [PTR_TO_ARENA]: "arena", [PTR_TO_BUF]: "buf", [PTR_TO_FUNC]: "func",
  [PTR_TO_MAP_KEY]: "map_key", [CONST_PTR_TO_DYNPTR]: "dynptr_ptr",
};

export function baseOf(type: number): number {
  return type & BASE_MASK;
}

export function maybeNull(type: number): boolean {
  return (type & PTR_MAYBE_NULL) !== 0;
}

/** The type in the log's words, for example `map_value_or_null`, `rdonly_mem`. */
export function typeName(type: number): string {
  const base = baseOf(type);
  const prefix =
    (type & MEM_RDONLY ? "rdonly_" : "") + (type & MEM_RINGBUF ? "ringbuf_" : "") + (type & MEM_USER ? "user_" : "") + (type & MEM_PERCPU ? "percpu_" : "") +
    (type & MEM_RCU ? "rcu_" : "") + (type & PTR_UNTRUSTED ? "untrusted_" : "") + (type & PTR_TRUSTED ? "trusted_" : "");
  const postfix = maybeNull(type) ? (base === PTR_TO_BTF_ID ? "or_null_" : "_or_null") : "";
  return prefix + (NAMES[base] ?? "?") + postfix;
}

/** A pointer into the packet or its metadata, whose reach is checked against the end. */
export function isPacketPointer(type: number): boolean {
  const base = baseOf(type);
  return base === PTR_TO_PACKET || base === PTR_TO_PACKET_META;
}

export function isSocketPointer(type: number): boolean {
  return type === PTR_TO_SOCKET || type === PTR_TO_SOCK_COMMON || type === PTR_TO_TCP_SOCK || type === PTR_TO_XDP_SOCK;
}

/** Dynamic pointers, by what they point to. */
export const DYNPTR_LOCAL = 1;
export const DYNPTR_RINGBUF = 2;
export const DYNPTR_SKB = 3;
export const DYNPTR_XDP = 4;
export const DYNPTR_NAMES: readonly string[] = ["<invalid>", "local", "ringbuf", "skb", "xdp"];

export function dynptrTypeOf(flags: number): number {
  if (flags & DYNPTR_TYPE_LOCAL) return DYNPTR_LOCAL;
  if (flags & DYNPTR_TYPE_RINGBUF) return DYNPTR_RINGBUF;
  if (flags & DYNPTR_TYPE_SKB) return DYNPTR_SKB;
  return flags & DYNPTR_TYPE_XDP ? DYNPTR_XDP : 0;
}

export function dynptrFlagOf(type: number): number {
  return [0, DYNPTR_TYPE_LOCAL, DYNPTR_TYPE_RINGBUF, DYNPTR_TYPE_SKB, DYNPTR_TYPE_XDP][type] ?? 0;
}
