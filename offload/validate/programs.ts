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
const counters = mapOf("counters", ARRAY, 4, 4, 1024);
const counts = mapOf("counts", PERCPU_ARRAY, 4, 8, 256);
const table = mapOf("table", ARRAY, 4, 4096, 1);

/** `return XDP_DROP`. */
export const DROP: Equivalent = { text: "r0 = 1\nexit" };

/** `return XDP_DROP` behind a read of the packet's type. */
export const READ_DROP: Equivalent = {
  text: `r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\nr4 = r2\nr4 += 14\nif r4 > r3 goto out\nr5 = *(u16 *)(r2 + 12)\nif r5 == 0x1234 goto out\nr0 = 1\nexit\nout:\nr0 = 1\nexit`,
};

/** Sixteen bytes of the packet to the stack, and their 16-bit sum with folding, over and over; drops. Described are 8 rounds in a loop; these are unrolled, 10 of them to take as long on 5 cores. */
export function slow(rounds = 10): Equivalent {
  const copy = [0, 4, 8, 12].map((at) => `r5 = *(u32 *)(r2 + ${at})\n*(u32 *)(r10 - ${16 - at}) = r5`).join("\n");
  const round = [0, 2, 4, 6, 8, 10, 12, 14].map((at) => `r5 = *(u16 *)(r10 - ${16 - at})\nr5 = be16 r5\nr6 += r5`).join("\n");
  const fold = "r5 = r6\nr5 >>= 16\nr6 &= 0xffff\nr6 += r5\nr5 = r6\nr5 >>= 16\nr6 += r5\nr6 &= 0xffff\nr6 ^= 0xffff\n*(u16 *)(r10 - 16) = r6\nr7 += 1\nr8 = r7\nr8 &= 7\nr9 += r6\nr9 ^= r8\nr9 += r7";
  return {
    text: `r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\nr4 = r2\nr4 += 16\nif r4 > r3 goto out\nr7 = 0\nr9 = 0\n${copy}\n${Array.from({ length: rounds }, () => `r6 = 0\n${round}\n${fold}`).join("\n")}\nif r9 == 1 goto out\nout:\nr0 = 1\nexit`,
  };
}

/**
 * Blocking reads of one word of map memory: IPv4 packets only, and the word's place comes from a key on the stack, checked and
 * scaled, as a lookup in an array does it. What the measured program does beside its reads is not published.
 */
export function lookups(reads: number): Equivalent {
  const loads = Array.from({ length: reads }, () => "r1 = *(u32 *)(r0 + 0)").join("\n");
  return {
    text: `r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\nr4 = r2\nr4 += 14\nif r4 > r3 goto out\nr5 = *(u16 *)(r2 + 12)\nif r5 != 8 goto out\nr1 = 0\n*(u32 *)(r10 - 4) = r1\nr1 = *(u32 *)(r10 - 4)\nif r1 > 255 goto out\nr1 <<= 3\nr0 = map[table][0]+0\nr0 += r1\n${loads}\nr0 = 1\nexit\nout:\nr0 = 1\nexit`,
    maps: [table],
  };
}

