/**
 * The stack is local memory. Its first 64 bytes are reached at once; for the rest an address register is set, which takes
 * effect three instructions later. Words move whole; parts of words are fields, and beyond the eighth word fields go through a register.
 */
import { bytesOf } from "../../../xdp/index.js";
import { UNRESTRICTED } from "../code.js";
import { frameBytes } from "./context.js";
import type { Select, Selection } from "./context.js";

const REACHED = 64;
/** The window that the address register's index covers. */
const WINDOW = 32;
/** Words that fields can name. */
const FIELD_WORDS = 8;

const windowOf = (offset: number): number => Math.floor(offset / WINDOW) * WINDOW;

/** A load of the stack. */
export const loadStack: Select = (selection) => access(selection, true);
/** A store to it. */
export const storeStack: Select = (selection) => access(selection, false);

function access(selection: Selection, load: boolean): boolean {
  const { code, meta, fn } = selection;
  const { pointer, insn } = meta;
  if (pointer === undefined) return false;
  const size = bytesOf(insn.op);
  let offset = frameBytes(fn) + insn.off + pointer.offset;
  const anywhere = pointer.distance !== "constant" || pointer.caller;
  const narrow = load && size < 8;
  let far = true;
  let steps = false;
  if (!anywhere && offset + size <= REACHED) far = false;
  else if (anywhere) {
    code.operand(insn.off, UNRESTRICTED);
    steps = true;
  } else if (windowOf(offset) === windowOf(offset + size - 1)) {
    code.operand(windowOf(offset), UNRESTRICTED);
    offset %= WINDOW;
  } else {
    code.operand(offset & ~3, UNRESTRICTED);
    steps = true;
  }
  if (far) {
    code.alu();
    code.plain("local_csr");
    // Clearing the upper half fills one of the three.
    code.plain("nop", narrow && meta.zext ? 2 : 3);
  }
  if (narrow && meta.zext) code.immed(0);
  parts(selection, load, steps ? ((offset % 4) + 4) % 4 : offset, size, steps);
  return true;
}

/** One instruction or more for each part that lies in one word of memory and one half of the register. */
function parts({ code }: Selection, load: boolean, start: number, size: number, steps: boolean): void {
  let offset = start;
  let inHalf = 0;
  let opens = true;
  for (let left = size, first = true; left > 0; first = false) {
    const bytes = Math.min(left, 4 - inHalf, 4 - (offset % 4));
    const last = bytes === left;
    const word = Math.floor(offset / 4);
    const goesOn = steps && opens && !last;
    if (bytes === 4) code.alu();
    else if (load) {
      if (word >= FIELD_WORDS && (first || !opens)) code.alu();
      code.plain("ld_field");
      if (goesOn) code.alu();
    } else {
      if (word >= FIELD_WORDS && (first || last)) code.alu();
      code.plain("ld_field");
      if (word >= FIELD_WORDS && (opens || last)) code.alu();
      if (goesOn) code.alu();
    }
    inHalf += bytes;
    opens = inHalf >= 4;
    if (opens) inHalf -= 4;
    left -= bytes;
    offset = steps ? (offset + bytes) % 4 : offset + bytes;
  }
}
