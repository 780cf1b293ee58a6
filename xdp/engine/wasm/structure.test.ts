import * as fc from "fast-check";
import { expect, test } from "vitest";
import { FunctionBuilder } from "./function-builder.js";
import { analyseGraph, successors } from "./graph.js";
import type { Exit, Graph } from "./graph.js";
import { ModuleBuilder } from "./module-builder.js";
import { structure } from "./structure.js";

const STEPS = 200;

/** What a walk does at a block and on an edge: both sides of the test do the same. */
const atBlock = (hash: number, block: number): number => (Math.imul(hash, 31) + block + 1) | 0;
const onEdge = (hash: number, from: number, to: number): number => hash ^ (from * 64 + to + 1);
const hasCode = (from: number, to: number): boolean => (from * 7 + to * 13) % 3 === 0;
/** Bit that decides a branch. */
const BIT = 4;

/** Walks the graph as it is. */
function walk(graph: Graph, seed: number): number {
  let hash = seed;
  let block = 0;
  for (let left = STEPS; ; ) {
    hash = atBlock(hash, block);
    left -= 1;
    const exit = graph[block] as Exit;
    if (exit.kind === "leave" || left === 0) return hash;
    const next = exit.kind === "jump" ? exit.to : (hash >>> BIT) & 1 ? exit.taken : exit.otherwise;
    if (hasCode(block, next)) hash = onEdge(hash, block, next);
    block = next;
  }
}

/** The same, structured and compiled. */
function compile(graph: Graph): (seed: number) => number {
  const to = new FunctionBuilder({ params: ["i32"], results: ["i32"] });
  const hash = to.param(0, "i32");
  const left = to.local("i32");
  to.i32(STEPS).set(left);
  structure(graph, to, {
    body(block) {
      to.get(hash).i32(31).op("i32.mul").i32(block + 1).op("i32.add").set(hash);
      to.get(left).i32(1).op("i32.sub").tee(left).op("i32.eqz").if();
      to.get(hash).op("return").end();
      if (graph[block]?.kind === "leave") to.get(hash).op("return");
    },
    condition(_, negated) {
      to.get(hash).i32(BIT).op("i32.shr_u").i32(1).op("i32.and");
      if (negated) to.op("i32.eqz");
    },
    edgeHasCode: hasCode,
    edge(from, target) {
      if (hasCode(from, target)) to.get(hash).i32(from * 64 + target + 1).op("i32.xor").set(hash);
    },
  });
  to.op("unreachable");
  const module = new ModuleBuilder();
  const ref = module.declare("walk", to.signature);
  module.define(ref, to);
  module.exportFunction("walk", ref);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.finish()));
  return exports["walk"] as (seed: number) => number;
}

/** Graphs of 1 to 24 blocks, any edges: most with loops are irreducible. */
const anyGraph = fc.integer({ min: 1, max: 24 }).chain((blocks) => {
  const block = fc.integer({ min: 0, max: blocks - 1 });
  const exit: fc.Arbitrary<Exit> = fc.oneof(
    { weight: 1, arbitrary: fc.constant<Exit>({ kind: "leave" }) },
    { weight: 2, arbitrary: block.map((to): Exit => ({ kind: "jump", to })) },
    { weight: 5, arbitrary: fc.tuple(block, block).map(([taken, otherwise]): Exit => ({ kind: "branch", taken, otherwise })) },
  );
  return fc.array(exit, { minLength: blocks, maxLength: blocks });
});

/** The same, with edges to later blocks and to a few loop headers only: most are reducible. */
const tameGraph = fc.integer({ min: 2, max: 40 }).chain((blocks) =>
  fc.tuple(...Array.from({ length: blocks }, (_, i) => {
    const later = fc.integer({ min: Math.min(i + 1, blocks - 1), max: Math.min(i + 6, blocks - 1) });
    const back = fc.constant(i - (i % 5));
    if (i === blocks - 1) return fc.constant<Exit>({ kind: "leave" });
    return fc.oneof(
      { weight: 1, arbitrary: fc.constant<Exit>({ kind: "leave" }) },
      { weight: 4, arbitrary: later.map((to): Exit => ({ kind: "jump", to })) },
      { weight: 8, arbitrary: fc.tuple(later, later).map(([taken, otherwise]): Exit => ({ kind: "branch", taken, otherwise })) },
      { weight: 3, arbitrary: fc.tuple(back, later).map(([taken, otherwise]): Exit => ({ kind: "branch", taken, otherwise })) },
    );
  })),
);

const counts = { reducible: 0, irreducible: 0 };

function property(graph: readonly Exit[]): void {
  counts[analyseGraph(graph).reducible ? "reducible" : "irreducible"] += 1;
  const compiled = compile(graph);
  for (const seed of [1, 2, 3, 0x1234567, -5, 99, 1000, 77777]) expect(compiled(seed)).toBe(walk(graph, seed));
}

test("structured code takes the same way as the graph", () => {
  fc.assert(fc.property(anyGraph, property), { numRuns: 400 });
  fc.assert(fc.property(tameGraph, property), { numRuns: 400 });
  expect(counts.reducible).toBeGreaterThan(100);
  expect(counts.irreducible).toBeGreaterThan(100);
});

/** Blocks that the entry reaches without going through one. */
function reaches(graph: Graph, without: number): Set<number> {
  const seen = new Set<number>();
  const open = without === 0 ? [] : [0];
  for (let block = open.pop(); block !== undefined; block = open.pop()) {
    if (seen.has(block) || block === without) continue;
    seen.add(block);
    open.push(...successors(graph[block] as Exit));
  }
  return seen;
}

test("dominators are those of the definition", () => {
  fc.assert(
    fc.property(anyGraph, (graph) => {
      const { blocks, dominator } = analyseGraph(graph);
      for (const block of blocks) {
        // Its dominators are the blocks without which it cannot be reached.
        const wanted = new Set(blocks.filter((by) => by === block || !reaches(graph, by).has(block)));
        const found = new Set([block]);
        for (let at = block; at !== 0; at = dominator[at] as number) found.add(dominator[at] as number);
        expect(found).toEqual(wanted);
      }
    }),
    { numRuns: 200 },
  );
});

test("a chain of 20,000 branches does not exhaust the call stack", () => {
  const length = 20_000;
  const graph = Array.from({ length }, (_, i): Exit => (i === length - 1 ? { kind: "leave" } : { kind: "branch", taken: length - 1, otherwise: i + 1 }));
  expect(compile(graph)(12345)).toBe(walk(graph, 12345));
});

test("branches nested 3,000 deep compile", () => {
  // Block 2i branches to 2i + 1 and 2i + 2, of which the first leaves.
  const length = 6_001;
  const graph = Array.from({ length }, (_, i): Exit => (i % 2 === 1 || i === length - 1 ? { kind: "leave" } : { kind: "branch", taken: i + 2, otherwise: i + 1 }));
  expect(compile(graph)(5)).toBe(walk(graph, 5));
});
