/**
 * Programs that do what the measured ones are described to do. None is theirs: the descriptions say what is parsed, hashed,
 * counted and returned, and for some how many instructions there are. Programs for cards have their table in global data, as
 * the measured firmware gave raw arrays: no lookup of the firmware's hash table is in the published figures.
 */
import { mapOf } from "./measure.js";
import type { Equivalent } from "./measure.js";

const ARRAY = 2;
const HASH = 1;
const PERCPU_ARRAY = 6;
const table = mapOf("table", ARRAY, 4, 4096, 1);

/** `return XDP_DROP`. */
export const DROP: Equivalent = { text: "r0 = 1\nexit" };

/** `return XDP_DROP` behind a read of the packet's type. */
export const READ_DROP: Equivalent = {
  text: `r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\nr4 = r2\nr4 += 14\nif r4 > r3 goto out\nr5 = *(u16 *)(r2 + 12)\nif r5 == 0x1234 goto out\nr0 = 1\nexit\nout:\nr0 = 1\nexit`,
};

/** Sixteen bytes of the packet to the stack, and eight times their 16-bit sum with folding; drops. Rounds are unrolled. */
export function slow(rounds = 8): Equivalent {
  const copy = [0, 4, 8, 12].map((at) => `r5 = *(u32 *)(r2 + ${at})\n*(u32 *)(r10 - ${16 - at}) = r5`).join("\n");
  const round = [0, 2, 4, 6, 8, 10, 12, 14].map((at) => `r5 = *(u16 *)(r10 - ${16 - at})\nr5 = be16 r5\nr6 += r5`).join("\n");
  const fold = "r5 = r6\nr5 >>= 16\nr6 &= 0xffff\nr6 += r5\nr5 = r6\nr5 >>= 16\nr6 += r5\nr6 &= 0xffff\nr6 ^= 0xffff\n*(u16 *)(r10 - 16) = r6\nr7 += 1\nr8 = r7\nr8 &= 7\nr9 += r6\nr9 ^= r8\nr9 += r7";
  return {
    text: `r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\nr4 = r2\nr4 += 16\nif r4 > r3 goto out\nr7 = 0\nr9 = 0\n${copy}\n${Array.from({ length: rounds }, () => `r6 = 0\n${round}\n${fold}`).join("\n")}\nif r9 == 1 goto out\nout:\nr0 = 1\nexit`,
  };
}

/**
 * Blocking reads of one word of map memory: the word's place comes from a key on the stack, checked and scaled, as a lookup in
 * an array does it. What the measured program does beside its reads is not published; it takes about 15 cycles more than this.
 */
export function lookups(reads: number): Equivalent {
  const loads = Array.from({ length: reads }, () => "r1 = *(u32 *)(r0 + 0)").join("\n");
  return {
    text: `*(u32 *)(r10 - 4) = 0\nr1 = *(u32 *)(r10 - 4)\nif r1 > 255 goto out\nr1 <<= 3\nr0 = map[table][0]+0\nr0 += r1\nif r0 == 0 goto out\n${loads}\nr0 = 1\nexit\nout:\nr0 = 1\nexit`,
    maps: [table],
  };
}

/** Posted adds to one word. */
export function adds(count: number): Equivalent {
  return { text: `r2 = map[table][0]+0\nr1 = 1\n${Array.from({ length: count }, () => "lock *(u32 *)(r2 + 0) += r1").join("\n")}\nr0 = 1\nexit`, maps: [table] };
}

/** Bounds, Ethernet type, IPv4 header, protocol; ports in r8, addresses in r6 and r7; r2 is the packet. */
const PARSE = `
  r2 = *(u32 *)(r1 + 0)
  r3 = *(u32 *)(r1 + 4)
  r4 = r2
  r4 += 42
  if r4 > r3 goto out
  r5 = *(u16 *)(r2 + 12)
  if r5 != 8 goto out
  r5 = *(u8 *)(r2 + 14)
  if r5 != 0x45 goto out
  r5 = *(u16 *)(r2 + 20)
  r5 &= 0xff3f
  if r5 != 0 goto out
  r9 = *(u8 *)(r2 + 23)
  r6 = *(u32 *)(r2 + 26)
  r7 = *(u32 *)(r2 + 30)
  r8 = *(u32 *)(r2 + 34)`;

