/** The kernel's selftests that state a verdict, compiled from the source that the corpus run unpacks. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ObjectSpec } from "../../xdp/object/index.js";
import { loadObject, ObjectError } from "../../xdp/object/index.js";

const FOLDER = process.env["CORPUS"] ?? join(tmpdir(), "beeline-corpus");
const TARBALL = process.env["LINUX_SOURCE"] ?? "/usr/src/linux-source-6.12.tar.xz";

export interface Selftest {
  readonly name: string;
  readonly object: ObjectSpec;
}

/** Objects that can be read, and what is not there, in words. */
export function selftests(): { readonly objects: readonly Selftest[]; readonly notes: readonly string[] } {
  const folder = join(FOLDER, "selftests");
  const notes: string[] = [];
  if (existsSync(TARBALL)) {
    const { status, stderr, error } = spawnSync(fileURLToPath(new URL("build.sh", import.meta.url)), [FOLDER], { encoding: "utf8" });
    if (status !== 0) notes.push(`the selftests were not compiled: ${error?.message ?? stderr.trim().split("\n").at(-1)}`);
  } else notes.push(`the kernel's source is not there (${TARBALL}): apt install linux-source-6.12`);
  if (!existsSync(folder)) return { objects: [], notes };
  const objects = readdirSync(folder)
    .filter((name) => name.endsWith(".o"))
    .toSorted()
    .flatMap((file): Selftest[] => {
      try {
        return [{ name: file.replace(/\.bpf\.o$/, ""), object: loadObject(readFileSync(join(folder, file)), file) }];
      } catch (error) {
        if (!(error instanceof ObjectError)) throw error;
        notes.push(error.message);
        return [];
      }
    });
  return { objects, notes };
}
