/** DNS messages (RFC 1035): queries, and answers of a wanted kind and size. */
import { join, randomText, u16, u32 } from "./payload.js";
import type { Random } from "./random.js";

export const DNS_A = 1;
export const DNS_TXT = 16;
export const DNS_AAAA = 28;
export const DNS_ANY = 255;

/** Pointer to the name of the question, which begins right after the header. */
const QUESTION_NAME = u16(0xc00c);
const IN = 1;

/** Wire form of a domain name. */
function dnsName(name: string): Uint8Array {
  return join(...name.split(".").flatMap((label) => [label.length, label]), 0);
}

function header(id: number, flags: number, answers: number, additional: number): Uint8Array {
  return join(u16(id), u16(flags), u16(1), u16(answers), u16(0), u16(additional));
}

/** An EDNS pseudo record that offers `size` bytes. */
function edns(size: number): Uint8Array {
  return join(0, u16(41), u16(size), u32(0), u16(0));
}

/** A recursive query for `name`, with EDNS. */
export function dnsQuery(random: Random, name: string, type: number = DNS_A): Uint8Array {
  return join(header(random.below(0x10000), 0x0120, 0, 1), dnsName(name), u16(type), u16(IN), edns(1232));
}

/** An answer with `count` addresses of type A or AAAA. */
export function dnsAnswer(random: Random, name: string, type: typeof DNS_A | typeof DNS_AAAA, count: number): Uint8Array {
  const size = type === DNS_A ? 4 : 16;
  const records = Array.from({ length: count }, () => join(QUESTION_NAME, u16(type), u16(IN), u32(random.between(30, 86_400)), u16(size), random.bytes(size)));
  return join(header(random.below(0x10000), 0x8180, count, 0), dnsName(name), u16(type), u16(IN), ...records);
}

/** An answer to ANY, filled up to exactly `size` bytes with TXT records: what an amplifier sends. */
export function dnsBigAnswer(random: Random, name: string, size: number): Uint8Array {
  const question = join(dnsName(name), u16(DNS_ANY), u16(IN));
  const additional = edns(4096);
  let left = size - 12 - question.length - additional.length;
  const records: Uint8Array[] = [];
  // A TXT record is 13 bytes and its text of 1 to 255; what is left after one must hold another or be nothing.
  while (left >= 14) {
    const take = left <= 268 ? left : Math.min(268, left - 14);
    const text = randomText(random, take - 13);
    records.push(join(QUESTION_NAME, u16(DNS_TXT), u16(IN), u32(3600), u16(text.length + 1), text.length, text));
    left -= take;
  }
  return join(header(random.below(0x10000), 0x8180, records.length, 1), question, ...records, additional);
}
