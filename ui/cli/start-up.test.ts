import { readFileSync } from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** Files of ours and packages that Node loads with `file` before it runs: all that it imports statically, for more than types. */
function loadedWith(file: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (path: string): void => {
    if (files.has(relative(ROOT, path))) return;
    files.add(relative(ROOT, path));
    for (const [, specifier] of readFileSync(path, "utf8").matchAll(/^(?:import|export) (?!type )[^;]*?from "([^"]+)";$/gm)) {
      if (specifier.startsWith(".")) visit(resolve(dirname(path), specifier.replace(/\.js$/, ".ts")));
      else if (!specifier.startsWith("node:")) packages.add(specifier);
    }
  };
  visit(resolve(ROOT, file));
  return { files, packages };
}

describe("what is loaded before a command runs", () => {
  it("is no room for the command line itself", () => {
    const { files, packages } = loadedWith("ui/cli/main.ts");
    expect([...files].filter((file) => !file.startsWith(`ui${sep}`))).toEqual([]);
    expect([...packages]).toEqual(["commander"]);
  });

  it.each(["run", "verify", "inspect", "plan"])("is no package for %s: those that are needed are loaded where they are", (verb) => {
    const { files, packages } = loadedWith(`ui/cli/verbs/${verb}.ts`);
    expect(files.size).toBeGreaterThan(100);
    expect([...packages]).toEqual([]);
  });

  it("is seen through re-exports and imports of several lines", () => {
    const { files, packages } = loadedWith("index.ts");
    for (const file of ["traffic/trace.ts", "xdp/maps/special.ts", "offload/run.ts"]) expect(files).toContain(file.replaceAll("/", sep));
    expect(packages.size).toBe(0);
  });
});
