/**
 * Control-flow graph -> structured control flow, after Ramsey's "Beyond Relooper" (ICFP 2022): the code of a block holds the
 * code of what it dominates; merge nodes follow a wasm block that jumps to them leave, loop headers open a wasm loop.
 * Where the graph is not reducible, a loop around a br_table picks the next block. It emits control only: what a block
 * does, what it branches on and what an edge costs is the {@link BlockEmitter}'s business.
 */
import type { FunctionBuilder, Label } from "./function-builder.js";
import { analyseGraph } from "./graph.js";
import type { Exit, Graph, GraphFacts } from "./graph.js";

export interface BlockEmitter {
  /** Emits a block's straight-line code; for "leave" blocks also whatever leaves. */
  body(block: number): void;
  /** Pushes an i32: not 0 where the branch at the block's end is taken. With `negated`, the opposite. */
  condition(block: number, negated: boolean): void;
  /** Whether the edge has code of its own. */
  edgeHasCode(from: number, to: number): boolean;
  /** Emits that code. */
  edge(from: number, to: number): void;
}

/** Emits the whole graph. Control never falls out of the end: "leave" blocks leave. */
export function structure(graph: Graph, to: FunctionBuilder, emitter: BlockEmitter): void {
  const facts = analyseGraph(graph);
  if (facts.reducible) new Structurer(graph, facts, to, emitter).run();
  else dispatch(graph, facts, to, emitter);
}

type Step = () => void;

class Structurer {
  private readonly graph: Graph;
  private readonly facts: GraphFacts;
  private readonly to: FunctionBuilder;
  private readonly emitter: BlockEmitter;
  /** Work that is left, last first: programs nest deeper than a call stack goes. */
  private readonly steps: Step[] = [];
  private readonly labels: (Label | undefined)[] = [];
  private readonly loops: (Label | undefined)[] = [];

  constructor(graph: Graph, facts: GraphFacts, to: FunctionBuilder, emitter: BlockEmitter) {
    this.graph = graph;
    this.facts = facts;
    this.to = to;
    this.emitter = emitter;
  }

  run(): void {
    this.steps.push(() => this.tree(0));
    for (let step = this.steps.pop(); step; step = this.steps.pop()) step();
  }

  /** Does the steps in this order before anything that waits already. */
  private doNext(...steps: Step[]): void {
    for (const step of steps.toReversed()) this.steps.push(step);
  }

  /** A block and all that it dominates. */
  private tree(block: number): void {
    const { facts, to } = this;
    const after: Step[] = [];
    if (facts.loopHeader[block]) this.loops[block] = to.loop();
    const merges = (facts.dominated[block] as readonly number[]).filter((child) => facts.merge[child]);
    for (const merge of merges.toReversed()) this.labels[merge] = to.block();
    for (const merge of merges) {
      after.push(() => {
        to.end();
        this.tree(merge);
      });
    }
    if (facts.loopHeader[block]) after.push(() => to.end());
    this.doNext(() => this.content(block), ...after);
  }

  private content(block: number): void {
    this.emitter.body(block);
    const exit = this.graph[block] as Exit;
    if (exit.kind === "jump") this.go(block, exit.to);
    else if (exit.kind === "branch") this.branch(block, exit.taken, exit.otherwise);
  }

  /** Label that an edge jumps to; undefined where the target's code belongs right here. */
  private label(from: number, target: number): Label | undefined {
    const { order, merge } = this.facts;
    if ((order[target] as number) <= (order[from] as number)) return this.loops[target];
    return merge[target] ? this.labels[target] : undefined;
  }

  private go(from: number, target: number): void {
    const label = this.label(from, target);
    this.emitter.edge(from, target);
    if (label) this.to.br(label);
    else this.tree(target);
  }

  private branch(block: number, taken: number, otherwise: number): void {
    const { emitter, to } = this;
    const takenLabel = this.label(block, taken);
    const otherwiseLabel = this.label(block, otherwise);
    if (takenLabel && !emitter.edgeHasCode(block, taken)) {
      emitter.condition(block, false);
      to.brIf(takenLabel);
      this.go(block, otherwise);
    } else if (otherwiseLabel && !emitter.edgeHasCode(block, otherwise)) {
      emitter.condition(block, true);
      to.brIf(otherwiseLabel);
      this.go(block, taken);
    } else {
      emitter.condition(block, false);
      to.if();
      this.doNext(
        () => this.go(block, taken),
        () => {
          to.end();
          this.go(block, otherwise);
        },
      );
    }
  }
}

/** The fallback: a loop around a br_table over the number of the next block. */
function dispatch(graph: Graph, facts: GraphFacts, to: FunctionBuilder, emitter: BlockEmitter): void {
  const next = to.local("i32");
  to.i32(0).set(next);
  const again = to.loop();
  const labels: Label[] = [];
  for (const block of facts.blocks.toReversed()) labels[facts.order[block] as number] = to.block();
  to.get(next).brTable(labels, labels[0] as Label);
  const go = (from: number, target: number): void => {
    emitter.edge(from, target);
    to.i32(facts.order[target] as number).set(next).br(again);
  };
  for (const block of facts.blocks) {
    to.end();
    emitter.body(block);
    const exit = graph[block] as Exit;
    if (exit.kind === "jump") go(block, exit.to);
    else if (exit.kind === "branch") {
      emitter.condition(block, false);
      to.if();
      go(block, exit.taken);
      to.end();
      go(block, exit.otherwise);
    }
  }
  to.end();
}
