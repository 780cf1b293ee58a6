/** The slowest path of a packet through all programs that it can get to: tail calls included, as often as the kernel lets them. */
import { abi } from "../../xdp/index.js";
import type { Account } from "./costs.js";
import { FlowPaths } from "./flow.js";
import type { Programs, Subject } from "./programs.js";
import type { Beyond, LongestPath } from "./steps.js";
import { WalkPaths } from "./walk.js";

/** Which of a program's accounts. */
export type Ask = number | "memory";

/** One program's paths, with a certain number of tail calls left. */
export interface Level {
  readonly subject: Subject;
  readonly paths: WalkPaths | FlowPaths;
  readonly longest: LongestPath;
}

/** The slowest paths of an entry and of all that it leads to. */
export interface Slowest {
  readonly entry: string;
  readonly longest: LongestPath;
  /** Programs by how many more tail calls can follow, as far as more of them make anything slower. */
  readonly levels: readonly ReadonlyMap<string, Level>[];
  /** What a program runs on to that a packet is redirected to; its cycles are in `longest`. */
  readonly second: LongestPath | undefined;
}

/** The slowest path from the beginning of `entry`, by one account. Throws GuaranteeError where there is no bound. */
export function slowest(programs: Programs, entry: string, ask: Ask): Slowest {
  const subjects = programs.reachable(entry);
  const levels = chain(subjects, ask);
  const first = last(levels, entry);
  const seconds = programs.second(subjects).map(({ program: { name } }) => last(chain(programs.reachable(name), ask), name));
  if (seconds.length === 0) return { entry, longest: first, levels, second: undefined };
  const second = seconds.reduce((a, b) => (b.cycles > a.cycles ? b : a));
  return { entry, longest: joined(first, second), levels, second };
}

function last(levels: readonly ReadonlyMap<string, Level>[], name: string): LongestPath {
  return (levels[levels.length - 1].get(name) as Level).longest;
}

function joined(first: LongestPath, second: LongestPath): LongestPath {
  return {
    cycles: first.cycles + second.cycles,
    *steps() {
      yield* first.steps();
      yield* second.steps();
    },
  };
}

/** Up from no tail call that may still follow; where another makes nothing slower, all are known. */
function chain(subjects: readonly Subject[], ask: Ask): ReadonlyMap<string, Level>[] {
  const levels: ReadonlyMap<string, Level>[] = [];
  const hasTails = subjects.some(({ tails }) => tails.size > 0);
  for (let left = 0; ; left++) {
    const before = levels[left - 1];
    const now = new Map(subjects.map((subject): [string, Level] => {
      const paths = pathsOf(subject, ask, beyond(subject, before));
      return [subject.program.name, { subject, paths, longest: paths.longest() }];
    }));
    levels.push(now);
    if (!hasTails || left === abi.MAX_TAIL_CALLS || [...now].every(([name, { longest }]) => longest.cycles === before?.get(name)?.longest.cycles)) return levels;
  }
}

function beyond(subject: Subject, before: ReadonlyMap<string, Level> | undefined): Beyond {
  const slowestAt = new Map<number, LongestPath>();
  for (const [slot, names] of before === undefined ? [] : subject.tails) {
    const targets = names.map((name) => before?.get(name)?.longest).filter((path) => path !== undefined);
    if (targets.length > 0) slowestAt.set(slot, targets.reduce((a, b) => (b.cycles > a.cycles ? b : a)));
  }
  return { tail: (slot) => slowestAt.get(slot) };
}

/** Paths of one program by one account: over the verifier's walk where there is one. */
function pathsOf(subject: Subject, ask: Ask, reached: Beyond): WalkPaths | FlowPaths {
  const { program, costs, graph } = subject;
  const account: Account = ask === "memory" ? costs.memory : costs.accounts[ask];
  return graph === undefined ? new FlowPaths(costs, account, reached, subject.why ?? "the verifier's walk is not known") : new WalkPaths(program, graph, account, reached);
}