/** One step of mixing two words into each other, 32 bits wide: subtract, exclusive or with a shift. */
function mix(a: string, b: string, shift: number): string {
  return `w${a} -= w${b}\nw5 = w${b}\nw5 <<= ${shift}\nw4 = w${b}\nw4 >>= ${32 - shift}\nw5 |= w4\nw${a} ^= w5\nw${b} += w${a}`;
}

/**
 * A count-min sketch over the flow (addresses, ports, protocol): `rows` counters a packet, each found by a hash with a seed of
 * its own, each add posted. 157 eBPF instructions with a row and 27.3 more each (published) set its length.
 */
export function countMin(rows: number): Equivalent {
  const prepare = [[6, 7, 4], [7, 8, 6], [8, 6, 8], [6, 7, 16], [7, 8, 19], [8, 6, 4], [6, 7, 14], [7, 8, 11], [8, 6, 25], [6, 7, 16], [7, 8, 4], [8, 6, 14]].map(([a, b, shift]) => mix(String(a), String(b), shift)).join("\n");
  const seeds = [0x9e37, 0x85eb, 0xc2b2, 0x27d4, 0x1656, 0xd1b5, 0x68bc, 0x3c6e, 0xa54f, 0x510e];
  const row = (i: number): string => `
    w4 = w6
    w4 ^= ${seeds[i]}
    w5 = w4
    w5 >>= 15
    w4 ^= w5
    w4 += w7
    w5 = w4
    w5 <<= 10
    w4 += w5
    w5 = w4
    w5 >>= 6
    w4 ^= w5
    w4 += w8
    w5 = w4
    w5 <<= 3
    w4 += w5
    w5 = w4
    w5 >>= 11
    w4 ^= w5
    w5 = w4
    w5 <<= 15
    w4 += w5
    r4 &= 60
    r3 = map[table][0]+${i * 64}
    r3 += r4
    r5 = 1
    lock *(u32 *)(r3 + 0) += r5`;
  return {
    text: `${PARSE}\nif r9 == 6 goto known\nif r9 != 17 goto out\nknown:\nw6 ^= w9\nr5 = *(u16 *)(r2 + 16)\nr5 = be16 r5\nif r5 < 28 goto out\nr5 = *(u8 *)(r2 + 22)\nif r5 == 0 goto out\nw7 ^= w5\nw8 ^= w5\nw6 += 0x1234\n${prepare}\n${Array.from({ length: rows }, (_, i) => row(i)).join("\n")}\nr0 = 1\nexit\nout:\nr0 = 2\nexit`,
    maps: [table],
  };
}

/** A filter against floods as rules in code: headers parsed, fields compared one after the other, dropped by the last rule. 150 eBPF instructions (published). */
export const DOS_FILTER: Equivalent = {
  text: `${PARSE}
  if r9 != 17 goto out
  ${[0x0100, 0x0200, 0x0300, 0x0400, 0x0500, 0x0600, 0x0700, 0x0800].map((port) => `w5 = w8\nw5 >>= 16\nif w5 == ${port} goto out`).join("\n")}
  ${[1, 2, 3, 4, 5, 6].map((net) => `w5 = w6\nw5 &= 0xffff\nif w5 == ${net * 256 + 172} goto out`).join("\n")}
  ${[[22, 64], [15, 8], [24, 7], [18, 9], [19, 3], [40, 1], [41, 5], [12, 6], [13, 11], [38, 99], [39, 98], [26, 127], [27, 224], [30, 255], [31, 240]].map(([at, value]) => `r5 = *(u8 *)(r2 + ${at})\nr5 &= 0xf7\nif r5 == ${value + 256} goto out`).join("\n")}
  ${[14, 15, 16, 17].map((at) => `r5 = *(u8 *)(r2 + ${at})\nif r5 == 0xfe goto out`).join("\n")}
  r5 = *(u16 *)(r2 + 38)
  r5 = be16 r5
  if r5 > 1400 goto out
  r5 = *(u16 *)(r2 + 16)
  r5 = be16 r5
  if r5 < 28 goto out
  if w7 == 0x01020304 goto out
  ${[1, 2, 3, 4].map((bit) => `w5 = w7\nw5 >>= ${bit * 4}\nw5 &= 15\nif w5 == 14 goto out`).join("\n")}
  r0 = 1
  exit
out:
  r0 = 2
  exit`,
};

