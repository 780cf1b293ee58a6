/**
 * The walk of the verifier as a graph: every stretch of instructions that was walked, where paths part, and where one ends because
 * an earlier state stands for the rest of it. Every path that a packet can take is a way through this graph; ways that only
 * meet where a state stands for another may be taken by none.
 */
import { BPF_CALL, BPF_HELPER_CALL, BPF_JMP, BPF_PSEUDO_KFUNC_CALL } from "../isa/index.js";
import type { Insn } from "../object/index.js";
import { FUNC_find_vma, FUNC_for_each_map_elem, FUNC_loop, FUNC_user_ringbuf_drain } from "./calls.js";
import type { Reg } from "./reg.js";
import type { State } from "./state.js";
import { CONST_PTR_TO_MAP, PTR_TO_STACK } from "./types.js";

/** Most turns of bpf_loop and of number iterators (BPF_MAX_LOOPS). */
const MAX_LOOPS = 8_388_608;
/** Most turns of loops with may_goto: the kernel's count is below; this is what the engines allow a packet. */
const MAX_MAY_GOTO = 16_777_216;
/** Most samples of one bpf_user_ringbuf_drain. */
const MAX_DRAINED = 131_072;
/** Most words of a bits iterator. */
const MAX_BIT_WORDS = 511;
const FUNC_tail_call = 12;
const MAY_GOTO = 0xe5;

/** Something that turns round: an iterator's next, a helper that calls a function of the program, may_goto. */
export interface Turn {
  /** Most turns before it is left. */
  readonly most: number;
  /** Instructions that begin it anew; of an iterator those that make it, else none: each arrival begins it. */
  readonly made: readonly number[];
}

/** Where a tail call can go. */
export interface TailCall {
  /** Names of prog arrays. */
  readonly maps: ReadonlySet<string>;
  /** Entries; undefined where any is possible. */
  readonly keys: ReadonlySet<number> | undefined;
}

/** A walk, as data. Nodes are stretches of instructions; node `i` holds `steps[starts[i]]` up to `steps[starts[i + 1] - 1]`. */
export interface PathGraph {
  readonly steps: Int32Array;
  readonly starts: Int32Array;
  /** Edges of node `i`: `edges[edgeStarts[i]]` up to `edges[edgeStarts[i + 1] - 1]`; a node without any ends the path. */
  readonly edges: Int32Array;
  readonly edgeStarts: Int32Array;
  /** By edge: 1 where it is the way that waited while the other was walked. Of something that turns: into another turn. */
  readonly waited: Uint8Array;
  /** First nodes by the function that was walked: the entry's, and those of global functions, by their first instruction. */
  readonly roots: ReadonlyMap<number, number>;
  /** First nodes of functions that run later, on their own. */
  readonly later: readonly number[];
  readonly turns: ReadonlyMap<number, Turn>;
  readonly tails: ReadonlyMap<number, TailCall>;
}

/** Takes down one walk; given to the verifier. */
export class PathRecorder {
  private steps = new Int32Array(4096);
  private stepCount = 0;
  private readonly starts: number[] = [];
  private readonly from: number[] = [];
  private readonly to: number[] = [];
  private readonly resumed: number[] = [];
  private readonly roots = new Map<number, number>();
  private readonly later: number[] = [];
  private readonly mosts = new Map<number, number>();
  private readonly tails = new Map<number, { maps: Set<string>; keys: Set<number> | undefined }>();
  /** By frame and offset of an iterator: what made it, and which instructions advance it. */
  private readonly iterators = new Map<number, { made: Set<number>; next: Set<number>; most: number }>();
  /** Where paths that wait come from: a node, or -1. */
  private waiting = new WeakMap<State, number>();
  private kept = new WeakMap<State, number>();
  private keeping: State[] = [];
  /** Node that the next stretch hangs on; whether it still grows. */
  private current = -1;
  private isOpen = false;
  /** The path that goes on is one that waited, and has no instruction yet. */
  private isResumed = false;
  private root = -1;

  /** A function is about to be walked. */
  begin(first: number): void {
    this.waiting = new WeakMap();
    this.kept = new WeakMap();
    this.current = -1;
    this.isOpen = false;
    this.root = first;
    this.isResumed = false;
  }

  /** An instruction runs on the current path. */
  step(at: number, insn: Insn, state: State, kfunc: string | undefined): void {
    if (!this.isOpen) this.open();
    if (this.stepCount === this.steps.length) {
      const wider = new Int32Array(this.steps.length * 2);
      wider.set(this.steps);
      this.steps = wider;
    }
    this.steps[this.stepCount++] = at;
    if (insn.op === MAY_GOTO) this.mosts.set(at, MAX_MAY_GOTO);
    else if (insn.op === (BPF_JMP | BPF_CALL)) {
      if (insn.src === BPF_HELPER_CALL) this.helper(at, insn.imm, state);
      else if (insn.src === BPF_PSEUDO_KFUNC_CALL && kfunc !== undefined) this.iterator(at, kfunc, state);
    }
  }

  /** A state is kept in front of the next instruction. */
  keep(checkpoint: State): void {
    this.isOpen = false;
    this.keeping.push(checkpoint);
  }

