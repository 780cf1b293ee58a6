/** Where the files of this room's threads are: threads cannot load TypeScript. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Thrown where the pool's thread is not built, or an engine cannot run in parallel. */
export class PoolError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "PoolError";
  }
}

/** The built file `name` of this folder, found from the sources as well as from the package. Throws {@link PoolError}. */
export function threadFile(name: string): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const file = join(folder, "dist", "offload", "pool", name);
    if (existsSync(file)) return file;
    if (dirname(folder) === folder) throw new PoolError("the pool's thread is not built: run npm run build");
  }
}