const CHECK = (bytes: number) => `r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\nr4 = r2\nr4 += ${bytes}\nif r4 > r3 goto out`;
const SWAP = "r4 = *(u32 *)(r2 + 0)\nr5 = *(u16 *)(r2 + 4)\nr6 = *(u32 *)(r2 + 6)\nr7 = *(u16 *)(r2 + 10)\n*(u32 *)(r2 + 0) = r6\n*(u16 *)(r2 + 4) = r7\n*(u32 *)(r2 + 6) = r4\n*(u16 *)(r2 + 10) = r5";

/** Swaps the MAC addresses and sends the packet back. */
export const TX: Equivalent = { text: `${CHECK(14)}\n${SWAP}\nr0 = 3\nexit\nout:\nr0 = 1\nexit` };

/** Swaps the MAC addresses and sends the packet to another interface. */
export const REDIRECT: Equivalent = {
  text: `${CHECK(14)}\n${SWAP}\nr1 = 2\nr2 = 0\ncall bpf_redirect\nexit\nout:\nr0 = 1\nexit`,
};

/** Looks a key of `bytes` bytes of the packet up in a hash table, and drops. */
export function mapAccess(bytes: number): Equivalent {
  const type = bytes >= 8 ? "u64" : `u${bytes * 8}`;
  const copy = Array.from({ length: Math.max(1, bytes / 8) }, (_, i) => `r3 = *(${type} *)(r2 + ${i * 8})\n*(${type} *)(r10 - ${bytes - i * 8}) = r3`).join("\n");
  return {
    text: `${CHECK(16)}\n${copy}\nr2 = r10\nr2 += -${bytes}\nr1 = map[known]\ncall bpf_map_lookup_elem\nr0 = 1\nexit\nout:\nr0 = 1\nexit`,
    maps: [mapOf("known", HASH, bytes, 8, 64)],
  };
}

/** `calls` times a checksum over four bytes of the packet; drops. */
export function checksums(calls: number): Equivalent {
  const call = "r1 = r10\nr1 += -4\nr2 = 4\nr3 = r10\nr3 += -8\nr4 = 4\nr5 = 0\ncall bpf_csum_diff";
  return {
    text: `${CHECK(14)}\nr3 = *(u32 *)(r2 + 4)\n*(u32 *)(r10 - 4) = r3\n*(u32 *)(r10 - 8) = 2\n${Array.from({ length: calls }, () => call).join("\n")}\nr0 = 1\nexit\nout:\nr0 = 1\nexit`,
  };
}

const COUNT = (key: string) => `*(u32 *)(r10 - 4) = ${key}\nr2 = r10\nr2 += -4\nr1 = map[counts]\ncall bpf_map_lookup_elem\nif r0 == 0 goto out\nr1 = *(u64 *)(r0 + 0)\nr1 += 1\n*(u64 *)(r0 + 0) = r1`;
const counts = mapOf("counts", PERCPU_ARRAY, 4, 8, 256);

/** Ethernet type with up to two VLAN tags, IPv4 or IPv6 protocol in r6; the packet in r8. */
const PROTOCOL = `
  r8 = *(u32 *)(r1 + 0)
  r7 = *(u32 *)(r1 + 4)
  r2 = r8
  r2 += 14
  if r2 > r7 goto out
  r3 = *(u16 *)(r8 + 12)
  if r3 == 0x81 goto out
  if r3 == 0xa888 goto out
  r6 = 0
  if r3 == 0xdd86 goto six
  if r3 != 8 goto found
  r2 = r8
  r2 += 34
  if r2 > r7 goto found
  r6 = *(u8 *)(r8 + 23)
  goto found
six:
  r2 = r8
  r2 += 54
  if r2 > r7 goto found
  r6 = *(u8 *)(r8 + 20)
found:`;

