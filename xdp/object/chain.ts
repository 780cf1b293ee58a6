/**
 * Several XDP programs on one device, as libxdp runs them: a dispatcher calls one after the other, and goes on to the next
 * where a program's action is among its chain-call actions. In the kernel each program takes the place of a function of the
 * dispatcher (freplace); here the same is linked into one program, so that every engine runs it.
 */
import { BPF_CALL, BPF_JMP, BPF_PSEUDO_CALL, assemble } from "../isa/index.js";
import type { Insn } from "../isa/index.js";
import { ObjectError } from "./error.js";
import { setGlobals } from "./globals.js";
import { mergeObjects, moveProgram } from "./merge.js";
import type { Placed } from "./merge.js";
import { VERDICTS } from "../verdict.js";
import type { XdpAction } from "../verdict.js";
import { runConfig } from "./run_config.js";
import type { RunConfig } from "./run_config.js";
import { selectProgram } from "./select.js";
import { spliceFunctions } from "./splice.js";
import type { FunctionSpec, MapSpec, ObjectSpec, ProgramSpec } from "./spec.js";

/** As many programs as libxdp's dispatcher has places for. */
export const MAX_CHAIN = 10;
/** What a place of the dispatcher that holds no program returns; the next one always follows. */
const XDP_DISPATCHER_RETVAL = 31;
/** Name of the program that runs a chain. */
export const CHAIN_ENTRY = "xdp_dispatcher";

/** A program to put in a chain. */
export interface ChainedProgram {
  readonly object: ObjectSpec;
  /** Name of the function or section. Default: the object's only XDP program. */
  readonly program?: string;
  /** Default: what the object says ({@link runConfig}), else 50. Lower runs first; of the same, in order of their names. */
  readonly priority?: number;
  /** Default: what the object says, else XDP_PASS. */
  readonly chainCallActions?: readonly XdpAction[];
}

/** Where a chain's dispatcher comes from, and its name. */
export interface ChainOptions {
  /** libxdp's `xdp-dispatcher.o`. Default: one that does the same. */
  readonly dispatcher?: ObjectSpec;
  /** Name of the chain, for messages. Default: the names of its objects. */
  readonly file?: string;
}

interface Link {
  readonly object: ObjectSpec;
  readonly program: ProgramSpec;
  readonly config: RunConfig;
}

/**
 * One object whose program `xdp_dispatcher` runs the chain; all other programs of the objects are there for tail calls.
 * Maps of several objects that have one name are told apart by the name of their object's program: `second.stats`.
 * @throws ObjectError where there are no or too many programs, one of them is no XDP program of a device, or the dispatcher has no place for them.
 */
export function chainPrograms(programs: readonly ChainedProgram[], { dispatcher, file }: ChainOptions = {}): ObjectSpec {
  const name = file ?? programs.map((p) => p.object.file).join(" + ");
  if (programs.length === 0 || programs.length > MAX_CHAIN) throw new ObjectError(name, "invalid", `a chain has 1 to ${MAX_CHAIN} programs, and this one ${programs.length}`);
  const links = programs.map(linkOf).toSorted(byOrder);
  const frags = links.every((l) => l.program.frags);
  const configured = dispatcher ? configure(dispatcher, links, frags) : builtIn(links);
  const objects = [...new Set([configured, ...links.map((l) => l.object)])];
  const merged = mergeObjects(objects.map((object) => ({ object, label: links.find((l) => l.object === object)?.program.name ?? CHAIN_ENTRY })));
  const placeOf = (object: ObjectSpec): Placed => merged.parts[objects.indexOf(object)] as Placed;
  const names = new Names();
  const rest = objects.slice(1).flatMap((object) => object.programs.map((program) => ({ object, program: { ...moveProgram(program, placeOf(object)), name: names.of(object, program.name) } })));
  const replacements = new Map(links.map((l, i) => [`prog${i}`, moveProgram(l.program, placeOf(l.object))] as const));
  const main = { ...spliceFunctions(name, moveProgram(dispatcherProgram(configured), placeOf(configured)), replacements), name: CHAIN_ENTRY, type: "xdp", frags };
  const maps = merged.maps.map((map, index): MapSpec => {
    const owner = objects.find((object) => placeOf(object).maps.includes(index));
    if (!owner || !map.values) return map;
    const { mapNames } = placeOf(owner);
    return { ...map, values: map.values.map((v) => ({ ...v, ...(v.program === undefined ? {} : { program: names.of(owner, v.program) }), ...(v.map === undefined ? {} : { map: mapNames.get(v.map) ?? v.map }) })) };
  });
  return {
    file: name,
    license: links.find((l) => /GPL/.test(l.object.license))?.object.license ?? (links[0] as Link).object.license,
    programs: [main, ...rest.map((r) => r.program)],
    maps,
    ...(merged.btf ? { btf: merged.btf } : {}),
  };
}

