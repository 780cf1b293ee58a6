/**
 * How many turns of a loop a path has made before it comes to a place, at least: the verifier walks the first turns one by one,
 * and those count as what they are.
 */
import { BPF_EXIT, BPF_JMP } from "../../xdp/index.js";
import type { PathGraph, ProgramSpec } from "../../xdp/index.js";
import { calledFunction } from "./costs.js";

const EXIT = BPF_JMP | BPF_EXIT;
const UNSEEN = -1;

/** By node: fewest turns at `slot` since the loop was begun, over all ways there; -1 where none leads there from a beginning. */
export function turnsBefore({ insns, functions }: ProgramSpec, graph: PathGraph, slot: number, isTurn: (edge: number, node: number) => boolean): Int32Array | undefined {
  const { steps, starts, edges, edgeStarts, turns } = graph;
  const nodes = starts.length - 1;
  const made = turns.get(slot)?.made ?? [];
  const before = new Int32Array(nodes).fill(UNSEEN);
  const first = (node: number): number => steps[starts[node]];
  const last = (node: number): number => steps[starts[node + 1] - 1];
  const begin: number[] = [];
  if (made.length > 0) {
    for (let node = 0; node < nodes; node++) for (let at = starts[node]; at < starts[node + 1]; at++) if (made.includes(steps[at])) begin.push(node);
  } else {
    // A helper that calls back: each call but one that a callback has returned to.
    const callbacks = new Set<number>();
    for (let node = 0; node < nodes; node++) for (let edge = edgeStarts[node]; edge < edgeStarts[node + 1]; edge++) if (last(node) === slot && isTurn(edge, node)) callbacks.add(first(edges[edge]));
    // One that is called otherwise, too, returns for other reasons.
    if (insns.some((insn, at) => callbacks.has(calledFunction(insn, at)))) return undefined;
    const returns = (at: number): boolean => insns[at].op === EXIT && functions.some(({ start, end }) => callbacks.has(start) && at >= start && at < end);
    for (let node = 0; node < nodes; node++) {
      for (let at = starts[node] + 1; at < starts[node + 1]; at++) if (steps[at] === slot && !returns(steps[at - 1])) begin.push(node);
      for (let edge = edgeStarts[node]; edge < edgeStarts[node + 1]; edge++) if (first(edges[edge]) === slot && !returns(last(node))) begin.push(edges[edge]);
    }
    for (const node of graph.roots.values()) if (first(node) === slot) begin.push(node);
  }
  // Fewest first: nodes of one number of turns, then those of one more.
  let now = begin;
  for (let count = 0; now.length > 0; count++) {
    const next: number[] = [];
    for (let node = now.pop(); node !== undefined; node = now.pop()) {
      if (before[node] !== UNSEEN) continue;
      before[node] = count;
      for (let edge = edgeStarts[node]; edge < edgeStarts[node + 1]; edge++) {
        if (before[edges[edge]] !== UNSEEN) continue;
        if (last(node) === slot && isTurn(edge, node)) next.push(edges[edge]);
        else now.push(edges[edge]);
      }
    }
    now = next;
  }
  return before;
}
