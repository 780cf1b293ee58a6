/** Holds SUPPORT.md to the tables in the code: each helper, kernel function and map type in the state that engines give it. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { HELPERS, KFUNCS, REFUSED_HELPERS, REFUSED_KFUNCS } from "./helpers/index.js";
import { isMapTypeSupported } from "./maps/index.js";
import { mapTypeName } from "./object/index.js";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");

interface Row {
  readonly name: string;
  readonly state: string;
  readonly evidence: string;
}

/** Rows of the tables, by the heading above them. */
function readRows(): Map<string, Row[]> {
  const sections = new Map<string, Row[]>();
  let rows: Row[] = [];
  for (const line of readFileSync(join(ROOT, "xdp/SUPPORT.md"), "utf8").split("\n")) {
    if (line.startsWith("## ")) {
      rows = [];
      sections.set(line.slice(3), rows);
    }
    const cells = line.split("|").slice(1, -1).map((cell) => cell.trim());
    if (cells.length === 3 && !/^-+$/.test(cells[0])) rows.push({ name: cells[0].replaceAll("`", ""), state: cells[1], evidence: cells[2] });
  }
  // The first row of each table is its heading.
  return new Map([...sections].map(([title, all]) => [title, all.slice(1)]));
}

const sections = readRows();
const rowsOf = (title: string): readonly Row[] => sections.get(title) ?? [];
const names = (rows: readonly Row[], state: string): string[] => rows.filter((row) => row.state === state).map((row) => row.name).toSorted();

describe("SUPPORT.md", () => {
  it.each([
    ["Helpers", HELPERS, REFUSED_HELPERS],
    ["Kernel functions", KFUNCS, REFUSED_KFUNCS],
  ] as const)("%s: what is supported and what is refused, with the reason that users are given", (title, supported, refused) => {
    const rows = rowsOf(title);
    expect(names(rows, "supported")).toEqual(supported.map(({ name }) => name).toSorted());
    expect(names(rows, "refused")).toEqual(refused.map(({ name }) => name).toSorted());
    for (const { name, reason } of refused) expect(rows.find((row) => row.name === name)?.evidence).toBe(reason);
  });

  it("has every map type in the state that it has", () => {
    const stated = new Map<string, boolean>();
    for (const { name, state } of rowsOf("Map types")) {
      for (const [type] of name.matchAll(/\b[A-Z][A-Z_]+\b/g)) stated.set(type.replace("BPF_MAP_TYPE_", ""), state.startsWith("yes"));
    }
    for (let id = 1; id < 64; id++) {
      const name = mapTypeName(id);
      if (/_\d+$/.test(name)) continue;
      expect([name, stated.get(name.replace("BPF_MAP_TYPE_", ""))]).toEqual([name, isMapTypeSupported(id)]);
    }
  });

  it("names evidence that is there", () => {
    const missing: string[] = [];
    for (const { evidence } of [...sections.values()].flat()) {
      let folder = "";
      for (const [path] of evidence.matchAll(/[\w./-]+\.(?:ts|c|md)\b/g)) {
        if (path.includes("/") && existsSync(join(ROOT, path))) folder = dirname(path);
        else if (!existsSync(join(ROOT, folder, path))) missing.push(path);
      }
    }
    expect(missing).toEqual([]);
  });
});
