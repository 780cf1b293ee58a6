/** Which programs are compared, on which frames, with which maps. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ObjectSpec, ProgramSpec } from "../../xdp/object/index.js";
import { loadObject, ObjectError } from "../../xdp/object/index.js";
import type { Work } from "./engines.js";
import { scrambled, varied } from "./frames.js";
import type { Seed } from "./seeds.js";
import { seedBalancer, seedDispatcher, seedFloodFilter, seedPerCpu, seedPrefixes, seedTargets, seedXdpFilter } from "./seeds.js";

export interface Case extends Work {
  /** Object and program, and what sets the case apart from others of the same program. */
  readonly name: string;
}

/** A program that cannot be compared, and why. */
export interface Skipped {
  readonly name: string;
  readonly reason: string;
}

const OWN = fileURLToPath(new URL("programs", import.meta.url));
const FLOOD = fileURLToPath(new URL("../../scenarios/dos-udp-flood", import.meta.url));
/** Where Debian's xdp-tools package has its objects. */
const XDP_TOOLS = ["/usr/lib/x86_64-linux-gnu/bpf", "/usr/lib/aarch64-linux-gnu/bpf", "/usr/lib/bpf"];

/** Programs that look at what the frames are; all others of ours decide by random bytes. */
const REAL_TRAFFIC = /^(parse|filter|csum_translate|vlan_push_pop|encapsulate|balancer|tcp_)/;

const SEEDS: Readonly<Record<string, Seed>> = {
  filter: seedPrefixes,
  redirect_any: seedTargets,
  redirect_devmap: seedTargets,
  redirect_devmap_hash: seedTargets,
  redirect_cpumap: seedTargets,
  redirect_lookup: seedTargets,
  helpers_percpu: seedPerCpu,
  balancer: seedBalancer,
};

/** 2^31: the verdict of a dispatcher's empty slot, after which the next one runs. */
const CHAIN = 2 ** 31;
const DISPATCHER: readonly { readonly name: string; readonly seed: Seed }[] = [
  { name: "none in use", seed: seedDispatcher(0, []) },
  { name: "all chained", seed: seedDispatcher(10, Array.from({ length: 10 }, () => CHAIN + 4)) },
  { name: "the fourth ends it", seed: seedDispatcher(10, [CHAIN, CHAIN, CHAIN, 4, CHAIN]) },
];

function objectsIn(folder: string): ObjectSpec[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".o"))
    .toSorted()
    .map((name) => loadObject(readFileSync(join(folder, name)), name));
}

/** Our own programs. */
export function ownCases(): Case[] {
  return objectsIn(OWN).flatMap((object) =>
    object.programs.map(({ name: entry }) => ({
      name: `${object.file}/${entry}`,
      object,
      entry,
      frames: REAL_TRAFFIC.test(entry) ? varied : scrambled,
      seed: SEEDS[entry],
    })),
  );
}

/** Programs of scenarios, so far as their verdicts can do without a clock. */
export function scenarioCases(): Case[] {
  const [object] = objectsIn(FLOOD);
  const [{ name: entry }] = object.programs;
  return [{ name: `dos-udp-flood/${entry}`, object, entry, frames: varied, seed: seedFloodFilter, ignoredMaps: ["buckets"] }];
}

/** Programs of the xdp-tools package, where it is installed. */
export function xdpToolsCases(): { readonly cases: readonly Case[]; readonly skipped: readonly Skipped[] } {
  const folder = XDP_TOOLS.find((path) => existsSync(join(path, "xdp-dispatcher.o")));
  if (folder === undefined) return { cases: [], skipped: [{ name: "xdp-tools", reason: "the package is not installed" }] };
  const cases: Case[] = [];
  const skipped: Skipped[] = [];
  for (const object of objectsIn(folder)) {
    for (const { name: entry, type, section } of object.programs) {
      const name = `${object.file}/${entry}`;
      if (type !== "xdp") skipped.push({ name, reason: `${section} is not an XDP program` });
      else if (entry === "xdp_dispatcher") cases.push(...DISPATCHER.map((variant) => ({ name: `${name}, ${variant.name}`, object, entry, frames: varied, seed: variant.seed })));
      else if (object.file.startsWith("xdpfilt_")) cases.push({ name: `${name}, empty`, object, entry, frames: varied }, { name: `${name}, seeded`, object, entry, frames: varied, seed: seedXdpFilter });
      else cases.push({ name, object, entry, frames: varied });
    }
  }
  return { cases, skipped };
}

/** Helpers whose answers differ from run to run: time and randomness. */
const NOT_REPEATABLE: ReadonlySet<number> = new Set([5, 7, 118, 125, 160, 208]);

const BPF_CALL = 0x85;
const BPF_FUNC_tail_call = 12;

function helpersOf({ insns }: ProgramSpec): number[] {
  return insns.filter(({ op, src }) => op === BPF_CALL && src === 0).map(({ imm }) => imm);
}

function isRepeatable(object: ObjectSpec, program: ProgramSpec): boolean {
  const reached = helpersOf(program).includes(BPF_FUNC_tail_call) ? object.programs : [program];
  return !reached.some((spec) => helpersOf(spec).some((helper) => NOT_REPEATABLE.has(helper)));
}

/**
 * Programs of all objects in the folders that DIFFERENTIAL_OBJECTS names (separated by colons, searched to the bottom): a way to try the engines
 * on whatever one has, maps empty. What no engine of ours or the kernel loads is skipped.
 */
export function furtherCases(): { readonly cases: readonly Case[]; readonly skipped: readonly Skipped[] } {
  const cases: Case[] = [];
  const skipped: Skipped[] = [];
  const folders = (process.env["DIFFERENTIAL_OBJECTS"] ?? "").split(":").filter((folder) => folder !== "");
  for (const file of folders.flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)))) {
    if (!file.endsWith(".o")) continue;
    try {
      const object = loadObject(readFileSync(file), file);
      for (const program of object.programs.filter(({ type, attach }) => type === "xdp" && attach === "device")) {
        const name = `${file}/${program.name}`;
        if (isRepeatable(object, program)) cases.push({ name, object, entry: program.name, frames: varied });
        else skipped.push({ name, reason: "it depends on time or randomness" });
      }
    } catch (error) {
      if (!(error instanceof ObjectError)) throw error;
      skipped.push({ name: file, reason: error.message });
    }
  }
  return { cases, skipped };
}