  /** The current path ends: `checkpoint` stands for the rest. */
  prune(checkpoint: State): void {
    this.link(this.current, this.kept.get(checkpoint) as number);
    this.isOpen = false;
  }

  /** The path parts: another waits. */
  fork(path: State): void {
    this.isOpen = false;
    this.waiting.set(path, this.current);
  }

  /** A function that runs later waits; it is no part of the current path. */
  detach(path: State): void {
    this.waiting.set(path, -1);
  }

  /** The current path has ended, and one that waited goes on. */
  resume(path: State): void {
    this.current = this.waiting.get(path) ?? -1;
    this.waiting.delete(path);
    this.isOpen = false;
    this.isResumed = true;
    this.keeping = [];
  }

  graph(): PathGraph {
    const nodes = this.starts.length;
    const edgeStarts = new Int32Array(nodes + 1);
    for (const from of this.from) edgeStarts[from + 1] = (edgeStarts[from + 1] as number) + 1;
    for (let i = 0; i < nodes; i++) edgeStarts[i + 1] = (edgeStarts[i + 1] as number) + (edgeStarts[i] as number);
    const fill = edgeStarts.slice();
    const edges = new Int32Array(this.from.length);
    const waited = new Uint8Array(this.from.length);
    this.from.forEach((from, i) => {
      edges[fill[from] as number] = this.to[i] as number;
      waited[fill[from] as number] = this.resumed[i] as number;
      fill[from] = (fill[from] as number) + 1;
    });
    const turns = new Map<number, Turn>([...this.mosts].map(([at, most]) => [at, { most, made: [] }]));
    for (const { made, next, most } of this.iterators.values()) {
      for (const at of next) {
        const before = turns.get(at);
        turns.set(at, { most: Math.max(before?.most ?? 0, most), made: [...new Set([...(before?.made ?? []), ...made])] });
      }
    }
    return {
      steps: this.steps.slice(0, this.stepCount), starts: Int32Array.from([...this.starts, this.stepCount]), edges, edgeStarts, waited, roots: this.roots, later: this.later, turns, tails: this.tails,
    };
  }

  private open(): void {
    const node = this.starts.length;
    this.starts.push(this.stepCount);
    if (this.current >= 0) this.link(this.current, node);
    else if (this.root >= 0) this.roots.set(this.root, node);
    else this.later.push(node);
    this.root = -1;
    for (const checkpoint of this.keeping) this.kept.set(checkpoint, node);
    this.keeping = [];
    this.current = node;
    this.isOpen = true;
  }

  private link(from: number, to: number): void {
    if (from < 0) return;
    this.from.push(from);
    this.to.push(to);
    this.resumed.push(this.isResumed ? 1 : 0);
    this.isResumed = false;
  }

  private helper(at: number, id: number, state: State): void {
    const regs = state.top.regs as readonly Reg[];
    const [, r1, r2, r3] = regs as [Reg, Reg, Reg, Reg];
    if (id === FUNC_loop) this.atMost(at, Number(r1.scalar.umin) > MAX_LOOPS ? 0 : Math.min(MAX_LOOPS, Number(r1.scalar.umax)));
    else if (id === FUNC_for_each_map_elem) this.atMost(at, r1.map?.maxEntries ?? MAX_LOOPS);
    else if (id === FUNC_user_ringbuf_drain) this.atMost(at, MAX_DRAINED);
    else if (id === FUNC_find_vma) this.atMost(at, 1);
    else if (id === FUNC_tail_call) {
      let tail = this.tails.get(at);
      if (tail === undefined) this.tails.set(at, (tail = { maps: new Set(), keys: new Set() }));
      if (r2.type === CONST_PTR_TO_MAP && r2.map !== undefined) tail.maps.add(r2.map.name);
      if (r3.isScalar && r3.scalar.isConst) tail.keys?.add(Number(BigInt.asUintN(32, BigInt(r3.scalar.value))));
      else tail.keys = undefined;
      // What follows is a stretch of its own: the path may leave here.
      this.isOpen = false;
    }
  }

  private iterator(at: number, kfunc: string, state: State): void {
    const [, r1, r2, r3] = state.top.regs as [Reg, Reg, Reg, Reg];
    const name = /^bpf_iter_\w+_(new|next)$/.exec(kfunc)?.[1];
    if (name === undefined || r1.type !== PTR_TO_STACK) return;
    const key = r1.frame * 65536 + r1.off + Number(BigInt.asIntN(64, BigInt(r1.scalar.value)));
    let iterator = this.iterators.get(key);
    if (iterator === undefined) this.iterators.set(key, (iterator = { made: new Set(), next: new Set(), most: 0 }));
    if (name === "next") {
      iterator.next.add(at);
      return;
    }
    iterator.made.add(at);
    const most = kfunc === "bpf_iter_num_new" ? Math.max(0, Number(r3.scalar.s32max) - Number(r2.scalar.s32min)) : kfunc === "bpf_iter_bits_new" ? Math.min(MAX_BIT_WORDS, Number(r3.scalar.umax)) * 64 : MAX_LOOPS;
    iterator.most = Math.max(iterator.most, Math.min(MAX_LOOPS, most));
  }

  private atMost(at: number, most: number): void {
    this.mosts.set(at, Math.max(this.mosts.get(at) ?? 0, most));
  }
}
