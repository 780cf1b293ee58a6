/**
 * The slowest path over the verifier's walk. Where nothing turns the walk is free of cycles, and the longest way through it
 * is found in one pass. A cycle is a loop that turns at most so often (an iterator, a helper that calls back, may_goto): it
 * counts as its slowest turn that many times, inner loops in it first.
 */
import type { PathGraph, ProgramSpec } from "../../xdp/index.js";
import { calledFunction, comesBack, stepCost } from "./costs.js";
import type { Account } from "./costs.js";
import { GuaranteeError } from "./errors.js";
import { placeOf } from "./place.js";
import { turnsBefore } from "./turns.js";
import { repeated } from "./steps.js";
import type { Beyond, LongestPath, PathStep } from "./steps.js";

const END = -1;
const TAIL = -2;
const MAY_GOTO = 0xe5;

/** A loop that counts as a whole. */
interface Loop {
  readonly cycles: number;
  /** Turns. */
  readonly times: number;
  /** Where the longest way begins that comes in from outside, and the longest of another turn; ways without turns. */
  readonly entry: number;
  readonly first: number;
  readonly inner: Ways;
  /** What going into another turn costs, on the instruction that turns. */
  readonly turn: { readonly slot: number; readonly cycles: number };
  /** Node that the loop is left from. */
  exit: number;
}

/** Longest ways from nodes. */
interface Ways {
  readonly best: Map<number, number> | Float64Array;
  /** Next node, END or TAIL. */
  readonly next: Map<number, number> | Int32Array;
  readonly loops: Map<number, Loop>;
}

/** What may be walked: nodes, less turns of loops that are dealt with. */
interface Region {
  readonly roots: Iterable<number>;
  has(node: number): boolean;
  readonly turned: ReadonlySet<number>;
  /** A path may end at every node. */
  readonly open: boolean;
  /** Where paths may begin. */
  readonly starts: ReadonlySet<number>;
}

/** Longest paths of one program by one account. */
export class WalkPaths {
  private readonly program: ProgramSpec;
  private readonly graph: PathGraph;
  private readonly account: Account;
  private readonly beyond: Beyond;
  private readonly own: Float64Array;
  private readonly made = new Map<number, Int32Array>();
  private readonly functions = new Map<number, { cycles: number; node: number; ways: Ways }>();

  constructor(program: ProgramSpec, graph: PathGraph, account: Account, beyond: Beyond) {
    this.program = program;
    this.graph = graph;
    this.account = account;
    this.beyond = beyond;
    this.own = new Float64Array(graph.starts.length - 1);
    for (let node = 0; node < this.own.length; node++) this.own[node] = -1;
  }

  /** Cycles before the first instruction. */
  get before(): number {
    return this.account.before;
  }

  /** From the first instruction of the entry. */
  longest(): LongestPath {
    const { cycles } = this.function(0);
    return { cycles: cycles + this.account.before, steps: () => this.stepsOf(0) };
  }

  /** Longest way from the beginning of a node to the end, the entry's nodes only; undefined where there are loops that count as a whole. */
  rest(): Float64Array | undefined {
    const { ways } = this.function(0);
    return ways.loops.size > 0 ? undefined : (ways.best as Float64Array);
  }

  /** Cycles of going on from a node to the one that begins with `next`. */
  edge(node: number, next: number): number {
    const { steps, starts } = this.graph;
    return this.step(steps[starts[node + 1] - 1], next);
  }

  /** Cycles of a slot with a global function that it calls, where `next` follows. */
  step(slot: number, next: number): number {
    const { insns } = this.program;
    const callee = calledFunction(insns[slot], slot);
    const called = callee >= 0 && next === slot + 1 ? this.function(callee).cycles : comesBack(insns[slot], slot, next) ? (this.beyond.tail(slot)?.cycles ?? 0) : 0;
    return called + stepCost(this.account, insns, slot, next);
  }

