/** Helpers that compute: checksums, clocks, random numbers, strings, printed texts. */
import { counting, hex } from "../case.js";
import type { EngineCase } from "../case.js";

/** The Internet checksum's sum (not complemented) of bytes as 16-bit little-endian words, as bpf_csum_diff gives it. */
function sum16(bytes: Uint8Array, seed = 0): number {
  let sum = (seed & 0xffff) + (seed >>> 16);
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i] as number) | ((bytes[i + 1] ?? 0) << 8);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 65536);
  return sum;
}

const PACKET = hex("4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7 0035 e97c 005f 279f 1e4b 8180 ffff ffff 0102 0304 0506");

/** bpf_csum_diff over the packet: `to` of `added` bytes from the packet's start, and so on. */
function csum(description: string, removed: number, added: number, seed: number, ret: number): EngineCase {
  const length = Math.max(removed, added, 14);
  return {
    description: `csum_diff: ${description}`,
    asm: `
      r6 = *(u32 *)(r1 +0)
      r7 = *(u32 *)(r1 +4)
      r2 = r6
      r2 += ${length}
      r0 = -1
      if r2 > r7 goto out
      r1 = ${removed ? "r6" : "0"}
      r2 = ${removed}
      r3 = ${added ? "r6" : "0"}
      r4 = ${added}
      r5 = 0x${(seed >>> 0).toString(16)} ll
      call bpf_csum_diff
    out:
      exit`,
    packets: [{ in: PACKET, ret, data: "same" }],
  };
}

/** Text in the program's stack: 8 bytes a store, then the call. */
function stackText(text: string, low: number): string {
  const bytes = Buffer.from(`${text}\0`.padEnd(Math.ceil((text.length + 1) / 8) * 8, "\0"), "latin1");
  return Array.from({ length: bytes.length / 8 }, (_, i) => `r1 = 0x${bytes.readBigUInt64LE(i * 8).toString(16)} ll\n *(u64 *)(r10 ${low + i * 8}) = r1`).join("\n");
}

/** bpf_trace_printk of a format with up to three arguments. */
function printk(format: string, args: readonly string[], out: string | undefined, ret = out?.length ?? -22): EngineCase {
  return {
    description: `trace_printk: ${JSON.stringify(format)} gives ${JSON.stringify(out ?? ret)}`,
    asm: `
      r6 = r10
      ${stackText("text", -16)}
      r1 = 0x0100000a6401a8c0 ll
      *(u64 *)(r10 -8) = r1
      ${stackText(format, -256)}
      r1 = r10
      r1 += -256
      r2 = ${format.length + 1}
      r3 = ${args[0] ?? 0}
      r4 = ${args[1] ?? 0}
      r5 = ${args[2] ?? 0}
      call bpf_trace_printk
      exit`,
    ret: ret >>> 0,
    printk: out === undefined ? [] : [out.replace(/\n$/, "")],
  };
}

/** Arguments that are addresses: r6 is r10. */
const ADDRESS = "r6";