/** Names of programs, unique among all objects. */
class Names {
  readonly #names = new Map<ObjectSpec, Map<string, string>>();
  readonly #taken = new Set<string>([CHAIN_ENTRY]);

  of(object: ObjectSpec, name: string): string {
    const known = this.#names.get(object) ?? new Map<string, string>();
    this.#names.set(object, known);
    const before = known.get(name);
    if (before !== undefined) return before;
    let free = name;
    for (let i = 2; this.#taken.has(free); i++) free = `${name}.${i}`;
    this.#taken.add(free);
    known.set(name, free);
    return free;
  }
}

function linkOf({ object, program: entry, priority, chainCallActions }: ChainedProgram): Link {
  const program = selectProgram(object, entry, { anyType: entry !== undefined });
  // Programs that are written for a dispatcher are of type ext.
  if (program.type !== "xdp" && program.type !== "ext") throw new ObjectError(object.file, "invalid", `program ${program.name} is of type ${program.type}, and a chain runs XDP programs`, program.section);
  if (program.attach !== "device") throw new ObjectError(object.file, "invalid", `program ${program.name} is for a ${program.attach}, and a chain runs on a device`, program.section);
  const config = runConfig(object, program.name);
  return { object, program, config: { priority: priority ?? config.priority, chainCallActions: chainCallActions ?? config.chainCallActions } };
}

function byOrder(a: Link, b: Link): number {
  return a.config.priority - b.config.priority || (a.program.name < b.program.name ? -1 : a.program.name > b.program.name ? 1 : 0);
}

function maskOf({ chainCallActions }: RunConfig): number {
  return chainCallActions.reduce((mask, action) => mask | (1 << VERDICTS.indexOf(action)), 1 << XDP_DISPATCHER_RETVAL) >>> 0;
}

function dispatcherProgram(dispatcher: ObjectSpec): ProgramSpec {
  return selectProgram(dispatcher, dispatcher.programs.some((p) => p.name === CHAIN_ENTRY) ? CHAIN_ENTRY : undefined);
}

/** As many values as the dispatcher has places. */
function padded(values: readonly number[]): readonly number[] {
  return [...values, ...Array.from({ length: MAX_CHAIN - values.length }, () => 0)];
}

/** libxdp's dispatcher, told of its programs. */
function configure(dispatcher: ObjectSpec, links: readonly Link[], frags: boolean): ObjectSpec {
  const main = dispatcherProgram(dispatcher);
  const missing = links.findIndex((_, i) => !main.functions.some((f) => f.name === `prog${i}`));
  if (missing >= 0) throw new ObjectError(dispatcher.file, "invalid", `it is no dispatcher for ${links.length} programs: program ${main.name} calls no function prog${missing}`, main.section);
  const settings: Record<string, unknown> = {
    "conf.num_progs_enabled": links.length,
    "conf.chain_call_actions": padded(links.map((l) => maskOf(l.config))),
    "conf.run_prios": padded(links.map((l) => l.config.priority)),
  };
  const conf = dispatcher.btf?.types.find((t) => t.kind === "struct" && t.name === "xdp_dispatcher_config");
  if (conf?.kind === "struct" && conf.members.some((m) => m.name === "is_xdp_frags")) settings["conf.is_xdp_frags"] = frags ? 1 : 0;
  return setGlobals(dispatcher, settings);
}

/** A dispatcher for just these programs; what each is told is in its instructions. */
function builtIn(links: readonly Link[]): ObjectSpec {
  const insns: Insn[] = [...assemble("r6 = r1")];
  const calls: number[] = [];
  for (const { config } of links) {
    insns.push(...assemble("r1 = r6"));
    calls.push(insns.length);
    // The call's distance is set below. Actions that are no action go on to nothing; the shift takes 6 bits, as the dispatcher's.
    insns.push({ op: BPF_JMP | BPF_CALL, dst: 0, src: BPF_PSEUDO_CALL, off: 0, imm: 0 }, ...assemble(`w1 = ${maskOf(config) | 0}\n w2 = w0\n r1 >>= r2\n r1 &= 1\n if r1 != 0 goto +1\n exit`));
  }
  insns.push(...assemble("r0 = 2\n exit"));
  const functions: FunctionSpec[] = [{ name: CHAIN_ENTRY, start: 0, end: insns.length, linkage: "global" }];
  for (const [i, call] of calls.entries()) {
    insns[call] = { ...(insns[call] as Insn), imm: insns.length - call - 1 };
    functions.push({ name: `prog${i}`, start: insns.length, end: insns.length + 2, linkage: "global" });
    insns.push(...assemble("r0 = 31\n exit"));
  }
  const program: ProgramSpec = { name: CHAIN_ENTRY, section: "xdp", type: "xdp", frags: false, attach: "device", autoload: true, insns, functions, lines: [] };
  return { file: "the built-in dispatcher", license: "", programs: [program], maps: [] };
}
