/**
 * The packet cache: packet loads near each other, without a packet write, call or jump target between them, are served by
 * one read of at most 64 bytes that the transfer registers keep.
 */
import { bytesOf } from "../../../xdp/index.js";
import { isCall, isImmediateStore, isLoad, isStore } from "../meta.js";
import type { Meta, NfpProgram } from "../meta.js";
import { isClassicLoad } from "./classic_load.js";

const WINDOW = 64;

export function packetCache({ metas }: NfpProgram): void {
  let window: { start: number; end: number } | undefined;
  let id = 0;
  let offset = 0;
  for (const meta of metas) {
    if (meta.jumpTarget) window = undefined;
    if (meta.skip) continue;
    if (endsCache(meta)) window = undefined;
    if (!isLoad(meta.insn)) continue;
    if (meta.pointer?.kind !== "packet" || meta.copy !== undefined) {
      window = undefined;
      continue;
    }
    const from = meta.insn.off;
    const to = from + bytesOf(meta.insn.op);
    if (window !== undefined && meta.pointer.id === id && meta.pointer.offset === offset) {
      const start = Math.min(window.start, from);
      const end = Math.max(window.end, to);
      // Loads that came before share the object, and so see the window grow.
      if (end - start <= WINDOW) Object.assign(window, { start, end });
      else window = undefined;
    } else window = undefined;
    if (window === undefined) {
      window = { start: from, end: to };
      ({ id, offset } = meta.pointer);
      meta.fills = true;
    }
    meta.window = window;
  }
}

function endsCache({ insn, pointer }: Meta): boolean {
  return isCall(insn) || isClassicLoad(insn) || ((isStore(insn) || isImmediateStore(insn)) && pointer?.kind === "packet");
}
