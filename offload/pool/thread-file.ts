/** Where the files of this room's threads are: threads cannot load TypeScript. */
import { findBuilt } from "../../traffic/index.js";

/** Thrown where the pool's thread is not built, or an engine cannot run in parallel. */
export class PoolError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "PoolError";
  }
}

/** The built file `name` of this folder. Throws {@link PoolError}. */
export function threadFile(name: string): string {
  const path = findBuilt(`offload/pool/${name}`);
  if (path === undefined) throw new PoolError("the pool's thread is not built: run npm run build");
  return path;
}
