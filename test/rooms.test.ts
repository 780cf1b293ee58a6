import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/** Which rooms each room may import; its own files go without saying. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  traffic: [],
  xdp: [],
  nic: ["traffic"],
  offload: ["nic", "xdp", "traffic"],
  scenarios: ["offload", "nic", "xdp", "traffic"],
  bench: ["scenarios", "offload", "nic", "xdp", "traffic"],
  ui: ["bench", "scenarios", "offload", "nic", "xdp", "traffic"],
};
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));
}

interface Import {
  readonly from: string;
  readonly target: string;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, "utf8");
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((match) => match[1]);
  return specifiers.map((specifier) => ({ from: relative(ROOT, file), target: relative(ROOT, resolve(dirname(file), specifier)) }));
}

/** Why this import breaks the house, or undefined. Tests may look at any file of a room below theirs. */
function violation({ from, target }: Import): string | undefined {
  const [room] = from.split(sep);
  const [other] = target.split(sep);
  if (room === other) return undefined;
  if (!(other in MAY_IMPORT)) return `${from} imports ${target}, which is in no room`;
  if (!MAY_IMPORT[room].includes(other)) return `${from} imports ${target}: ${room} must not know ${other}`;
  // AssemblyScript becomes one module with what it builds on: there is no door between but what is written for it.
  if (from.includes(`${sep}assembly${sep}`) && (/\babi$/.test(target) || target.includes(join("runtime", "assembly")))) return undefined;
  const isTest = from.endsWith(".test.ts") || from.includes(`${sep}testing${sep}`);
  if (target !== join(other, "index.js") && !isTest) return `${from} imports ${target}: the only door of ${other} is ${other}/index.js`;
  return undefined;
}

describe("the house", () => {
  it.each(Object.keys(MAY_IMPORT))("%s imports only the rooms below it, through their doors", (room) => {
    const imports = sources(join(ROOT, room)).flatMap(importsOf);
    expect(imports.map(violation).filter((found) => found !== undefined)).toEqual([]);
  });

  it("sees an import in the wrong direction", () => {
    expect(violation({ from: join("nic", "rss.ts"), target: join("xdp", "index.js") })).toMatch(/must not know xdp/);
    expect(violation({ from: join("offload", "run.ts"), target: join("nic", "rss.js") })).toMatch(/only door/);
    expect(violation({ from: join("offload", "run.ts"), target: join("nic", "index.js") })).toBeUndefined();
  });
});
