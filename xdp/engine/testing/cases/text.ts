/** Helpers and kernel functions on text and numbers: every kind of argument, as the running kernel answers. */
import type { EngineCase } from "../case.js";
import { probeCase, stackPointer, storeText } from "../probe.js";
import type { Probe } from "../probe.js";

const EINVAL = -22;
const ERANGE = -34;
const ENOENT = -2;
const EFAULT = -14;

/** bpf_strtol or bpf_strtoul of a text of `size` bytes, and the low half of the number when it succeeds. */
function number(helper: "bpf_strtol" | "bpf_strtoul", text: string, flags: number | bigint, taken: number, value = 0, size = text.length): Probe[] {
  const call = `${storeText(text, -72)}\n*(u64 *)(r10 -8) = 77\n${stackPointer(1, -72)}\nr2 = ${size}\nr3 = ${flags}${typeof flags === "bigint" ? " ll" : ""}\n${stackPointer(4, -8)}\ncall ${helper}`;
  return [
    { asm: call, gives: taken },
    { asm: "r0 = *(u64 *)(r10 -8)", gives: value },
    { asm: "r0 = *(u64 *)(r10 -8)\nr0 s>>= 32", gives: value < 0 ? -1 : 0 },
  ];
}

const both = (text: string, flags: number | bigint, taken: number, value = 0, size?: number): Probe[] => (["bpf_strtol", "bpf_strtoul"] as const).flatMap((helper) => number(helper, text, flags, taken, value, size));

/** A call with two texts, at r10 - 64 and r10 - 32. */
function onTexts(fn: string, s1: string, s2: string, gives: number, third?: number): Probe {
  return { asm: `${storeText(s1, -64)}\n${storeText(s2, -32)}\n${stackPointer(1, -64)}\n${stackPointer(2, -32)}\n${third === undefined ? "" : `r3 = ${third}\n`}call ${fn}`, gives };
}

function onText(fn: string, s: string, gives: number, ...more: readonly number[]): Probe {
  return { asm: `${storeText(s, -64)}\n${stackPointer(1, -64)}\n${more.map((value, i) => `r${i + 2} = ${value}`).join("\n")}\ncall ${fn}`, gives };
}

/** bpf_snprintf into `size` bytes at r10 - 128 of a format in the map `fmt`; then the first 8 bytes there. */
function format(text: string, size: number, args: readonly (number | bigint)[], gives: number, start?: string, length = args.length * 8): Probe[] {
  const place = args.map((arg, i) => `r0 = ${arg} ll\n*(u64 *)(r10 ${-64 + i * 8}) = r0`).join("\n");
  const probes: Probe[] = [{
    asm: `${place}\n*(u64 *)(r10 -128) = -1\n*(u64 *)(r10 -120) = -1\n${size === 0 ? "r1 = 0" : stackPointer(1, -128)}\nr2 = ${size}\nr3 = map[fmt][0]+${FORMATS.get(text) ?? 0}\n${length === 0 ? "r4 = 0" : stackPointer(4, -64)}\nr5 = ${length}\ncall bpf_snprintf`,
    gives,
  }];
  if (start !== undefined) {
    const bytes = new Uint8Array(8).fill(0xff);
    bytes.set(new TextEncoder().encode(start));
    const view = new DataView(bytes.buffer);
    probes.push({ asm: "r0 = *(u32 *)(r10 -128)", gives: view.getInt32(0, true) }, { asm: "r0 = *(u32 *)(r10 -124)", gives: view.getInt32(4, true) });
  }
  return probes;
}

/** bpf_strncmp of a text with one of the map `fmt`. */
function strncmp(text: string, size: number, other: string, gives: number): Probe {
  return { asm: `${storeText(text, -64)}\n${stackPointer(1, -64)}\nr2 = ${size}\nr3 = map[fmt][0]+${FORMATS.get(other) ?? 0}\ncall bpf_strncmp`, gives };
}

const TEXTS = ["abc", "%d", "%5d|%-4x|", "%s", "%lld %u", "%q", "%", "%%", "%pK", "%c%c", "%08lx", "no arguments", "%i6", "%p", "%hd", "%+d", "% d"];
const FORMATS = new Map<string, number>();
let formatBytes = "";
for (const text of TEXTS) {
  FORMATS.set(text, formatBytes.length / 2);
  formatBytes += Buffer.from(`${text}\0`).toString("hex");
}
formatBytes = formatBytes.padEnd(Math.ceil(formatBytes.length / 16) * 16, "0");
/** BPF_F_RDONLY_PROG: the kernel wants formats in frozen maps. */
const FORMAT_MAP = { name: "fmt", type: "BPF_MAP_TYPE_ARRAY", value: formatBytes.length / 2, entries: 1, flags: 128, initial: formatBytes };

