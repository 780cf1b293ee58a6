/** Control-flow graphs and what structuring needs to know of them: order, dominators, loops. Knows nothing of instructions. */

/** Where control goes at a block's end. Blocks are numbers from 0; block 0 is the entry. */
export type Exit =
  | { readonly kind: "leave" }
  | { readonly kind: "jump"; readonly to: number }
  | { readonly kind: "branch"; readonly taken: number; readonly otherwise: number };

/** Exits by block. */
export type Graph = readonly Exit[];

export function successors(exit: Exit): readonly number[] {
  switch (exit.kind) {
    case "leave":
      return [];
    case "jump":
      return [exit.to];
    case "branch":
      return [exit.taken, exit.otherwise];
  }
}

/** What is known of a graph. Of blocks that cannot be reached: order -1, no more. */
export interface GraphFacts {
  /** Reachable blocks in reverse postorder. */
  readonly blocks: readonly number[];
  /** Position in `blocks`, by block. */
  readonly order: Int32Array;
  /** Immediate dominator; of the entry, itself. */
  readonly dominator: Int32Array;
  /** Blocks that a block immediately dominates, ascending by order. */
  readonly dominated: readonly (readonly number[])[];
  /** Whether some edge goes back to the block. */
  readonly loopHeader: Uint8Array;
  /** Whether two or more forward edges reach the block. */
  readonly merge: Uint8Array;
  /** Whether every edge back goes to a block that dominates its source. */
  readonly reducible: boolean;
}

/** Reverse postorder by depth-first search without recursion. */
function reversePostorder(graph: Graph): number[] {
  const seen = new Uint8Array(graph.length);
  const postorder: number[] = [];
  const stack: { block: number; next: number }[] = [{ block: 0, next: 0 }];
  seen[0] = 1;
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const targets = successors(graph[top.block] as Exit);
    const target = targets[targets.length - 1 - top.next];
    if (target === undefined) {
      postorder.push(top.block);
      stack.pop();
      continue;
    }
    top.next += 1;
    if (seen[target]) continue;
    seen[target] = 1;
    stack.push({ block: target, next: 0 });
  }
  return postorder.toReversed();
}

/** Analyses a graph; dominators by Cooper, Harvey and Kennedy's iteration. */
export function analyseGraph(graph: Graph): GraphFacts {
  const blocks = reversePostorder(graph);
  const order = new Int32Array(graph.length).fill(-1);
  for (const [i, block] of blocks.entries()) order[block] = i;
  const at = (block: number): number => order[block] as number;

  const predecessors: number[][] = Array.from(graph, () => []);
  for (const block of blocks) for (const target of successors(graph[block] as Exit)) predecessors[target]?.push(block);

  const dominator = new Int32Array(graph.length).fill(-1);
  dominator[0] = 0;
  const common = (a: number, b: number): number => {
    let [x, y] = [a, b];
    while (x !== y) {
      while (at(x) > at(y)) x = dominator[x] as number;
      while (at(y) > at(x)) y = dominator[y] as number;
    }
    return x;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (const block of blocks.slice(1)) {
      let best = -1;
      // Last first: where a long chain leaves to one block at every link, each step up is then taken once.
      for (const from of (predecessors[block] as number[]).toReversed()) {
        if (dominator[from] === -1) continue;
        best = best === -1 ? from : common(best, from);
      }
      if (dominator[block] !== best) {
        dominator[block] = best;
        changed = true;
      }
    }
  }

  const dominated: number[][] = Array.from(graph, () => []);
  for (const block of blocks.slice(1)) dominated[dominator[block] as number]?.push(block);

  const loopHeader = new Uint8Array(graph.length);
  const merge = new Uint8Array(graph.length);
  let reducible = true;
  for (const block of blocks) {
    let forward = 0;
    for (const from of predecessors[block] as number[]) {
      if (at(from) < at(block)) {
        forward += 1;
        continue;
      }
      loopHeader[block] = 1;
      let above = from;
      while (at(above) > at(block)) above = dominator[above] as number;
      if (above !== block) reducible = false;
    }
    if (forward > 1) merge[block] = 1;
  }
  return { blocks, order, dominator, dominated, loopHeader, merge, reducible };
}
