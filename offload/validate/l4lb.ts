/** A load balancer for the card: the measured figures with a hash lookup, encapsulation and transmission in them. */
import type { MapHandle } from "../../xdp/index.js";
import { mapOf } from "./measure.js";
import type { Equivalent } from "./measure.js";

const HASH = 1;

/** The last rounds of Jenkins' hash of three words: to, from, and by how much it is rotated. */
const JHASH: readonly (readonly [to: number, from: number, by: number])[] = [[8, 7, 14], [6, 8, 11], [7, 6, 25], [8, 7, 16], [6, 8, 4], [7, 6, 14], [8, 7, 24]];
const SERVERS = 32;

/**
 * A load balancer as described: hash of source and ports, a server by it from a hash table, 20 bytes of outer IP header with its
 * checksum, two counters, and back out (Netronome's sample l4lb). Its table must be seeded: {@link seedServers}.
 */
export const L4LB: Equivalent = {
  text: `
  r9 = r1
  r2 = *(u32 *)(r1 + 0)
  r3 = *(u32 *)(r1 + 4)
  r4 = r2
  r4 += 42
  if r4 > r3 goto drop
  r5 = *(u16 *)(r2 + 12)
  if r5 != 8 goto pass
  r5 = *(u8 *)(r2 + 14)
  if r5 != 0x45 goto pass
  r5 = *(u8 *)(r2 + 23)
  if r5 == 17 goto known
  if r5 != 6 goto pass
known:
  r6 = *(u32 *)(r2 + 26)
  r7 = *(u32 *)(r2 + 34)
  w8 = 2
  w6 += -559038727
  w7 += -559038727
  w8 += -559038727
  ${JHASH.map(([to, from, by]) => `w${to} ^= w${from}\nw3 = w${from}\nw3 <<= ${by}\nw4 = w${from}\nw4 >>= ${32 - by}\nw3 |= w4\nw${to} -= w3`).join("\n")}
  r6 = *(u16 *)(r2 + 16)
  r6 = be16 r6
  r8 &= ${SERVERS - 1}
  *(u32 *)(r10 - 4) = r8
  r2 = r10
  r2 += -4
  r1 = map[servers]
  call bpf_map_lookup_elem
  if r0 == 0 goto pass
  r7 = r0
  r1 = r9
  r2 = -20
  call bpf_xdp_adjust_head
  if r0 != 0 goto drop
  r2 = *(u32 *)(r9 + 0)
  r3 = *(u32 *)(r9 + 4)
  r4 = r2
  r4 += 62
  if r4 > r3 goto drop
  ${[0, 2, 4].map((at) => `r1 = *(u16 *)(r2 + ${20 + at})\n*(u16 *)(r2 + ${6 + at}) = r1`).join("\n")}
  ${[0, 2, 4].map((at) => `r1 = *(u16 *)(r7 + ${24 + at})\n*(u16 *)(r2 + ${at}) = r1`).join("\n")}
  r1 = 8
  *(u16 *)(r2 + 12) = r1
  r1 = 0x45
  *(u16 *)(r2 + 14) = r1
  r6 += 20
  r5 = r6
  r5 = be16 r5
  *(u16 *)(r2 + 16) = r5
  r1 = 0
  *(u32 *)(r2 + 18) = r1
  r1 = 0x0440
  *(u16 *)(r2 + 22) = r1
  r3 = *(u32 *)(r7 + 0)
  *(u32 *)(r2 + 26) = r3
  r4 = *(u32 *)(r7 + 4)
  *(u32 *)(r2 + 30) = r4
  ${[3, 4].map((half) => `r1 = r${half}\nr1 &= 0xffff\nr5 += r1\nr${half} >>= 16\nr5 += r${half}`).join("\n")}
  r5 += 0x0485
  r1 = r5
  r1 >>= 16
  r5 &= 0xffff
  r5 += r1
  r1 = r5
  r1 >>= 16
  r5 += r1
  r5 ^= 0xffff
  *(u16 *)(r2 + 24) = r5
  r1 = 1
  lock *(u64 *)(r7 + 8) += r1
  lock *(u64 *)(r7 + 16) += r6
  r0 = 3
  exit
pass:
  r0 = 2
  exit
drop:
  r0 = 1
  exit`,
  maps: [mapOf("servers", HASH, 4, 32, 512)],
};

/** Enters {@link L4LB}'s servers. */
export function seedServers(maps: readonly MapHandle[]): void {
  const value = new Uint8Array(32);
  for (let server = 0; server < SERVERS; server++) {
    value.set([10, 0, 0, 1, 10, 0, 1, server]);
    value.set([2, 0, 0, 0, 0, server], 24);
    maps[0].update(Uint8Array.of(server, 0, 0, 0), value, 0);
  }
}