export const TEXT_CASES: readonly EngineCase[] = [
  probeCase("strtol and strtoul in bases", [
    ...both("0", 0, 1, 0),
    ...both("123", 0, 3, 123),
    ...both("123", 10, 3, 123),
    ...both("0x1f", 0, 4, 31),
    ...both("0X1F", 16, 4, 31),
    ...both("1f", 16, 2, 31),
    ...both("017", 0, 3, 15),
    ...both("017", 8, 3, 15),
    ...both("017", 10, 3, 17),
    ...both("08", 0, 1, 0),
    ...both("0x", 0, 1, 0),
    ...both("0x", 16, EINVAL),
    ...both("0xg", 0, 1, 0),
  ]),
  probeCase("strtol and strtoul of odd texts", [
    ...both("", 10, EINVAL, 0, 1),
    ...both("abc", 10, EINVAL),
    ...both("12abc", 10, 2, 12),
    ...both("12 34", 10, 2, 12),
    ...both("  \t\n12", 10, 6, 12),
    ...both("   ", 10, EINVAL),
    ...both("+12", 10, EINVAL),
    ...both("-", 10, EINVAL),
    ...both("- 1", 10, EINVAL),
    ...both("12", 10, 1, 1, 1),
    ...both("12345678901", 10, 4, 1234, 4),
    ...number("bpf_strtol", "-12", 10, 3, -12),
    ...number("bpf_strtoul", "-12", 10, EINVAL),
    ...number("bpf_strtol", " -0x10", 0, 6, -16),
  ]),
  probeCase("strtol and strtoul at the ends of 64 bits", [
    ...number("bpf_strtol", "9223372036854775807", 10, 19, -1).slice(0, 1),
    ...number("bpf_strtol", "9223372036854775808", 10, ERANGE),
    ...number("bpf_strtol", "-9223372036854775808", 10, 20).slice(0, 1),
    ...number("bpf_strtol", "-9223372036854775809", 10, ERANGE),
    ...number("bpf_strtoul", "18446744073709551615", 10, 20).slice(0, 1),
    ...number("bpf_strtoul", "18446744073709551616", 10, ERANGE),
    ...number("bpf_strtoul", "99999999999999999999999", 10, ERANGE),
  ]),
  probeCase("strtol and strtoul with flags", [
    ...both("12", 2, EINVAL),
    ...both("12", 7, EINVAL),
    ...both("12", 31, EINVAL),
    ...both("12", 32, EINVAL),
    ...both("12", 10 + 32, EINVAL),
    ...both("12", -1, EINVAL),
    ...both("12", 4294967306n, EINVAL),
  ]),
  probeCase("bpf_strncmp", [
    strncmp("abc", 3, "abc", 0),
    strncmp("abd", 3, "abc", 1),
    strncmp("abb", 3, "abc", -1),
    strncmp("abd", 2, "abc", 0),
    strncmp("ab", 3, "abc", -1),
    strncmp("abcd", 4, "abc", 1),
    strncmp("abc", 1, "abc", 0),
    strncmp("no a", 4, "no arguments", 0),
    strncmp("no a", 5, "no arguments", -1),
  ], { maps: [FORMAT_MAP] }),
  probeCase("bpf_snprintf", [
    ...format("abc", 8, [], 4, "abc\0"),
    ...format("abc", 3, [], 4, "ab\0"),
    ...format("abc", 1, [], 4, "\0"),
    ...format("abc", 0, [], 4),
    ...format("%d", 8, [42], 3, "42\0"),
    ...format("%d", 8, [-42], 4, "-42\0"),
    ...format("%5d|%-4x|", 16, [7, 255], 12, "    7|ff"),
    ...format("%08lx", 16, [48879], 9, "0000beef"),
    ...format("%lld %u", 8, [-1, 7], 5, "-1 7\0"),
    ...format("%c%c", 8, [65, 66], 3, "AB\0"),
    ...format("%%", 8, [], 2, "%\0"),
    ...format("no arguments", 8, [1], 13, "no argu\0"),
    ...format("%+d", 8, [5], 3, "+5\0"),
    ...format("% d", 8, [5], 3, " 5\0"),
  ], { maps: [FORMAT_MAP] }),
  probeCase("bpf_snprintf of what the kernel's verifier refuses", [
    ...format("%", 8, [], EINVAL),
    ...format("%q", 8, [1], EINVAL),
    ...format("%hd", 8, [1], EINVAL),
    ...format("%d", 8, [], EINVAL),
    ...format("%d", 8, [1, 2], EINVAL, undefined, 12),
  ], { maps: [FORMAT_MAP], kernel: false }),
  probeCase("bpf_probe_read_kernel_str", [
    ...([[16, 6], [6, 6], [5, 5], [1, 1]] as const).map(([size, gives]) => ({ asm: `${storeText("hello", -64)}\n${stackPointer(1, -32)}\nr2 = ${size}\n${stackPointer(3, -64)}\ncall bpf_probe_read_kernel_str`, gives })),
    { asm: "r0 = *(u32 *)(r10 -32)", gives: 0x6c6c_6500 },
    { asm: `${stackPointer(1, -32)}\nr2 = 0\n${stackPointer(3, -64)}\ncall bpf_probe_read_kernel_str`, gives: 0 },
    { asm: `${stackPointer(1, -32)}\nr2 = 8\nr3 = 0\ncall bpf_probe_read_kernel_str`, gives: ERANGE },
    { asm: `${stackPointer(1, -32)}\nr2 = 8\nr3 = 4096\ncall bpf_probe_read_kernel_str`, gives: ERANGE },
    { asm: `${stackPointer(1, -32)}\nr2 = 0\nr3 = 0\ncall bpf_probe_read_kernel_str`, gives: 0 },
    { asm: `${stackPointer(1, -32)}\nr2 = 8\nr3 = -4096\ncall bpf_probe_read_kernel_str`, gives: EFAULT },
    { asm: "r0 = *(u32 *)(r10 -32)", gives: 0 },
  ]),
  probeCase("kernel functions that compare texts", [
    onTexts("bpf_strcmp", "abc", "abc", 0),
    onTexts("bpf_strcmp", "abc", "abd", -1),
    onTexts("bpf_strcmp", "abd", "abc", 1),
    onTexts("bpf_strcmp", "ab", "abc", -1),
    onTexts("bpf_strcmp", "", "", 0),
    onTexts("bpf_strcasecmp", "aBc", "AbC", 0),
    onTexts("bpf_strcasecmp", "aBc", "AbD", -1),
    onTexts("bpf_strstr", "hello world", "o w", 4),
    onTexts("bpf_strstr", "hello", "", 0),
    onTexts("bpf_strstr", "hello", "lo!", ENOENT),
    onTexts("bpf_strstr", "aab", "ab", 1),
    onTexts("bpf_strnstr", "hello", "lo", 3, 5),
    onTexts("bpf_strnstr", "hello", "lo", ENOENT, 4),
    onTexts("bpf_strnstr", "hello", "", 0, 0),
    onTexts("bpf_strnstr", "hello", "h", ENOENT, 0),
    onTexts("bpf_strspn", "aabbcd", "ab", 4),
    onTexts("bpf_strspn", "xyz", "ab", 0),
    onTexts("bpf_strspn", "aa", "a", 2),
    onTexts("bpf_strcspn", "aabbcd", "cd", 4),
    onTexts("bpf_strcspn", "aab", "x", 3),
    onTexts("bpf_strcspn", "aab", "", 3),
  ]),
  probeCase("kernel functions that search in a text", [
    onText("bpf_strlen", "hello", 5),
    onText("bpf_strlen", "", 0),
    onText("bpf_strnlen", "hello", 3, 3),
    onText("bpf_strnlen", "hello", 5, 100),
    onText("bpf_strnlen", "hello", 0, 0),
    onText("bpf_strchr", "hello", 2, 108),
    onText("bpf_strchr", "hello", ENOENT, 120),
    onText("bpf_strchr", "hello", 5, 0),
    onText("bpf_strnchr", "hello", ENOENT, 2, 108),
    onText("bpf_strnchr", "hello", 2, 3, 108),
    onText("bpf_strnchr", "hello", ENOENT, 0, 104),
    onText("bpf_strchrnul", "hello", 5, 120),
    onText("bpf_strchrnul", "hello", 1, 101),
    onText("bpf_strrchr", "hello", 3, 108),
    onText("bpf_strrchr", "hello", ENOENT, 120),
    onText("bpf_strrchr", "hello", 5, 0),
    { asm: "r1 = 0\ncall bpf_strlen", gives: ERANGE },
    { asm: "r1 = 4096\ncall bpf_strlen", gives: ERANGE },
    { asm: `r1 = 0\n${stackPointer(2, -64)}\ncall bpf_strcmp`, gives: ERANGE },
    { asm: `${stackPointer(1, -64)}\nr2 = 0\ncall bpf_strstr`, gives: ERANGE },
  ]),
  probeCase("a text without end", [
    { asm: "r1 = r9\nr1 += 0\ncall bpf_strlen", gives: 0 },
    { asm: `*(u64 *)(r10 -8) = -1\n${stackPointer(1, -8)}\nr2 = 8\ncall bpf_strnlen`, gives: 8 },
  ]),
];
