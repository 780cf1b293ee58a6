/** What libbpf would load of an object: bpftool loads it in a mount namespace of its own, and a preloaded library writes down what it asks bpf() for. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE, BPF_PSEUDO_MAP_VALUE, LD_IMM64, decode, formatInsn } from "../../isa/index.js";
import type { Insn } from "../../isa/index.js";
import { BPF_F_MMAPABLE, BPF_F_RDONLY_PROG } from "../map_type.js";
import type { MapSpec, ObjectSpec, ProgramSpec } from "../spec.js";

const BPF_MAP_TYPE_DEVMAP = 14;
const BPF_MAP_TYPE_DEVMAP_HASH = 25;
/** The kernel keeps this much of a name. */
const NAME_BYTES = 15;

/** A map as it was created. */
export interface CapturedMap {
  readonly name: string;
  readonly typeId: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
}

/** A program as it was given to the kernel; maps by the file descriptors in its instructions. */
export interface CapturedProgram {
  readonly name: string;
  readonly insns: readonly Insn[];
  readonly maps: ReadonlyMap<number, CapturedMap>;
}

function has(command: string): boolean {
  return spawnSync("which", [command]).status === 0;
}

/** Can programs be loaded here, and the tools for it found? */
export function canCapture(): boolean {
  return process.getuid?.() === 0 && ["bpftool", "cc", "unshare", "mount"].every(has) && spawnSync("bpftool", ["prog", "show"]).status === 0 && spawnSync("unshare", ["-m", "true"]).status === 0;
}

/** An instruction as the kernel's verifier writes it. */
export interface LoggedInsn {
  readonly slot: number;
  readonly op: number;
  readonly text: string;
}

/** Captures what bpftool loads; call {@link Capture.close} when done. */
export class Capture {
  readonly #folder = mkdtempSync(join(tmpdir(), "beeline-capture-"));

