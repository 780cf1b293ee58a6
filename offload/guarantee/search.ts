/**
 * Tightens a bound: goes through paths from the slowest down, each with the conditions under which it is taken, and leaves
 * those whose conditions contradict each other. The first that is left is the slowest path for all that can be told; what is
 * still waiting when the budget is used up bounds it, too. The budget counts instructions, so that results are repeatable.
 */
import type { PathGraph, ProgramSpec } from "../../xdp/index.js";
import type { Level, Slowest } from "./bound.js";
import { Heap } from "./heap.js";
import type { PathStep } from "./steps.js";
import { Machine } from "./symbolic/machine.js";
import type { PathState } from "./symbolic/state.js";
import { WalkPaths } from "./walk.js";

/** How much a search may do. */
export interface Budget {
  /** Instructions that are followed. */
  readonly steps: number;
  /** Paths that may wait. */
  readonly waiting: number;
  /** Complete paths that are given. */
  readonly paths: number;
}

export const BUDGET: Budget = { steps: 200_000, waiting: 5_000, paths: 12 };

/** A path from the entry to its end, with what it takes to go it. */
export interface FoundPath {
  readonly cycles: number;
  readonly state: PathState;
  steps(): Generator<PathStep>;
}

export interface Search {
  /** No path is slower. */
  readonly bound: number;
  /** Complete paths that nothing contradicts, slowest first. */
  readonly paths: readonly FoundPath[];
  /** The first of them is as slow as the bound. */
  readonly reached: boolean;
  /** Followed instructions, and paths that were left because they contradict themselves. */
  readonly followed: number;
  readonly contradicted: number;
  readonly machine: Machine;
}

/** A node of a program's walk, on the way. */
interface Waiting {
  readonly before: Waiting | undefined;
  readonly left: number;
  readonly level: Level;
  readonly node: number;
  readonly state: PathState;
  readonly cycles: number;
}

/** Where paths can be followed: over walks without loops that count as a whole. */
export function canSearch({ levels, second }: Slowest): boolean {
  return second === undefined && levels.every((level) => [...level.values()].every(({ paths }) => paths instanceof WalkPaths && paths.rest() !== undefined));
}

export function search(slowest: Slowest, maps: ConstructorParameters<typeof Machine>[0], budget: Budget): Search {
  return new Searcher(slowest, new Machine(maps), budget).run();
}

class Searcher {
  private readonly slowest: Slowest;
  private readonly machine: Machine;
  private readonly budget: Budget;
  private readonly heap = new Heap<Waiting>();
  private readonly found: FoundPath[] = [];
  private followed = 0;
  private contradicted = 0;

  constructor(slowest: Slowest, machine: Machine, budget: Budget) {
    this.slowest = slowest;
    this.machine = machine;
    this.budget = budget;
  }

  run(): Search {
    const { slowest, budget, heap } = this;
    const left = slowest.levels.length - 1;
    this.enter(undefined, left, slowest.levels[left].get(slowest.entry) as Level, this.machine.start(), 0);
    let bound: number | undefined;
    while (this.followed < budget.steps && heap.size < budget.waiting) {
      const most = heap.most;
      const waiting = heap.pop();
      if (waiting === undefined) break;
      if (this.expand(waiting)) {
        bound ??= most;
        if (this.found.length >= budget.paths) break;
      }
    }
    const reached = bound !== undefined;
    bound ??= heap.size > 0 ? heap.most : 0;
    // Nothing complete was found from the top: the slowest that can be found from where it stands.
    if (!reached) this.dive();
    return { bound, paths: this.found, reached, followed: this.followed, contradicted: this.contradicted, machine: this.machine };
  }

  /** Deepest first, the slower way first; as much again as the budget, for a path at all. */
  private dive(): void {
    const { heap, budget } = this;
    const until = this.followed + budget.steps / 2;
    while (heap.size > 0 && this.followed < until && this.found.length < budget.paths) {
      const stack = [heap.pop() as Waiting];
      const start = Math.min(until, this.followed + budget.steps / 16);
      while (stack.length > 0 && this.followed < start) {
        const next = new Heap<Waiting>();
        if (this.expand(stack.pop() as Waiting, next)) break;
        const ways: Waiting[] = [];
        for (let way = next.pop(); way !== undefined; way = next.pop()) ways.push(way);
        stack.push(...ways.toReversed());
      }
    }
  }

