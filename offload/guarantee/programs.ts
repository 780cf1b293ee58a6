/**
 * The programs of an object as far as a packet can get from its entry: each adapted, judged and walked by the verifier once,
 * and where their tail calls lead.
 */
import { adaptProgram, BPF_CALL, BPF_JMP, defaultTarget, fillKconfig, KFUNC_BY_NAME, LD_IMM64, PathRecorder, verifyProgram } from "../../xdp/index.js";
import type { BtfTarget, MapSpec, ObjectSpec, PathGraph, ProgramSpec } from "../../xdp/index.js";
import type { OffloadProfile } from "../profiles/schema.js";
import { pathCosts } from "./costs.js";
import type { PathCosts } from "./costs.js";

const FUNC_tail_call = 12;
const FUNC_redirect_map = 51;

/** Processors that programs may run on, at least; there is one for each queue. */
const LEAST_CPUS = 8;

export interface Place {
  readonly object: ObjectSpec;
  readonly device: OffloadProfile;
  /** Types that programs are adapted to. Default: the running kernel's, else built-in ones. */
  readonly btf?: BtfTarget;
  readonly kconfig?: Readonly<Record<string, string>>;
}

/** One program, ready to be asked for its paths. */
export interface Subject {
  readonly program: ProgramSpec;
  readonly costs: PathCosts;
  /** The verifier's walk; absent where it cannot be used. */
  readonly graph?: PathGraph;
  /** Why it cannot. */
  readonly why?: string;
  /** Programs that a tail call at a slot may go to. */
  readonly tails: ReadonlyMap<number, readonly string[]>;
}

export class Programs {
  readonly object: ObjectSpec;
  readonly device: OffloadProfile;
  private readonly place: Place;
  private readonly known = new Map<string, Subject>();
  private target: BtfTarget | undefined;

  constructor(place: Place) {
    this.place = place;
    this.device = place.device;
    this.object = fillKconfig(place.object, place.kconfig);
  }

  of(name: string): Subject {
    let subject = this.known.get(name);
    if (subject === undefined) this.known.set(name, (subject = this.make(this.object.programs.find((program) => program.name === name) as ProgramSpec)));
    return subject;
  }

  /** The entry and all that tail calls lead to. */
  reachable(entry: string): Subject[] {
    const names = new Set([entry]);
    for (const name of names) for (const targets of this.of(name).tails.values()) for (const target of targets) names.add(target);
    return [...names].map((name) => this.of(name));
  }

  /** Programs that a redirect into a device or processor map may go on to; none where nothing is redirected there. */
  second(subjects: readonly Subject[]): Subject[] {
    if (!subjects.some(({ program }) => program.insns.some((insn) => insn.op === (BPF_JMP | BPF_CALL) && insn.src === 0 && insn.imm === FUNC_redirect_map))) return [];
    return this.object.programs.filter(({ type, attach }) => type === "xdp" && attach !== "device").map(({ name }) => this.of(name));
  }

  private make(original: ProgramSpec): Subject {
    const { object, device, place } = this;
    const program = adaptProgram(object, original, { btf: () => (this.target ??= place.btf ?? defaultTarget()), hasKfunc: (name) => KFUNC_BY_NAME.has(name) });
    const costs = pathCosts(program, object.maps, device);
    const record = new PathRecorder();
    const verdict = verifyProgram(object, program, { record, btf: place.btf, kconfig: place.kconfig, cpus: Math.max(LEAST_CPUS, device.queues) });
    const why = verdict.accepted ? undefined : `the verifier does not take the program (${verdict.message})`;
    const graph = why === undefined ? record.graph() : undefined;
    return { program, costs, tails: this.tailsOf(program, graph), ...(graph === undefined ? {} : { graph }), ...(why === undefined ? {} : { why }) };
  }

  private tailsOf(program: ProgramSpec, graph: PathGraph | undefined): Map<number, readonly string[]> {
    const all = this.object.programs.filter(({ type, attach }) => type === "xdp" && attach === "device").map(({ name }) => name);
    return new Map(tailCalls(program).filter((slot) => graph === undefined || graph.tails.has(slot)).map((slot) => {
      const tail = graph?.tails.get(slot);
      const arrays = this.object.maps.filter((map) => map.type === "BPF_MAP_TYPE_PROG_ARRAY" && (tail === undefined || tail.maps.size === 0 || tail.maps.has(shortName(map))));
      // What the object puts in is what is there; an array that it leaves to the loader may hold anything.
      const targets = arrays.flatMap(({ values }) => (values === undefined ? all : values.filter(({ key }) => tail?.keys?.has(key) ?? true).map((value) => value.program ?? "")));
      return [slot, [...new Set(targets)].filter((name) => all.includes(name))] as const;
    }));
  }
}

/** A map's name as the verifier has it. */
function shortName({ name }: MapSpec): string {
  return name.replaceAll(/[^A-Za-z0-9_.]/g, "_").slice(0, 15);
}

function tailCalls({ insns }: ProgramSpec): number[] {
  const slots: number[] = [];
  for (let slot = 0; slot < insns.length; slot += insns[slot].op === LD_IMM64 ? 2 : 1) {
    const { op, src, imm } = insns[slot];
    if (op === (BPF_JMP | BPF_CALL) && src === 0 && imm === FUNC_tail_call) slots.push(slot);
  }
  return slots;
}
