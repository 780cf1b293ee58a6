/** Finds what the build has made of a room's AssemblyScript. */
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

/** Compiles `file`, a path below the package's `dist`; found from there as well as from the TypeScript sources. Throws {@link WasmMissingError}. */
export function loadWasm(file: string): WebAssembly.Module {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const path = join(folder, "dist", file);
    if (existsSync(path)) return new WebAssembly.Module(readFileSync(path));
    if (dirname(folder) === folder) throw new WasmMissingError(file);
  }
}