  private enter(before: Waiting | undefined, left: number, level: Level, state: PathState, cycles: number, heap = this.heap): void {
    const { paths } = level;
    if (!(paths instanceof WalkPaths)) return;
    const node = (level.subject.graph as PathGraph).roots.get(0) as number;
    const rest = (paths.rest() as Float64Array)[node];
    heap.push(cycles + paths.before + rest, { before, left, level, node, state, cycles: cycles + paths.before });
  }

  /** Follows a node; its ways on wait. True where it was the end of a path. */
  private expand(waiting: Waiting, heap = this.heap): boolean {
    const { level, node, left } = waiting;
    const { program, graph, tails } = level.subject;
    const paths = level.paths as WalkPaths;
    const { steps, starts, edges, edgeStarts } = graph as PathGraph;
    let states = [waiting.state];
    let { cycles } = waiting;
    const end = starts[node + 1] - 1;
    for (let at = starts[node]; at < end && states.length > 0; at++) {
      states = this.follow(states, program, steps[at], steps[at + 1]);
      cycles += paths.step(steps[at], steps[at + 1]);
    }
    if (states.length === 0) return false;
    const last = steps[end];
    if (edgeStarts[node] === edgeStarts[node + 1]) {
      const [state] = this.follow(states, program, last, -1);
      if (state === undefined) return false;
      this.found.push({ cycles: cycles + paths.step(last, -1), state, steps: () => stepsOf(waiting) });
      return true;
    }
    const rest = paths.rest() as Float64Array;
    // From a function it comes back to the caller: that is a way of the walk.
    const tail = left === 0 || states[0].frames.length > 1 ? undefined : tails.get(last);
    for (const name of tail ?? []) {
      const target = this.slowest.levels[left - 1].get(name);
      if (target === undefined) continue;
      for (const state of states) {
        const entered = state.copy();
        if (entered.tailCall(this.machine.exprs, name, this.machine.maps)) this.enter(waiting, left - 1, target, entered, cycles + paths.step(last, -1), heap);
      }
    }
    for (let edge = edgeStarts[node]; edge < edgeStarts[node + 1]; edge++) {
      const to = edges[edge];
      const next = steps[starts[to]];
      const onward = cycles + paths.step(last, next);
      const copies = edge + 1 < edgeStarts[node + 1] ? states.map((state) => state.copy()) : states;
      for (const state of this.follow(copies, program, last, next)) heap.push(onward + rest[to], { before: waiting, left, level, node: to, state, cycles: onward });
    }
    return false;
  }

  private follow(states: readonly PathState[], program: ProgramSpec, slot: number, next: number): PathState[] {
    this.followed += states.length;
    if (states.length === 1) {
      const after = this.machine.step(states[0], program, slot, next);
      if (after.length === 0) this.contradicted++;
      return after;
    }
    return states.flatMap((state) => this.machine.step(state, program, slot, next));
  }
}

/** Instructions of the path that ends with a node. */
function* stepsOf(end: Waiting): Generator<PathStep> {
  const nodes: Waiting[] = [];
  for (let one: Waiting | undefined = end; one !== undefined; one = one.before) nodes.push(one);
  nodes.reverse();
  for (const [i, { level, node }] of nodes.entries()) {
    const { graph } = level.subject;
    const { steps, starts } = graph as PathGraph;
    const follower = nodes[i + 1];
    const beyond = follower !== undefined && follower.level === level ? steps[starts[follower.node]] : -1;
    for (let at = starts[node]; at < starts[node + 1]; at++) yield* (level.paths as WalkPaths).stepAt(steps[at], at + 1 < starts[node + 1] ? steps[at + 1] : beyond);
  }
}