  private function(first: number): { cycles: number; node: number; ways: Ways } {
    const known = this.functions.get(first);
    if (known !== undefined) return known;
    const node = this.graph.roots.get(first);
    if (node === undefined) throw new GuaranteeError(`${placeOf(this.program, first)}: the function here was not walked: no guarantee can be given`, first);
    const count = this.own.length;
    const ways = this.solve({ roots: [node], has: () => true, turned: new Set(), open: false, starts: new Set([node]) }, { best: new Float64Array(count), next: new Int32Array(count), loops: new Map() });
    const found = { cycles: (ways.best as Float64Array)[node], node, ways };
    this.functions.set(first, found);
    return found;
  }

  /** Cycles of a node but its last instruction. */
  private inside(node: number): number {
    if (this.own[node] >= 0) return this.own[node];
    const { steps, starts } = this.graph;
    let cycles = 0;
    for (let at = starts[node]; at + 1 < starts[node + 1]; at++) cycles += this.step(steps[at], steps[at + 1]);
    this.own[node] = cycles;
    return cycles;
  }

  private firstOf(node: number): number {
    return this.graph.steps[this.graph.starts[node]];
  }

  private lastOf(node: number): number {
    return this.graph.steps[this.graph.starts[node + 1] - 1];
  }

  private isTurn(edge: number, node: number): boolean {
    return this.graph.waited[edge] === 1 && this.graph.turns.has(this.lastOf(node));
  }

  /** Longest ways from all nodes that the roots reach: strongly connected parts, last ones first. */
  private solve(region: Region, ways: Ways): Ways {
    const { edges, edgeStarts } = this.graph;
    const order = new Map<number, number>();
    const low = new Map<number, number>();
    const open = new Set<number>();
    const part: number[] = [];
    const path: number[] = [];
    const at: number[] = [];
    for (const root of region.roots) {
      if (order.has(root)) continue;
      const enter = (node: number): void => {
        order.set(node, order.size);
        low.set(node, order.size - 1);
        open.add(node);
        part.push(node);
        path.push(node);
        at.push(edgeStarts[node]);
      };
      enter(root);
      while (path.length > 0) {
        const node = path[path.length - 1];
        const edge = at[at.length - 1];
        if (edge < edgeStarts[node + 1]) {
          at[at.length - 1]++;
          const to = edges[edge];
          if (!this.isWalked(region, edge, node)) continue;
          if (!order.has(to)) enter(to);
          else if (open.has(to)) low.set(node, Math.min(low.get(node) as number, order.get(to) as number));
          continue;
        }
        path.pop();
        at.pop();
        const lowest = low.get(node) as number;
        const parent = path[path.length - 1];
        if (parent !== undefined) low.set(parent, Math.min(low.get(parent) as number, lowest));
        if (lowest !== order.get(node)) continue;
        const members: number[] = [];
        for (let member = -1; member !== node; ) {
          member = part.pop() as number;
          open.delete(member);
          members.push(member);
        }
        this.settle(region, ways, members);
      }
    }
    return ways;
  }

  private isWalked(region: Region, edge: number, node: number): boolean {
    return region.has(this.graph.edges[edge]) && !(region.turned.size > 0 && this.isTurn(edge, node) && region.turned.has(this.lastOf(node)));
  }