/** Counts packets by IP protocol, and drops them (the kernel's sample xdp1 as described). */
export const XDP1: Equivalent = { text: `${PROTOCOL}\n${COUNT("r6")}\nout:\nr0 = 1\nexit`, maps: [counts] };

/** As {@link XDP1}, and sends the packet back with its addresses swapped (xdp2). */
export const XDP2: Equivalent = { text: `${PROTOCOL}\n${COUNT("r6")}\nr2 = r8\n${SWAP}\nr0 = 3\nexit\nout:\nr0 = 1\nexit`, maps: [counts] };

/** Counts packets by receive queue in two tables, touches the packet, and returns `verdict` (rxq_info). */
export function rxqInfo(verdict: number): Equivalent {
  const swap = verdict === 3 ? `r2 = r8\n${SWAP}` : "r5 = *(u16 *)(r8 + 12)\n*(u16 *)(r10 - 8) = r5";
  return {
    text: `
      r9 = r1
      r8 = *(u32 *)(r1 + 0)
      r7 = *(u32 *)(r1 + 4)
      r2 = r8
      r2 += 14
      if r2 > r7 goto out
      *(u32 *)(r10 - 4) = 0
      r2 = r10
      r2 += -4
      r1 = map[config]
      call bpf_map_lookup_elem
      if r0 == 0 goto out
      r1 = *(u64 *)(r0 + 0)
      r1 += 1
      *(u64 *)(r0 + 0) = r1
      r6 = *(u32 *)(r9 + 16)
      if r6 > 63 goto out
      *(u32 *)(r10 - 4) = r6
      r2 = r10
      r2 += -4
      r1 = map[counts]
      call bpf_map_lookup_elem
      if r0 == 0 goto out
      r1 = *(u64 *)(r0 + 0)
      r1 += 1
      *(u64 *)(r0 + 0) = r1
      ${swap}
      r0 = ${verdict}
      exit
    out:
      r0 = 0
      exit`,
    maps: [counts, mapOf("config", ARRAY, 4, 8, 1)],
  };
}

/** A stateful firewall: flow key of addresses, ports and protocol (13 bytes, ordered), looked up in a hash table; then sent out of another interface. */
export const FIREWALL: Equivalent = {
  text: `
  r8 = *(u32 *)(r1 + 0)
  r7 = *(u32 *)(r1 + 4)
  r2 = r8
  r2 += 42
  if r2 > r7 goto out
  r3 = *(u16 *)(r8 + 12)
  if r3 != 8 goto out
  r4 = *(u8 *)(r8 + 23)
  if r4 == 6 goto known
  if r4 != 17 goto out
known:
  *(u32 *)(r10 - 4) = 0
  *(u8 *)(r10 - 4) = r4
  r3 = *(u32 *)(r8 + 26)
  r5 = *(u32 *)(r8 + 30)
  r6 = *(u16 *)(r8 + 34)
  r9 = *(u16 *)(r8 + 36)
  if r3 > r5 goto swapped
  *(u32 *)(r10 - 16) = r3
  *(u32 *)(r10 - 12) = r5
  *(u16 *)(r10 - 8) = r6
  *(u16 *)(r10 - 6) = r9
  goto look
swapped:
  *(u32 *)(r10 - 16) = r5
  *(u32 *)(r10 - 12) = r3
  *(u16 *)(r10 - 8) = r9
  *(u16 *)(r10 - 6) = r6
look:
  r2 = r10
  r2 += -16
  r1 = map[flows]
  call bpf_map_lookup_elem
  r1 = 2
  r2 = 0
  call bpf_redirect
  exit
out:
  r0 = 1
  exit`,
  maps: [mapOf("flows", HASH, 16, 8, 1024)],
};
