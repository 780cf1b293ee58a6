/** Values of kernel settings: what the user says, else what Beeline's kernel has; written as `.config` files have them (`y`, `250`, `"text"`). */
import { resolved, sizeOfType, typeName } from "./btf_types.js";
import { ObjectError } from "./error.js";
import { KCONFIG, kconfigVariables } from "./kconfig.js";
import type { KconfigVariable } from "./kconfig.js";
import type { BtfSpec, MapSpec, ObjectSpec, ProgramSpec } from "./spec.js";

/**
 * Settings of the kernel that Beeline stands for: 6.18, x86-64, everything that networking needs built in.
 * CONFIG_HZ is what bpf_jiffies64 counts in.
 */
export const KCONFIG_DEFAULTS: Readonly<Record<string, string>> = {
  LINUX_KERNEL_VERSION: "6.18.0",
  LINUX_HAS_BPF_COOKIE: "1",
  LINUX_HAS_SYSCALL_WRAPPER: "1",
  CONFIG_HZ: "250",
  CONFIG_NR_CPUS: "256",
  CONFIG_64BIT: "y",
  CONFIG_X86: "y",
  CONFIG_X86_64: "y",
  CONFIG_X86_L1_CACHE_SHIFT: "6",
  CONFIG_X86_INTERNODE_CACHE_SHIFT: "6",
  CONFIG_PGTABLE_LEVELS: "4",
  CONFIG_PHYSICAL_START: "0x1000000",
  CONFIG_SMP: "y",
  CONFIG_NET: "y",
  CONFIG_INET: "y",
  CONFIG_IPV6: "y",
  CONFIG_BPF: "y",
  CONFIG_BPF_SYSCALL: "y",
  CONFIG_BPF_JIT: "y",
  CONFIG_BPF_JIT_ALWAYS_ON: "y",
  CONFIG_BPF_EVENTS: "y",
  CONFIG_DEBUG_INFO_BTF: "y",
  CONFIG_XDP_SOCKETS: "y",
  CONFIG_PAGE_POOL: "y",
  CONFIG_NETFILTER: "y",
  CONFIG_NF_CONNTRACK: "y",
  CONFIG_DEFAULT_HOSTNAME: '"(none)"',
  CONFIG_DEFAULT_TCP_CONG: '"cubic"',
};

/** Values of enum libbpf_tristate, and of settings that may be modules. */
const TRISTATE: Readonly<Record<string, bigint>> = { n: 0n, y: 1n, m: 2n };

/**
 * The object with values in `.kconfig`; the object itself where it declares no settings.
 * @param values by name; what is not there has {@link KCONFIG_DEFAULTS}' value, and `n` where that has none.
 * @param programs those that will run: what others name need not have a value.
 * @throws ObjectError for a value that its setting cannot have, and a number or text that nobody gave.
 */
export function fillKconfig(object: ObjectSpec, values: Readonly<Record<string, string>> = {}, programs: readonly ProgramSpec[] = object.programs): ObjectSpec {
  const { btf, maps } = object;
  const index = maps.findIndex((m) => m.dataSection === KCONFIG);
  const map = maps[index];
  if (!btf || !map) return object;
  const named = new Map<string, boolean>();
  for (const { name, kind, weak } of programs.flatMap((p) => p.externs ?? [])) if (kind === "kconfig") named.set(name, weak && (named.get(name) ?? true));
  const bytes = new Uint8Array(map.valueSize);
  for (const variable of kconfigVariables(btf)) {
    const text = values[variable.name] ?? KCONFIG_DEFAULTS[variable.name];
    const place = bytes.subarray(variable.offset, variable.offset + variable.size);
    if (text !== undefined) write(object.file, btf, variable, place, text.trim());
    else if (named.get(variable.name) === false) writeAbsent(object.file, btf, variable, place);
  }
  const filled: MapSpec = { ...map, initial: Buffer.from(bytes).toString("base64") };
  return { ...object, maps: maps.with(index, filled) };
}

/** Settings that are off are not in `.config` files at all; a number or a text has no such value. */
function writeAbsent(file: string, btf: BtfSpec, variable: KconfigVariable, place: Uint8Array): void {
  const type = resolved(btf, variable.typeId);
  if (type.kind === "enum" || (type.kind === "int" && type.bool)) return;
  if (type.kind === "int" && type.size === 1) place[0] = "n".charCodeAt(0);
  else throw new ObjectError(file, "unsupported", `the program needs the kernel setting ${typeName(btf, variable.typeId, variable.name)}, which has no value here: give it one (kconfig: ${variable.name}: …)`, KCONFIG);
}

function write(file: string, btf: BtfSpec, variable: KconfigVariable, place: Uint8Array, text: string): void {
  const invalid = (problem: string): ObjectError => new ObjectError(file, "invalid", `setting ${variable.name} cannot be ${text}: ${problem}`, KCONFIG);
  const declared = typeName(btf, variable.typeId);
  const type = resolved(btf, variable.typeId);
  if (type.kind === "array") {
    const element = resolved(btf, type.type);
    if (element.kind !== "int" || element.bool || sizeOfType(btf, type.type) !== 1) throw invalid(`it is declared as ${declared}, and settings are numbers, y, m, n and text`);
    const quoted = /^"(.*)"$/s.exec(text);
    // What does not fit is cut, and ends with a zero byte all the same.
    place.set(new TextEncoder().encode(quoted?.[1] ?? text).subarray(0, Math.max(0, place.length - 1)));
    return;
  }
  if (text.startsWith('"')) throw invalid(`it is declared as ${declared}, and text needs an array of char`);
  const choice = TRISTATE[text];
  if (type.kind === "enum") {
    if (type.name !== "libbpf_tristate") throw invalid(`it is declared as ${declared}, and the only enumeration of settings is enum libbpf_tristate`);
    if (choice === undefined) throw invalid(`it is declared as ${declared}, which is y, m or n`);
    writeInteger(place, choice);
    return;
  }
  if (type.kind !== "int") throw invalid(`it is declared as ${declared}, and settings are numbers, y, m, n and text`);
  if (choice !== undefined) {
    if (type.bool && choice !== 2n) writeInteger(place, choice);
    else if (!type.bool && type.size === 1) writeInteger(place, BigInt(text.charCodeAt(0)));
    else throw invalid(type.bool ? "m is no bool" : `it is declared as ${declared}, which is a number`);
    return;
  }
  const value = integer(variable.name, text);
  if (value === undefined) throw invalid(`it is declared as ${declared}, and this is no number`);
  const bits = BigInt(type.size * 8);
  const [least, most] = type.bool ? [0n, 1n] : type.signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
  if (value < least || value > most) throw invalid(`it is declared as ${declared}, which is ${least} to ${most}`);
  writeInteger(place, value);
}

/** Decimal, hexadecimal; a kernel's version also as `6.18` or `6.18.3`. */
function integer(name: string, text: string): bigint | undefined {
  const version = name === "LINUX_KERNEL_VERSION" ? /^(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?$/.exec(text) : null;
  // The last part has 8 bits.
  if (version) return (BigInt(version[1] as string) << 16n) | (BigInt(version[2] as string) << 8n) | BigInt(Math.min(255, Number(version[3] ?? 0)));
  const match = /^(-?)(0x[0-9a-f]+|\d+)$/i.exec(text);
  return match ? BigInt(match[2] as string) * (match[1] === "-" ? -1n : 1n) : undefined;
}

function writeInteger(place: Uint8Array, value: bigint): void {
  let rest = BigInt.asUintN(64, value);
  for (let i = 0; i < place.length; i++, rest >>= 8n) place[i] = Number(rest & 0xffn);
}
