/** A directory of its own for a test file. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** Makes a directory that goes when the tests are done; `put` writes a file in it and returns its path. */
export function temporaryDirectory(): { readonly path: string; put(name: string, bytes: Uint8Array): string } {
  const path = mkdtempSync(join(tmpdir(), "beeline-capture-"));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    put(name, bytes) {
      const file = join(path, name);
      writeFileSync(file, bytes);
      return file;
    },
  };
}
