/** Helpers on packets, maps and checksums with every kind of argument: sizes 0, negative and too large, unaligned, wrong flags, CPUs and keys that are not there. */
import { hex } from "../case.js";
import type { CaseMap, EngineCase } from "../case.js";
import { probeCase, stackPointer } from "../probe.js";
import type { Probe } from "../probe.js";

const EINVAL = -22;
const EFAULT = -14;
const ENOENT = -2;
const E2BIG = -7;
const EEXIST = -17;

const bytes = (helper: "load" | "store", offset: number | string, length: number, gives: number): Probe => ({
  asm: `r1 = r6\nr2 = ${offset}\n${stackPointer(3, -64)}\nr4 = ${length}\ncall bpf_xdp_${helper}_bytes`,
  gives,
});

/** Register `register` points `at` bytes from the top of the stack; 0 is NULL. */
function place(register: number, at: number): string {
  return at === 0 ? `r${register} = 0` : stackPointer(register, at);
}

function csum(from: number, fromSize: number, to: number, toSize: number, seed: number, gives: number): Probe {
  return { asm: `r0 = 0x1122334455667788 ll\n*(u64 *)(r10 -64) = r0\nr0 = 0x99aabbccddeeff01 ll\n*(u64 *)(r10 -32) = r0\n${place(1, from)}\nr2 = ${fromSize}\n${place(3, to)}\nr4 = ${toSize}\nr5 = ${seed}\ncall bpf_csum_diff`, gives };
}

function update(map: string, key: number, flags: number | string, gives: number): Probe {
  return { asm: `*(u32 *)(r10 -8) = ${key}\n*(u64 *)(r10 -16) = 5\nr1 = map[${map}]\n${stackPointer(2, -8)}\n${stackPointer(3, -16)}\nr4 = ${flags}\ncall bpf_map_update_elem`, gives };
}

function remove(map: string, key: number, gives: number): Probe {
  return { asm: `*(u32 *)(r10 -8) = ${key}\nr1 = map[${map}]\n${stackPointer(2, -8)}\ncall bpf_map_delete_elem`, gives };
}

/** Whether a lookup finds something. */
function found(map: string, key: number, gives: 0 | 1, cpu?: number | string): Probe {
  const call = cpu === undefined ? "call bpf_map_lookup_elem" : `r3 = ${cpu}\ncall bpf_map_lookup_percpu_elem`;
  return { asm: `*(u32 *)(r10 -8) = ${key}\nr1 = map[${map}]\n${stackPointer(2, -8)}\n${call}\nif r0 == 0 goto @none\nr0 = 1\n@none: r0 = r0`, gives };
}

function redirect(key: number, flags: number | string, gives: number): Probe {
  return { asm: `r1 = map[devices]\nr2 = ${key}\nr3 = ${flags}\ncall bpf_redirect_map`, gives };
}

const MAPS: readonly CaseMap[] = [
  { name: "array", type: "BPF_MAP_TYPE_ARRAY", entries: 4 },
  { name: "hash", type: "BPF_MAP_TYPE_HASH", entries: 2 },
  { name: "percpu", type: "BPF_MAP_TYPE_PERCPU_HASH", entries: 2 },
  { name: "slots", type: "BPF_MAP_TYPE_PERCPU_ARRAY", entries: 2 },
];