  /** The nodes of one strongly connected part; all that they lead to are settled. */
  private settle(region: Region, ways: Ways, members: number[]): void {
    const { edges, edgeStarts } = this.graph;
    const inside = new Set(members);
    const cyclic = members.length > 1 || this.hasEdge(region, members[0], inside);
    let most = -1;
    let next = END;
    let exit = members[0];
    for (const node of members) {
      const consider = (cycles: number, to: number): void => {
        if (cycles <= most) return;
        most = cycles;
        next = to;
        exit = node;
      };
      if (region.open) consider(0, END);
      if (!region.open && edgeStarts[node] === edgeStarts[node + 1]) consider(this.edge(node, END), END);
      const tail = region.open ? undefined : this.beyond.tail(this.lastOf(node));
      if (tail !== undefined) consider(this.edge(node, END) + tail.cycles, TAIL);
      for (let edge = edgeStarts[node]; edge < edgeStarts[node + 1]; edge++) {
        const to = edges[edge];
        if (inside.has(to) || !this.isWalked(region, edge, node)) continue;
        consider(this.edge(node, this.firstOf(to)) + get(ways.best, to), to);
      }
    }
    if (most < 0) {
      // A loop that nothing leaves, beside its own limit: the limit is the end.
      most = 0;
    }
    if (!cyclic) {
      set(ways.best, members[0], this.inside(members[0]) + most);
      set(ways.next, members[0], next);
      return;
    }
    const loop = this.loop(region, members, inside);
    loop.exit = exit;
    for (const node of members) {
      set(ways.best, node, loop.cycles + most);
      set(ways.next, node, next);
      ways.loops.set(node, loop);
    }
  }

  private hasEdge(region: Region, node: number, to: ReadonlySet<number>): boolean {
    const { edges, edgeStarts } = this.graph;
    for (let edge = edgeStarts[node]; edge < edgeStarts[node + 1]; edge++) if (to.has(edges[edge]) && this.isWalked(region, edge, node)) return true;
    return false;
  }

  /** Bounds a cycle by what turns in it, the outermost first: without its turns no way leads back to it. */
  private loop(region: Region, members: readonly number[], inside: ReadonlySet<number>): Loop {
    const { turns, edges, edgeStarts } = this.graph;
    const candidates = new Set<number>();
    for (const node of members) {
      for (let edge = edgeStarts[node]; edge < edgeStarts[node + 1]; edge++) {
        if (inside.has(edges[edge]) && this.isTurn(edge, node) && !region.turned.has(this.lastOf(node))) candidates.add(this.lastOf(node));
      }
    }
    const slots = this.slotsOf(members);
    for (const slot of candidates) {
      const turn = turns.get(slot) as { most: number; made: readonly number[] };
      if (turn.made.some((made) => slots.has(made))) continue;
      const again = new Set<number>();
      let edgeCycles = 0;
      for (const node of members) {
        if (this.lastOf(node) !== slot) continue;
        for (let edge = edgeStarts[node]; edge < edgeStarts[node + 1]; edge++) {
          if (!inside.has(edges[edge]) || !this.isTurn(edge, node)) continue;
          again.add(edges[edge]);
          edgeCycles = Math.max(edgeCycles, this.edge(node, this.firstOf(edges[edge])));
        }
      }
      const entries = this.entries(region, inside);
      const within: Region = { roots: members, has: (node) => inside.has(node), turned: new Set([...region.turned, slot]), open: true, starts: new Set([...entries, ...again]) };
      if (this.comesBack(within, members, slot)) continue;
      const inner = this.solve(within, { best: new Map(), next: new Map(), loops: new Map() });
      const slowest = (nodes: Iterable<number>): number => [...nodes].reduce((a, b) => (get(inner.best, b) > get(inner.best, a) ? b : a));
      const [entry, first] = [slowest(entries), slowest(again)];
      const times = Math.max(0, turn.most - this.turnsBefore(slot, entries));
      const cycles = get(inner.best, entry) + times * (edgeCycles + get(inner.best, first));
      return { cycles, times, entry, first, inner, turn: { slot, cycles: edgeCycles }, exit: members[0] };
    }
    const slot = this.firstOf(members[members.length - 1]);
    throw new GuaranteeError(`${placeOf(this.program, slot)}: the program loops here, and nothing says how often: no guarantee can be given`, slot);
  }

  /** Turns that every path has made that comes to one of `entries`. */
  private turnsBefore(slot: number, entries: ReadonlySet<number>): number {
    const { program, graph } = this;
    // Of may_goto all turns of a packet count together, wherever they are made.
    if (program.insns[slot].op === MAY_GOTO) return 0;
    let before = this.made.get(slot);
    if (before === undefined) this.made.set(slot, (before = turnsBefore(program, graph, slot, (edge, node) => this.isTurn(edge, node)) ?? new Int32Array(graph.starts.length)));
    return Math.max(0, Math.min(...[...entries].map((node) => before[node])));
  }

