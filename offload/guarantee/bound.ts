/** The slowest path of a packet through all programs that it can get to: tail calls included, as often as the kernel lets them. */
import { abi } from "../../xdp/index.js";
import type { Account } from "./costs.js";
import { FlowPaths } from "./flow.js";
import type { Programs, Subject } from "./programs.js";
import type { Beyond, LongestPath } from "./steps.js";
import { WalkPaths } from "./walk.js";

const NOTHING: Beyond = { tail: () => undefined };

/** Which of a program's accounts. */
export type Ask = number | "memory";

/** The slowest path from the beginning of `entry`, by one account. Throws GuaranteeError where there is no bound. */
export function slowest(programs: Programs, entry: string, ask: Ask): LongestPath {
  const subjects = programs.reachable(entry);
  const first = chain(subjects, entry, ask);
  const second = programs.second(subjects).map((subject) => chain(programs.reachable(subject.program.name), subject.program.name, ask));
  if (second.length === 0) return first;
  const longest = second.reduce((a, b) => (b.cycles > a.cycles ? b : a));
  return {
    cycles: first.cycles + longest.cycles,
    *steps() {
      yield* first.steps();
      yield* longest.steps();
    },
  };
}

/** By how many tail calls may still follow, up from none; where another makes nothing slower, all are known. */
function chain(subjects: readonly Subject[], entry: string, ask: Ask): LongestPath {
  let before: ReadonlyMap<string, LongestPath> = new Map();
  for (let left = 0; ; left++) {
    const reached = before;
    const now = new Map(subjects.map((subject) => [subject.program.name, pathsOf(subject, ask, beyond(subject, reached)).longest()]));
    if (left === abi.MAX_TAIL_CALLS || [...now].every(([name, { cycles }]) => cycles === reached.get(name)?.cycles)) return now.get(entry) as LongestPath;
    if (subjects.length === 1 && subjects[0].tails.size === 0) return now.get(entry) as LongestPath;
    before = now;
  }
}

function beyond(subject: Subject, reached: ReadonlyMap<string, LongestPath>): Beyond {
  if (reached.size === 0 || subject.tails.size === 0) return NOTHING;
  const slowestAt = new Map<number, LongestPath>();
  for (const [slot, names] of subject.tails) {
    const targets = names.map((name) => reached.get(name)).filter((path) => path !== undefined);
    if (targets.length > 0) slowestAt.set(slot, targets.reduce((a, b) => (b.cycles > a.cycles ? b : a)));
  }
  return { tail: (slot) => slowestAt.get(slot) };
}

/** Paths of one program by one account: over the verifier's walk where there is one. */
export function pathsOf(subject: Subject, ask: Ask, reached: Beyond): WalkPaths | FlowPaths {
  const { program, costs, graph } = subject;
  const account: Account = ask === "memory" ? costs.memory : costs.accounts[ask];
  return graph === undefined ? new FlowPaths(costs, account, reached, subject.why ?? "the verifier's walk is not known") : new WalkPaths(program, graph, account, reached);
}
