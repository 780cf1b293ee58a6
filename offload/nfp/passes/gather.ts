/**
 * Loads and stores that alternate and walk through memory in step are one memory copy: one command reads everything into
 * transfer registers, one or two write it.
 */
import { bytesOf, sizeOf } from "../../../xdp/index.js";
import { isLoad, isStore } from "../meta.js";
import type { Meta, NfpProgram } from "../meta.js";

/** Most bytes that one command moves. */
const MOST_BYTES = 128;

interface Chain {
  readonly load: Meta;
  readonly store: Meta;
  lastLoad: Meta;
  lastStore: Meta;
  pairs: number;
  bytes: number;
}

export function gatherCopies({ metas }: NfpProgram): void {
  let chain: Chain | undefined;
  let i = 0;
  while (i + 1 < metas.length) {
    const [load, store] = [metas[i], metas[i + 1]];
    const pair = isPair(load, store);
    if (pair && chain !== undefined && follows(chain, load, store)) {
      load.skip = store.skip = true;
      chain.lastLoad = load;
      chain.lastStore = store;
      chain.pairs++;
      chain.bytes += bytesOf(load.insn.op);
    } else {
      if (chain !== undefined) close(chain);
      chain = pair ? { load, store, lastLoad: load, lastStore: store, pairs: 1, bytes: bytesOf(load.insn.op) } : undefined;
    }
    i += pair ? 2 : 1;
  }
}

/** A chain of one pair stays as it is. */
function close({ load, store, lastLoad, lastStore, pairs, bytes }: Chain): void {
  if (pairs < 2) return;
  const descending = lastLoad.insn.off < load.insn.off;
  if (descending) {
    load.insn = { ...load.insn, off: lastLoad.insn.off };
    store.insn = { ...store.insn, off: lastStore.insn.off };
  }
  load.copy = { bytes: descending ? -bytes : bytes, store };
  store.skip = true;
}

function isPair(load: Meta, store: Meta): boolean {
  if (!isLoad(load.insn) || !isStore(store.insn) || store.jumpTarget) return false;
  const from = load.pointer?.kind;
  if ((from !== "packet" && from !== "value") || store.pointer?.kind !== "packet") return false;
  return sizeOf(load.insn.op) === sizeOf(store.insn.op) && load.insn.dst === store.insn.src;
}

function follows(chain: Chain, load: Meta, store: Meta): boolean {
  const { lastLoad, lastStore } = chain;
  const [from, to] = [load.insn, store.insn];
  const [fromBefore, toBefore] = [lastLoad.insn, lastStore.insn];
  if (load.jumpTarget || chain.bytes >= MOST_BYTES) return false;
  if (from.dst !== fromBefore.dst || from.src !== fromBefore.src || to.dst !== toBefore.dst) return false;
  if (sizeOf(from.op) !== sizeOf(fromBefore.op)) return false;
  const size = bytesOf(from.op);
  const up = fromBefore.off + size === from.off && toBefore.off + size === to.off;
  const down = from.off + size === fromBefore.off && to.off + size === toBefore.off;
  return (up || down) && !overlaps(chain, load);
}

/** A load of the chain could read what a store of it wrote. */
function overlaps({ load: head, store }: Chain, load: Meta): boolean {
  if (head.pointer === undefined || store.pointer === undefined || head.pointer.kind !== store.pointer.kind) return false;
  if (head.pointer.id !== store.pointer.id) return true;
  const base = head.pointer.offset;
  const from = head.insn.off + base;
  const to = store.insn.off + store.pointer.offset;
  const now = load.insn.off + base;
  return (now > from && from < to && now >= to) || (now < from && from > to && now <= to);
}