  /** Nodes of a part that paths come to from outside. */
  private entries(region: Region, inside: ReadonlySet<number>): Set<number> {
    const { edges, edgeStarts } = this.graph;
    const entries = new Set<number>();
    for (const node of inside) if (region.starts.has(node)) entries.add(node);
    for (let node = 0; node + 1 < edgeStarts.length; node++) {
      if (inside.has(node) || !region.has(node)) continue;
      for (let edge = edgeStarts[node]; edge < edgeStarts[node + 1]; edge++) if (inside.has(edges[edge])) entries.add(edges[edge]);
    }
    return entries;
  }

  private slotsOf(members: readonly number[]): Set<number> {
    const { steps, starts } = this.graph;
    const slots = new Set<number>();
    for (const node of members) for (let at = starts[node]; at < starts[node + 1]; at++) slots.add(steps[at]);
    return slots;
  }

  /** Does a way lead from a turn's instruction back to itself without the turn? */
  private comesBack(region: Region, members: readonly number[], slot: number): boolean {
    const { edges, edgeStarts } = this.graph;
    const sources = members.filter((node) => this.lastOf(node) === slot);
    const seen = new Set<number>();
    const work: number[] = [];
    const visit = (node: number): void => {
      for (let edge = edgeStarts[node]; edge < edgeStarts[node + 1]; edge++) {
        if (!this.isWalked(region, edge, node) || seen.has(edges[edge])) continue;
        seen.add(edges[edge]);
        work.push(edges[edge]);
      }
    };
    sources.forEach(visit);
    for (let node = work.pop(); node !== undefined; node = work.pop()) visit(node);
    return sources.some((node) => seen.has(node));
  }

  private *stepsOf(first: number): Generator<PathStep> {
    const { node, ways } = this.function(first);
    yield* this.through(node, ways, false);
  }

  /** The longest way from a node on. */
  private *through(start: number, ways: Ways, open: boolean): Generator<PathStep> {
    const { steps, starts } = this.graph;
    for (let node = start; node >= 0; ) {
      const loop = ways.loops.get(node);
      if (loop !== undefined) {
        yield* this.through(loop.entry, loop.inner, true);
        if (loop.times > 0) {
          yield { program: this.program, slot: loop.turn.slot, cycles: loop.turn.cycles, times: loop.times };
          yield* repeated(this.through(loop.first, loop.inner, true), loop.times);
        }
        node = loop.exit;
      } else for (let at = starts[node]; at + 1 < starts[node + 1]; at++) yield* this.stepAt(steps[at], steps[at + 1]);
      const next = get(ways.next, node);
      if (!(open && next === END)) yield* this.stepAt(this.lastOf(node), next >= 0 ? this.firstOf(next) : -1);
      if (next === TAIL) yield* (this.beyond.tail(this.lastOf(node)) as LongestPath).steps();
      node = next;
    }
  }

  /** An instruction, and what a global function that it calls, or a program that comes back, does. */
  *stepAt(slot: number, next: number): Generator<PathStep> {
    const { insns } = this.program;
    yield { program: this.program, slot, cycles: stepCost(this.account, insns, slot, next), times: 1 };
    const callee = calledFunction(insns[slot], slot);
    if (callee >= 0 && next === slot + 1) yield* this.stepsOf(callee);
    if (comesBack(insns[slot], slot, next)) yield* this.beyond.tail(slot)?.steps() ?? [];
  }
}

function get(values: Map<number, number> | Float64Array | Int32Array, node: number): number {
  return values instanceof Map ? (values.get(node) as number) : values[node];
}

function set(values: Map<number, number> | Float64Array | Int32Array, node: number, value: number): void {
  if (values instanceof Map) values.set(node, value);
  else values[node] = value;
}