  constructor() {
    execFileSync("cc", ["-O1", "-shared", "-fPIC", "-o", join(this.#folder, "capture.so"), fileURLToPath(new URL("capture.c", import.meta.url)), "-ldl"]);
  }

  /**
   * Programs that libbpf gave to the kernel, whether or not it took them.
   * @param btf raw BTF that libbpf shall take for the kernel's.
   */
  load(object: string, btf?: Uint8Array): readonly CapturedProgram[] {
    const output = join(this.#folder, "out");
    rmSync(output, { force: true });
    const kernel = join(this.#folder, "btf");
    if (btf) writeFileSync(kernel, btf);
    this.#bpftool(output, object, btf ? kernel : undefined);
    return existsSync(output) ? parseCapture(readFileSync(output, "utf8")) : [];
  }

  /** What the verifier says of each program of an object, instructions only, by name of the program. */
  log(object: string): ReadonlyMap<string, readonly LoggedInsn[]> {
    return parseLog(this.#bpftool("/dev/null", object));
  }

  #bpftool(output: string, object: string, btf = ""): string {
    // A bpffs of its own: nothing that the object pins stays.
    const script = `mount -t bpf bpf /sys/fs/bpf && { test -z "$4" || mount --bind "$4" /sys/kernel/btf/vmlinux; } && exec env CAPTURE="$1" LD_PRELOAD="$2" bpftool -d prog loadall "$3" /sys/fs/bpf/all`;
    return spawnSync("unshare", ["-m", "sh", "-c", script, "sh", output, join(this.#folder, "capture.so"), object, btf], { encoding: "utf8", maxBuffer: 64 << 20, timeout: 60_000 }).stderr;
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function parseCapture(text: string): readonly CapturedProgram[] {
  const programs = new Map<string, { name: string; insns: readonly Insn[]; maps: Map<number, CapturedMap> }>();
  let current: Map<number, CapturedMap> | undefined;
  for (const line of text.split("\n")) {
    const [kind, ...fields] = line.split(" ");
    if (kind === "prog") {
      const [name = "", , hex = ""] = fields;
      current = new Map();
      // The same once more, to get a log; names that the kernel cuts may be several programs'.
      if (!programs.has(name + hex)) programs.set(name + hex, { name, insns: decode(new Uint8Array(Buffer.from(hex, "hex"))), maps: current });
    } else if (kind === "map") {
      const [fd = "", name = "", ...numbers] = fields;
      const [typeId = 0, keySize = 0, valueSize = 0, maxEntries = 0, flags = 0] = numbers.map(Number);
      current?.set(Number(fd), { name, typeId, keySize, valueSize, maxEntries, flags });
    }
  }
  return [...programs.values()];
}

function parseLog(text: string): ReadonlyMap<string, readonly LoggedInsn[]> {
  const programs = new Map<string, LoggedInsn[]>();
  let current: LoggedInsn[] | undefined;
  for (const line of text.split("\n")) {
    const begin = /prog '([^']+)': -- BEGIN PROG LOAD LOG --/.exec(line);
    if (begin) {
      current = [];
      programs.set(begin[1] as string, current);
    }
    if (line.includes("-- END PROG LOAD LOG --")) current = undefined;
    // With or without the list of live registers; what is known of registers follows a semicolon.
    const insn = /^ *(\d+): (?:[.\d]{10} )?\(([0-9a-f]{2})\) (.*?)(?: *;.*)?$/.exec(line);
    if (insn) current?.push({ slot: Number(insn[1]), op: Number.parseInt(insn[2] as string, 16), text: insn[3] as string });
  }
  return programs;
}

/** Differences between a program of ours and what libbpf loads, one line each; what is adapted to the kernel (CO-RE, functions and variables) is left out. */
export function differences(spec: ObjectSpec, ours: ProgramSpec, theirs: CapturedProgram): readonly string[] {
  if (ours.insns.length !== theirs.insns.length) return [`${ours.name}: ${ours.insns.length} slots, libbpf ${theirs.insns.length}`];
  const adapted = new Set([...(ours.coreRelocations ?? []), ...(ours.externs ?? []).filter((e) => e.kind !== "kconfig")].map((r) => r.insn));
  const out: string[] = [];
  for (let i = 0; i < ours.insns.length; ) {
    const a = ours.insns[i] as Insn;
    const b = theirs.insns[i] as Insn;
    const wide = a.op === LD_IMM64;
    if (!adapted.has(i)) {
      const highs = wide ? [ours.insns[i + 1]?.imm, theirs.insns[i + 1]?.imm] : [];
      const same = a.op === b.op && a.dst === b.dst && a.off === b.off && highs[0] === highs[1] && (isMap(a) ? sameMap(spec.maps[a.imm], theirs.maps.get(b.imm)) && b.src === kernelSource(a) : a.src === b.src && a.imm === b.imm);
      if (!same) out.push(`${ours.name} ${i}: ${formatInsn(a, ours.insns[i + 1])} / ${formatInsn(b, theirs.insns[i + 1])} ${JSON.stringify(isMap(a) ? [spec.maps[a.imm], theirs.maps.get(b.imm)] : [a, b])}`);
    }
    i += wide ? 2 : 1;
  }
  return out;
}

/** Is a captured program this one of ours? */
export function isCaptureOf(program: ProgramSpec, captured: CapturedProgram): boolean {
  return captured.name === program.name.slice(0, NAME_BYTES);
}

function isMap({ op, src }: Insn): boolean {
  return op === LD_IMM64 && (src === BPF_PSEUDO_MAP_IDX || src === BPF_PSEUDO_MAP_IDX_VALUE);
}

function kernelSource({ src }: Insn): number {
  return src === BPF_PSEUDO_MAP_IDX ? BPF_PSEUDO_MAP_FD : BPF_PSEUDO_MAP_VALUE;
}

function sameMap(ours: MapSpec | undefined, theirs: CapturedMap | undefined): boolean {
  if (!ours || !theirs) return false;
  // libbpf puts the object's name before the section's, and leaves out what does not fit.
  const named = theirs.name === ours.name.slice(0, NAME_BYTES) || (ours.dataSection !== undefined && theirs.name.endsWith(ours.dataSection));
  // Before libbpf 1.2, data that user space cannot name was mappable too.
  // The kernel itself makes device maps read-only for programs.
  const since = ours.dataSection !== undefined ? BPF_F_MMAPABLE : ours.typeId === BPF_MAP_TYPE_DEVMAP || ours.typeId === BPF_MAP_TYPE_DEVMAP_HASH ? BPF_F_RDONLY_PROG : 0;
  return named && ours.typeId === theirs.typeId && ours.keySize === theirs.keySize && ours.valueSize === theirs.valueSize && (ours.flags | since) === (theirs.flags | since) && (ours.maxEntries === 0 || ours.maxEntries === theirs.maxEntries);
}
