/** Places in programs as people find them. */
import type { LineInfo, ProgramSpec } from "../../xdp/index.js";

/** C line of a slot, where the object has lines. */
export function lineOf(program: ProgramSpec, slot: number): LineInfo | undefined {
  let low = 0;
  let high = program.lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (program.lines[middle].insn <= slot) low = middle + 1;
    else high = middle;
  }
  return program.lines[low - 1];
}

/** `file.c:12 (instruction 7)` */
export function placeOf(program: ProgramSpec, slot: number): string {
  const line = lineOf(program, slot);
  return line === undefined ? `instruction ${slot}` : `${line.file}:${line.line} (instruction ${slot})`;
}