/** The same with a lookup by bpf_map_lookup_elem in an array for each read: what lies between two reads is hidden by their distance. */
export function lookupsByHelper(reads: number): Equivalent {
  const one = "r2 = r10\nr2 += -4\nr1 = map[counters]\ncall bpf_map_lookup_elem\nif r0 == 0 goto out\nr1 = *(u32 *)(r0 + 0)";
  return { text: `r1 = 0\n*(u32 *)(r10 - 4) = r1\n${Array.from({ length: reads }, () => one).join("\n")}\nr0 = 1\nexit\nout:\nr0 = 1\nexit`, maps: [counters] };
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

/** Lines of Jenkins' hash of an integer: a constant, a shift of the word, and whether each is added (else exclusive or). */
const HASH_LINES: readonly (readonly [constant: string, add: boolean, shift: string, join: string])[] = [
  ["0x7ed55d16", true, "<<= 12", "+="], ["0xc761c23c", false, ">>= 19", "^="], ["0x165667b1", true, "<<= 5", "+="],
  ["0xd3a2646c", true, "<<= 9", "^="], ["0xfd7046c5", true, "<<= 3", "+="], ["0xb55a4f09", false, ">>= 16", "^="],
];

/** Lines `from` to `to - 1` of that hash on register `a`, with r5 in between; in 64-bit registers, as compilers of the time did it. */
function mix(a: number, from: number, to: number): string {
  return Array.from({ length: to - from }, (_, i) => {
    const [constant, add, shift, join] = HASH_LINES[(from + i) % HASH_LINES.length];
    return `r5 = r${a}\nr5 ${shift}\nr${a} ${add ? "+=" : "^="} ${constant}\nr${a} ${join} r5`;
  }).join("\n");
}

/**
 * A count-min sketch over the flow (addresses, ports, protocol): `rows` counters a packet, each found by a hash with a seed of
 * its own, each add posted. Published sizes set its length: 157 eBPF instructions (406 of the card) with a row, 27.3 (65) more each.
 */
export function countMin(rows: number): Equivalent {
  return sketch(rows, (i) => `
    r4 = r6
    r4 ^= ${0x9e3779b + i * 0x1000193}
    ${mix(4, i, i + 5)}
    r4 &= 60
    r3 = map[table][0]+0
    r3 += r4
    lock *(u32 *)(r3 + ${(i + 1) * 64}) += r1`);
}

/** The same with each counter found by bpf_map_lookup_elem in an array, its index on the stack, as a program in C does it. */
export function countMinByHelper(rows: number): Equivalent {
  return sketch(rows, (i) => `
    r4 = r6
    r4 ^= ${0x9e3779b + i * 0x1000193}
    ${mix(4, i, i + 4)}
    r4 &= 1023
    *(u32 *)(r10 - 4) = r4
    r2 = r10
    r2 += -4
    r1 = map[counters]
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r1 = 1
    lock *(u32 *)(r0 + 0) += r1`);
}

function sketch(rows: number, row: (i: number) => string): Equivalent {
  return {
    text: `${PARSE}
      if r9 == 6 goto known
      if r9 != 17 goto out
    known:
      r6 ^= r9
      r5 = *(u16 *)(r2 + 16)
      r5 = be16 r5
      if r5 < 28 goto out
      r5 = *(u8 *)(r2 + 22)
      if r5 == 0 goto out
      r7 ^= r5
      ${mix(6, 0, 8)}
      r7 ^= r6
      ${mix(7, 2, 10)}
      r8 ^= r7
      ${mix(8, 4, 12)}
      r6 ^= r8
      r1 = 1
      ${Array.from({ length: rows }, (_, i) => row(i)).join("\n")}
      r0 = 1
      exit
    out:
      r0 = 2
      exit`,
    maps: [table, counters],
  };
}

/** A byte of the packet under a mask, compared with what it could be and is not: 3 eBPF instructions. */
const rule = ([at, value]: readonly [number, number]): string => `r5 = *(u8 *)(r2 + ${at})\nr5 &= 0xf7\nif r5 == ${value & 0xf7} goto out`;

/**
 * A filter against floods as rules in code: headers parsed, fields compared one after the other, dropped by the last rule.
 * Published: 150 eBPF instructions, 406 of the card's, and 322 cycles of the slowest path.
 */
export const DOS_FILTER: Equivalent = {
  text: `${PARSE}
  if r9 == 6 goto tcp
  if r9 != 17 goto out
  ${[1, 2, 3, 4, 5, 6, 7].map((port) => `r5 = r8\nr5 >>= 16\nif r5 == ${0x0101 * port} goto out`).join("\n")}
  ${[1, 2, 3, 4, 5].map((net) => `r5 = r6\nr5 &= 0xffffff\nif r5 == ${net * 65536 + 172} goto out`).join("\n")}
  ${([[22, 65], [15, 16], [24, 7], [18, 9], [19, 3], [40, 1], [41, 5], [12, 6], [13, 11], [38, 99], [39, 98], [26, 127], [37, 77], [16, 88], [20, 111]] as const).map(rule).join("\n")}
  ${[14, 17].map((at) => `r5 = *(u8 *)(r2 + ${at})\nif r5 == 0xfe goto out`).join("\n")}
  r5 = *(u16 *)(r2 + 38)
  r5 = be16 r5
  if r5 > 1400 goto out
  r5 = *(u16 *)(r2 + 16)
  r5 = be16 r5
  if r5 < 28 goto out
  if r7 == 0x01020304 goto out
  ${[1, 2].map((bit) => `r5 = r7\nr5 >>= ${bit * 4}\nr5 &= 15\nif r5 == 14 goto out`).join("\n")}
  r0 = 1
  exit
tcp:
  ${([[27, 224], [30, 255], [31, 240], [25, 33], [28, 44], [29, 55], [36, 66], [37, 33]] as const).map(rule).join("\n")}
  r5 = *(u8 *)(r2 + 14)
  if r5 == 0xfe goto out
  r0 = 1
  exit
out:
  r0 = 2
  exit`,
};

const CHECK = (bytes: number) => `r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\nr4 = r2\nr4 += ${bytes}\nif r4 > r3 goto out`;
const SWAP = "r4 = *(u32 *)(r2 + 0)\nr5 = *(u16 *)(r2 + 4)\nr6 = *(u32 *)(r2 + 6)\nr7 = *(u16 *)(r2 + 10)\n*(u32 *)(r2 + 0) = r6\n*(u16 *)(r2 + 4) = r7\n*(u32 *)(r2 + 6) = r4\n*(u16 *)(r2 + 10) = r5";

/** The same by 16 bits at a time, as the kernel's samples do it. */
const SWAP_HALVES = "r4 = *(u16 *)(r2 + 0)\nr5 = *(u16 *)(r2 + 6)\n*(u16 *)(r2 + 0) = r5\nr6 = *(u16 *)(r2 + 2)\nr7 = *(u16 *)(r2 + 8)\n*(u16 *)(r2 + 2) = r7\nr3 = *(u16 *)(r2 + 4)\nr5 = *(u16 *)(r2 + 10)\n*(u16 *)(r2 + 4) = r5\n*(u16 *)(r2 + 6) = r4\n*(u16 *)(r2 + 8) = r6\n*(u16 *)(r2 + 10) = r3";

/** Swaps the MAC addresses and sends the packet back. */
export const TX: Equivalent = { text: `${CHECK(14)}\n${SWAP}\nr0 = 3\nexit\nout:\nr0 = 1\nexit` };

/** `lookups` in an array of each processor, in a loop; then as {@link TX}. */
export function txLookups(lookups: number): Equivalent {
  const loop = `r8 = r2\nr6 = 0\nagain:\n*(u32 *)(r10 - 4) = r6\nr2 = r10\nr2 += -4\nr1 = map[counts]\ncall bpf_map_lookup_elem\nif r0 == 0 goto out\nr6 += 1\nif r6 < ${lookups} goto again\nr2 = r8`;
  return { text: `${CHECK(14)}\n${lookups === 0 ? "" : loop}\n${SWAP}\nr0 = 3\nexit\nout:\nr0 = 1\nexit`, maps: [counts] };
}

/** Swaps the MAC addresses and sends the packet to another interface. */
export const REDIRECT: Equivalent = {
  text: `${CHECK(14)}\n${SWAP}\nr1 = 2\nr2 = 0\ncall bpf_redirect\nexit\nout:\nr0 = 1\nexit`,
};

/** Looks a key of `bytes` bytes of the packet up in a hash table, and drops. */
export function mapAccess(bytes: number): Equivalent {
  const type = bytes >= 8 ? "u64" : `u${bytes * 8}`;
  const copy = Array.from({ length: Math.max(1, bytes / 8) }, (_, i) => `r${i + 3} = *(${type} *)(r2 + ${i * 8})\n*(${type} *)(r10 - ${bytes - i * 8}) = r${i + 3}`).join("\n");
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

const COUNT = (key: string, absent = "out") => `*(u32 *)(r10 - 4) = ${key}\nr2 = r10\nr2 += -4\nr1 = map[counts]\ncall bpf_map_lookup_elem\nif r0 == 0 goto ${absent}\nr1 = *(u64 *)(r0 + 0)\nr1 += 1\n*(u64 *)(r0 + 0) = r1`;

/** Ethernet type with up to two VLAN tags, IPv4 or IPv6 protocol in r6; the packet in r8. */
const PROTOCOL = `
  r8 = *(u32 *)(r1 + 0)
  r7 = *(u32 *)(r1 + 4)
  r2 = r8
  r2 += 14
  if r2 > r7 goto out
  r3 = *(u8 *)(r8 + 12)
  r4 = *(u8 *)(r8 + 13)
  r4 <<= 8
  r3 |= r4
  if r3 == 0x81 goto tag
  if r3 != 0xa888 goto untagged
tag:
  r4 = r8
  r4 += 18
  if r4 > r7 goto out
  r3 = *(u16 *)(r2 + 2)
  r2 = r4
untagged:
  if r3 == 0x81 goto inner
  if r3 != 0xa888 goto network
inner:
  r4 = r2
  r4 += 4
  if r4 > r7 goto out
  r3 = *(u16 *)(r2 + 2)
  r2 = r4
network:
  r6 = 0
  if r3 == 0xdd86 goto six
  if r3 != 8 goto found
  r4 = r2
  r4 += 20
  if r4 > r7 goto found
  r6 = *(u8 *)(r2 + 9)
  goto found
six:
  r4 = r2
  r4 += 40
  if r4 > r7 goto found
  r6 = *(u8 *)(r2 + 6)
found:`;

/** Counts packets by IP protocol, and drops them (the kernel's sample xdp1 as described). */
export const XDP1: Equivalent = { text: `${PROTOCOL}\n${COUNT("r6")}\nout:\nr0 = 1\nexit`, maps: [counts] };

/** As {@link XDP1}, and sends UDP packets back with their addresses swapped (xdp2). */
export const XDP2: Equivalent = { text: `${PROTOCOL}\n${COUNT("r6", "counted")}\ncounted:\nif r6 != 17 goto out\nr2 = r8\n${SWAP_HALVES}\nr0 = 3\nexit\nout:\nr0 = 1\nexit`, maps: [counts] };

const FIND = (map: string) => `r2 = r10\nr2 += -4\nr1 = map[${map}]\ncall bpf_map_lookup_elem\nif r0 == 0 goto abort`;

/**
 * Counts packets in all and by receive queue, with what a table says: the interface, and what to do (the kernel's sample
 * rxq_info as described). `verdict`: what it is to decide; packets that are dropped are looked at, others have their addresses swapped.
 */
export function rxqInfo(verdict: number): Equivalent {
  const count = "r1 = *(u64 *)(r0 + 0)\nr1 += 1\n*(u64 *)(r0 + 0) = r1";
  const swap = verdict === 3 ? `r2 = r6\nr2 += 14\nif r2 > r7 goto abort\nr2 = r6\n${SWAP}` : "r2 = r6\nr2 += 14\nif r2 > r7 goto abort\nr3 = *(u16 *)(r6 + 12)\n*(u16 *)(r10 - 8) = r3";
  return {
    text: `
      r9 = r1
      r7 = *(u32 *)(r1 + 4)
      r6 = *(u32 *)(r1 + 0)
      r1 = 0
      *(u32 *)(r10 - 4) = r1
      ${FIND("all")}
      ${count}
      ${FIND("config")}
      r8 = r0
      r1 = *(u32 *)(r9 + 12)
      r2 = *(u32 *)(r8 + 0)
      if r2 == 9 goto abort
      r1 = *(u32 *)(r9 + 16)
      if r1 < 64 goto known
      r1 = 64
    known:
      *(u32 *)(r10 - 4) = r1
      ${FIND("counts")}
      ${count}
      r1 = *(u32 *)(r8 + 4)
      if r1 == 9 goto abort
      ${swap}
      r0 = ${verdict}
      exit
    abort:
      r0 = 0
      exit`,
    maps: [counts, mapOf("all", PERCPU_ARRAY, 4, 16, 1), mapOf("config", ARRAY, 4, 12, 1)],
  };
}

/**
 * A stateful firewall: flow key of addresses, ports and protocol (13 bytes, ordered), begun as zeros and looked up in a hash
 * table; flows from inside are entered where they are new, those from outside must be known; then out of the other interface.
 */
export const FIREWALL: Equivalent = {
  text: `
  r9 = r1
  r8 = *(u32 *)(r1 + 0)
  r7 = *(u32 *)(r1 + 4)
  r2 = 0
  *(u64 *)(r10 - 16) = r2
  *(u64 *)(r10 - 24) = r2
  r2 = r8
  r2 += 14
  if r2 > r7 goto out
  r3 = *(u8 *)(r8 + 12)
  r4 = *(u8 *)(r8 + 13)
  r4 <<= 8
  r3 |= r4
  if r3 != 8 goto pass
  r2 = r8
  r2 += 34
  if r2 > r7 goto out
  r4 = *(u8 *)(r8 + 23)
  if r4 == 6 goto known
  if r4 != 17 goto pass
known:
  r2 = r8
  r2 += 42
  if r2 > r7 goto out
  *(u8 *)(r10 - 24) = r4
  r3 = *(u32 *)(r8 + 26)
  r5 = *(u32 *)(r8 + 30)
  r6 = *(u16 *)(r8 + 34)
  r1 = *(u16 *)(r8 + 36)
  r0 = r3
  if r3 > r5 goto first
  r0 = r5
first:
  *(u32 *)(r10 - 16) = r0
  r2 = r6
  if r3 > r5 goto second
  r2 = r1
second:
  *(u16 *)(r10 - 22) = r2
  if r3 > r5 goto third
  r1 = r6
third:
  *(u16 *)(r10 - 20) = r1
  if r3 > r5 goto fourth
  r5 = r3
fourth:
  *(u32 *)(r10 - 12) = r5
  r6 = *(u32 *)(r9 + 12)
  r2 = r10
  r2 += -24
  r1 = map[flows]
  call bpf_map_lookup_elem
  r1 = r0
  if r6 == 1 goto inside
  r0 = 1
  if r1 == 0 goto out
  r2 = *(u8 *)(r1 + 0)
  goto send
inside:
  r2 = 1
  if r1 != 0 goto send
  r1 = 1
  *(u8 *)(r10 - 40) = r1
  *(u32 *)(r10 - 36) = r6
  r2 = r10
  r2 += -24
  r3 = r10
  r3 += -40
  r1 = map[flows]
  r4 = 0
  call bpf_map_update_elem
  r2 = 1
send:
  r1 = r2
  r2 = 0
  call bpf_redirect
  exit
pass:
  r0 = 2
  exit
out:
  r0 = 1
  exit`,
  maps: [mapOf("flows", HASH, 16, 8, 1024)],
};
