/** Tables as text. */
import { createRequire } from "node:module";
import type CliTable from "cli-table3";

const PLAIN = { top: "", "top-mid": "", "top-left": "", "top-right": "", bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "", left: "", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: "  " };

/** A table as text: the first column left, the others right, no lines around. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const Table = createRequire(import.meta.url)("cli-table3") as typeof CliTable;
  const drawn = new Table({ head: [...head], chars: PLAIN, colAligns: head.map((_, column) => (column === 0 ? "left" : "right")), style: { head: [], border: [], "padding-left": 0, "padding-right": 0 } });
  drawn.push(...rows.map((row) => [...row]));
  return drawn.toString().replaceAll(/[ \t]+$/gm, "");
}
