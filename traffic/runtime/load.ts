/** Finds what the build has made. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Thrown where a wasm file of this package has not been built. */
export class WasmMissingError extends Error {
  override readonly name = "WasmMissingError";
  /** Path below the package's `dist`. */
  readonly file: string;
  constructor(file: string) {
    super(`${file} is missing from this installation: run npm run build:runtime`);
    this.file = file;
  }
}

/** The path of `file`, which is one below the package's `dist`: found from there as well as from the TypeScript sources; undefined where it is not built. */
export function findBuilt(file: string): string | undefined {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const path = join(folder, "dist", file);
    if (existsSync(path)) return path;
    if (dirname(folder) === folder) return undefined;
  }
}

/** Compiles `file`, as {@link findBuilt} takes it. Throws {@link WasmMissingError}. */
export function loadWasm(file: string): WebAssembly.Module {
  const path = findBuilt(file);
  if (path === undefined) throw new WasmMissingError(file);
  return new WebAssembly.Module(readFileSync(path));
}
