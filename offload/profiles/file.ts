/**
 * A profile that a user wrote: YAML or JSON. It may build on another (`base: agilio-cx-2x40`) and name only what differs.
 * Every complaint names the file and, where it is known, the line.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename } from "node:path";
import type * as Yaml from "yaml";
import { ProfileError } from "./errors.js";
import { profileSchemas } from "./schema.js";
import type { DeviceProfile } from "./schema.js";

/** Whether a profile's name is meant as a file's. */
export function isProfileFile(name: string): boolean {
  return /\.(?:ya?ml|json)$/i.test(name) || /[/\\]/.test(name);
}

/** Reads the profile in `path`; `find` gives the one that it builds on. Throws {@link ProfileError}. */
export function readProfile(path: string, find: (name: string) => DeviceProfile): DeviceProfile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw new ProfileError(path, `${path}: cannot read the profile (${code}): name a YAML or JSON file, or one of those that beeline profiles lists`);
  }
  return parseProfileText(text, path, find);
}

/** Parses the text of a profile. `file` is for messages, and names the profile where it has no name. */
export function parseProfileText(text: string, file: string, find: (name: string) => DeviceProfile): DeviceProfile {
  // Loaded here: most runs read no such file.
  const { isMap, isNode, isScalar, LineCounter, parseDocument } = createRequire(import.meta.url)("yaml") as typeof Yaml;
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  /** Line of a top-level key, or undefined. */
  const lineOf = (key: string): number | undefined => {
    if (!isMap(document.contents)) return undefined;
    const pair = document.contents.items.find((item) => isScalar(item.key) && item.key.value === key);
    return pair !== undefined && isNode(pair.key) && pair.key.range ? lines.linePos(pair.key.range[0]).line : undefined;
  };
  const fail = (key: string, message: string, line = lineOf(key)): never => {
    throw new ProfileError(key, `${file}${line === undefined ? "" : `:${line}`}: ${message}`);
  };
  const [syntax] = document.errors;
  if (syntax !== undefined) fail("", `not valid YAML or JSON: ${syntax.message.split("\n", 1)[0]}`, lines.linePos(syntax.pos[0]).line);
  const data: unknown = document.toJS();
  if (typeof data !== "object" || data === null || Array.isArray(data)) return fail("", "a profile is a mapping from keys to figures, for example cores: 60", 1);
  const { base, sources, ...own } = data as Record<string, unknown>;
  let from: DeviceProfile | undefined;
  if (base !== undefined) {
    if (typeof base !== "string") return fail("base", "'base' is the name of the profile to build on, for example agilio-cx-2x40");
    try {
      from = find(base);
    } catch (error) {
      return fail("base", error instanceof Error ? error.message : String(error));
    }
  }
  const given = typeof sources === "object" && sources !== null ? (sources as Record<string, unknown>) : {};
  const set = Object.fromEntries(Object.keys(own).filter((key) => !NO_SOURCE.has(key)).map((key) => [key, { evidence: "assumed", source: `set in ${basename(file)}` }]));
  const parsed = profileSchemas().profile.safeParse({ ...from, name: basename(file).replace(/\.\w+$/, ""), ...(from === undefined ? { description: `set in ${basename(file)}` } : {}), ...own, sources: { ...from?.sources, ...set, ...given } });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const unknown = issue.code === "unrecognized_keys" ? String(issue.keys[0]) : undefined;
  const key = unknown ?? String(issue.path[0] ?? "");
  if (key === "kind" && !("kind" in own) && from === undefined) return fail("", "say what it builds on (base: agilio-cx-2x40), or its kind (offload or kernel) and every figure", 1);
  if (unknown !== undefined) return fail(unknown, `unknown key '${unknown}'`);
  if (!(key in own) && key !== "sources") return fail("", `'${key}' is missing: give it, or build on a profile with base: NAME`, 1);
  return fail(key, `'${issue.path.join(".")}': ${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`);
}

/** Keys that are no figures. */
const NO_SOURCE = new Set(["kind", "name", "description", "mode"]);