export const VALUE_CASES: readonly EngineCase[] = [
  csum("20 bytes added", 0, 20, 0, sum16(PACKET.slice(0, 20))),
  csum("42 bytes added, not a multiple of 4", 0, 42, 0, sum16(PACKET.slice(0, 42))),
  csum("17 bytes added", 0, 17, 0, sum16(PACKET.slice(0, 17))),
  csum("1 byte added", 0, 1, 0, 0x45),
  csum("with a seed", 0, 20, 0x1234_5678, sum16(PACKET.slice(0, 20), 0x1234_5678)),
  csum("with a large seed", 0, 36, 0xffff_ffff, sum16(PACKET.slice(0, 36), 0xffff_ffff)),
  csum("nothing, and no seed", 0, 0, 0, 0),
  csum("nothing, with a seed", 0, 0, 0xffff_ffff, 0xffff),
  csum("the same removed and added", 20, 20, 0, 0xffff),
  csum("8 bytes removed", 8, 0, 0, 0xffff - sum16(PACKET.slice(0, 8))),
  csum("12 removed, 24 added", 12, 24, 0, sum16(PACKET.slice(12, 24)) || 0xffff),
  { description: "ktime_get_ns and its kin are device time", kernel: false, asm: "call bpf_ktime_get_ns\n r6 = r0\n call bpf_ktime_get_boot_ns\n r0 ^= r6\n r7 = r0\n call bpf_ktime_get_tai_ns\n r0 ^= r6\n r7 |= r0\n r0 = r6\n r0 >>= 8\n r0 |= r7\n exit", packets: [{ time: 0x1234_5600n, ret: 0x12_3456 }, { time: 0x99_0000_0000n, ret: 0x9900_0000 }] },
  { description: "ktime_get_coarse_ns stands still within a tick of 4 ms", kernel: false, asm: "call bpf_ktime_get_coarse_ns\n exit", packets: [{ time: 3_999_999n, ret: 0 }, { time: 4_000_000n, ret: 4_000_000 }, { time: 11_999_999n, ret: 8_000_000 }] },
  { description: "jiffies64 counts ticks of 4 ms, from five minutes before its 32 bits wrap", kernel: false, asm: "call bpf_jiffies64\n exit", packets: [{ time: 0n, ret: 0x1_0000_0000 - 75_000 }, { time: 1_000_000_000n, ret: 0x1_0000_0000 - 74_750 }] },
  { description: "prandom: numbers differ from call to call", asm: "call bpf_get_prandom_u32\n r6 = r0\n call bpf_get_prandom_u32\n if r0 != r6 goto differ\n r0 = 1\n exit\n differ: r0 = 2\n exit", packets: [{ ret: 2 }, { ret: 2 }] },
  { description: "prandom: 32 bits", asm: "call bpf_get_prandom_u32\n r0 >>= 32\n exit", ret: 0 },
  ...([["abc", "abc", 0], ["abc", "abd", 0xffff_ffff], ["abd", "abc", 1], ["ab", "abc", 0xffff_ffff], ["abc", "ab", 1]] as const).map(([a, b, ret]): EngineCase => ({
    description: `strncmp of ${a} and ${b}`,
    asm: `${stackText(a, -8)}\n r1 = r10\n r1 += -8\n r2 = 8\n r3 = map[.rodata][0]+0 ll\n call bpf_strncmp\n exit`,
    maps: [{ name: ".rodata", type: "BPF_MAP_TYPE_ARRAY", entries: 1, flags: 128, initial: Buffer.from(b.padEnd(8, "\0")).toString("hex") }],
    ret,
  })),
  {
    description: "strncmp looks at as many bytes as it is told",
    asm: `${stackText("abX", -8)}\n r1 = r10\n r1 += -8\n r2 = 2\n r3 = map[.rodata][0]+0 ll\n call bpf_strncmp\n exit`,
    maps: [{ name: ".rodata", type: "BPF_MAP_TYPE_ARRAY", entries: 1, flags: 128, initial: "6162630000000000" }],
    ret: 0,
  },
  { description: "probe_read_kernel of what is there", asm: `${stackText("abcdefg", -8)}\n r3 = r10\n r3 += -8\n r1 = r10\n r1 += -16\n r2 = 4\n call bpf_probe_read_kernel\n r1 = *(u32 *)(r10 -16)\n r0 |= r1\n exit`, ret: 0x64636261 },
  { description: "probe_read_kernel below the kernel's addresses zeroes", asm: "r1 = -1\n *(u64 *)(r10 -8) = r1\n r1 = r10\n r1 += -8\n r2 = 8\n r3 = 8\n call bpf_probe_read_kernel\n r1 = *(u64 *)(r10 -8)\n r0 |= r1\n exit", ret: -34 >>> 0 },
  printk("hello\n", [], "hello\n"),
  printk("%d %i %u", ["-5", "7", "-1"], "-5 7 4294967295"),
  printk("%x %X %lx", ["0xbeef", "0xbeef", "-1"], "beef BEEF ffffffffffffffff"),
  printk("%ld %lld %llu", ["-5", "-6", "-1"], "-5 -6 18446744073709551615"),
  printk("%5d|%-5d|%05d", ["42", "42", "-42"], "   42|42   |-0042"),
  printk("%+d|% d|%08x", ["42", "42", "255"], "+42| 42|000000ff"),
  printk("%c%c%c", ["72", "105", "33"], "Hi!"),
  printk("100%% %d", ["1"], "100% 1"),
  printk("%px", ["0x1234"], "0000000000001234"),
  { ...printk("[%s]", [`${ADDRESS}\n r3 += -16`], "[text]"), description: "trace_printk: %s" },
  { ...printk("[%8s|%-8s]", [`${ADDRESS}\n r3 += -16`, `${ADDRESS}\n r4 += -16`], "[    text|text    ]"), description: "trace_printk: %8s" },
  { ...printk("%s.", ["8"], "."), description: "trace_printk: %s of a bad address" },
  { ...printk("%pI4 %pi4", [`${ADDRESS}\n r3 += -8`, `${ADDRESS}\n r4 += -4`], "192.168.1.100 010.000.000.001"), description: "trace_printk: %pI4" },
  { ...printk("%pI6", [`${ADDRESS}\n r3 += -16`], "7465:7874:0000:0000:c0a8:0164:0a00:0001"), description: "trace_printk: %pI6" },
  { ...printk("%pi6", [`${ADDRESS}\n r3 += -16`], "7465787400000000c0a801640a000001"), description: "trace_printk: %pi6" },
  printk("%d %d %d %d", ["1", "2", "3"], undefined),
  printk("%f", ["1"], undefined),
  printk("%pX", ["1"], undefined),
  printk("%sx", ["1"], undefined),
  printk("a\x01b", [], undefined),
  {
    description: "trace_printk: a format without its end",
    asm: "r1 = 0x6161616161616161 ll\n *(u64 *)(r10 -8) = r1\n r1 = r10\n r1 += -8\n r2 = 8\n r3 = 0\n r4 = 0\n r5 = 0\n call bpf_trace_printk\n exit",
    ret: -22 >>> 0,
    printk: [],
  },
  {
    description: "trace_vprintk takes its arguments from memory",
    asm: `${stackText("%d-%d-%d-%d", -64)}\n *(u64 *)(r10 -32) = 1\n *(u64 *)(r10 -24) = 22\n *(u64 *)(r10 -16) = 333\n *(u64 *)(r10 -8) = -4\n r1 = r10\n r1 += -64\n r2 = 12\n r3 = r10\n r3 += -32\n r4 = 32\n call bpf_trace_vprintk\n exit`,
    ret: "1-22-333--4".length,
    printk: ["1-22-333--4"],
  },
  { description: "trace_vprintk without arguments", asm: `${stackText("none", -64)}\n r1 = r10\n r1 += -64\n r2 = 5\n r3 = 0\n r4 = 0\n call bpf_trace_vprintk\n exit`, ret: 4, printk: ["none"] },
  { description: "printed texts stay in order over packets", kernel: false, asm: `r6 = *(u32 *)(r1 +16)\n ${stackText("q%d", -64)}\n r1 = r10\n r1 += -64\n r2 = 4\n r3 = r6\n r4 = 0\n r5 = 0\n call bpf_trace_printk\n exit`, packets: [{ queue: 3 }, { queue: 1 }, { queue: 2, in: counting(20) }], printk: ["q3", "q1", "q2"] },
];