export const ARGUMENT_CASES: readonly EngineCase[] = [
  probeCase("bytes of the packet, loaded and stored", (["load", "store"] as const).flatMap((helper) => [
    bytes(helper, 0, 1, 0),
    bytes(helper, 0, 64, 0),
    bytes(helper, 63, 1, 0),
    bytes(helper, 64, 1, EINVAL),
    bytes(helper, 60, 8, EINVAL),
    bytes(helper, 61, 3, 0),
    bytes(helper, 65535, 1, EINVAL),
    bytes(helper, 65536, 1, EFAULT),
    bytes(helper, -1, 1, EFAULT),
    bytes(helper, -1, 64, EFAULT),
    bytes(helper, "4294967296 ll", 4, 0),
  ])),
  probeCase("checksum differences", [
    csum(0, 0, -32, 8, 0, csumOf("01ffeeddccbbaa99", "", 0)),
    csum(-64, 8, 0, 0, 0, csumOf("", "8877665544332211", 0)),
    csum(-64, 8, -32, 8, 0, csumOf("01ffeeddccbbaa99", "8877665544332211", 0)),
    csum(-64, 4, -32, 8, 7, csumOf("01ffeeddccbbaa99", "88776655", 7)),
    csum(0, 0, -32, 4, 0xffff, csumOf("01ffeedd", "", 0xffff)),
    csum(0, 0, -32, 4, -1, csumOf("01ffeedd", "", 0xffff_ffff)),
    csum(0, 0, -32, 5, 1, csumOf("01ffeeddcc", "", 1)),
    csum(0, 0, -32, 1, 0, csumOf("01", "", 0)),
  ]),
  probeCase("updates of an array", [
    update("array", 0, 0, 0),
    update("array", 3, 2, 0),
    update("array", 4, 0, E2BIG),
    update("array", 4, 2, E2BIG),
    update("array", 4, 1, E2BIG),
    update("array", -1, 0, E2BIG),
    update("array", 0, 1, EEXIST),
    update("array", 0, 3, EINVAL),
    update("array", 0, 8, EINVAL),
    update("array", 0, "4294967296 ll", EINVAL),
    update("array", 0, -1, EINVAL),
    update("array", 0, 4, EINVAL),
    remove("array", 0, EINVAL),
    remove("array", 9, EINVAL),
    found("array", 3, 1),
    found("array", 4, 0),
    found("array", -1, 0),
  ], { maps: MAPS }),
  probeCase("updates of a hash, until it is full", [
    remove("hash", 1, ENOENT),
    update("hash", 1, 2, ENOENT),
    update("hash", 1, 1, 0),
    update("hash", 1, 1, EEXIST),
    update("hash", 1, 2, 0),
    update("hash", 1, 3, EINVAL),
    update("hash", 1, 4, EINVAL),
    update("hash", 1, 8, EINVAL),
    update("hash", 1, "4294967296 ll", EINVAL),
    update("hash", 2, 0, 0),
    update("hash", 3, 0, E2BIG),
    update("hash", 3, 1, E2BIG),
    update("hash", 3, 2, ENOENT),
    update("hash", 2, 0, 0),
    remove("hash", 3, ENOENT),
    remove("hash", 2, 0),
    update("hash", 3, 0, 0),
    found("hash", 3, 1),
    found("hash", 2, 0),
  ], { maps: MAPS }),
  probeCase("lookups on other CPUs", [
    update("percpu", 1, 0, 0),
    found("percpu", 1, 1),
    found("percpu", 1, 1, 0),
    found("percpu", 2, 0, 0),
    found("percpu", 1, 0, 8192),
    found("percpu", 1, 0, -1),
    found("percpu", 1, 1, "4294967296 ll"),
    found("slots", 1, 1, 0),
    found("slots", 2, 0, 0),
    found("slots", 1, 0, 8192),
    found("slots", 1, 0, -1),
  ], { maps: MAPS }),
  probeCase("redirects with flags", [
    redirect(0, 0, 0),
    redirect(0, 1, 1),
    redirect(0, 2, 2),
    redirect(0, 3, 3),
    redirect(0, 4, 0),
    redirect(9, 2, 2),
    redirect(-1, 2, 2),
    redirect(0, 8, 4),
    redirect(9, 8 + 2, 4),
    redirect(0, 16 + 2, 2),
    redirect(0, 24, 4),
    redirect(0, 32, 0),
    redirect(0, -1, 0),
    redirect(0, "4294967296 ll", 0),
    redirect(0, "4294967298 ll", 0),
    { asm: "r1 = 7\nr2 = 0\ncall bpf_redirect", gives: 4 },
    { asm: "r1 = 7\nr2 = 1\ncall bpf_redirect", gives: 0 },
    { asm: "r1 = 0\nr2 = 0\ncall bpf_redirect", gives: 4 },
    { asm: "r1 = -1\nr2 = 0\ncall bpf_redirect", gives: 4 },
    { asm: "r1 = 7\nr2 = 4294967296 ll\ncall bpf_redirect", gives: 0 },
  ], { maps: [{ name: "devices", type: "BPF_MAP_TYPE_DEVMAP", value: 4, entries: 4 }] }),
];

/** Bytes in hexadecimal as little-endian words of 32 bits, the last padded with zeros. */
function wordsOf(text: string): number[] {
  const padded = new Uint8Array(Math.ceil(text.length / 8) * 4);
  padded.set(hex(text));
  return Array.from({ length: padded.length / 4 }, (_, i) => new DataView(padded.buffer).getUint32(i * 4, true));
}

function addCarrying(a: number, b: number): number {
  return ((a + b) % 2 ** 32) + Math.floor((a + b) / 2 ** 32);
}

/** The 16-bit sum in one's complement of what is added less what is taken away, as a little-endian machine has it. */
function csumOf(to: string, from: string, seed: number): number {
  let sum = seed;
  for (const word of wordsOf(to)) sum = addCarrying(sum, word);
  if (from !== "") sum = addCarrying(sum, ~wordsOf(from).reduce(addCarrying, 0) >>> 0);
  const half = (sum & 0xffff) + (sum >>> 16);
  return (half & 0xffff) + (half >>> 16);
}
