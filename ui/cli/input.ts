import { readFileSync } from "node:fs";
import { UsageError } from "./errors.js";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "permission denied",
  EISDIR: "this is a directory",
};

/** The bytes of a file that the user named. Throws {@link UsageError} that says what it was for. */
export function readInput(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    throw new UsageError(`${path}: cannot read ${what}: ${REASONS[code] ?? String(cause)}`, { cause });
  }
}
