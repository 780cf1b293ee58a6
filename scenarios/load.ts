/** Reads a scenario.yaml; every complaint names the file and the line. */
import { readFileSync, statSync } from "node:fs";
import { join, resolve, dirname } from "node:path";
import { createRequire } from "node:module";
import type * as Yaml from "yaml";
import type { Document, LineCounter } from "yaml";
import type { z } from "zod";
import { ScenarioError } from "./error.js";
import { scenarioSchemas } from "./schema.js";
import type { ScenarioSpec } from "./schema.js";

export interface Scenario {
  /** As the user named it. */
  readonly file: string;
  /** Absolute; relative paths in the spec start here. */
  readonly folder: string;
  readonly spec: ScenarioSpec;
}

/**
 * Loads a scenario from its YAML file, or from a folder that holds a `scenario.yaml`.
 * @throws {ScenarioError} where it cannot be read or does not fit the schema.
 */
export function loadScenario(path: string): Scenario {
  const file = isFolder(path) ? join(path, "scenario.yaml") : path;
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new ScenarioError(file, undefined, `cannot read the scenario (${reason(cause)}); name a scenario.yaml or a folder that holds one`, { cause });
  }
  return { file, folder: resolve(dirname(file)), spec: parseScenario(text, file) };
}

/** Parses the text of a scenario.yaml. `file` is for messages. */
export function parseScenario(text: string, file: string): ScenarioSpec {
  const lines = new (yaml().LineCounter)();
  const document = yaml().parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [syntax] = document.errors;
  if (syntax !== undefined) throw new ScenarioError(file, lines.linePos(syntax.pos[0]).line, `not valid YAML: ${firstLine(syntax.message)}`, { cause: syntax });
  const result = scenarioSchemas().scenario.safeParse(document.toJS() ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ScenarioError(file, lineOf(document, lines, issue), describe(issue, document), { cause: result.error });
}

/** Loaded when the first scenario is: not every run has one. */
function yaml(): typeof Yaml {
  return createRequire(import.meta.url)("yaml") as typeof Yaml;
}

type Issue = z.core.$ZodIssue;

function describe(issue: Issue, document: Document): string {
  const where = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    const known = where === "" ? `; known keys: ${Object.keys(scenarioSchemas().scenario.shape).join(", ")}` : "";
    return `unknown key ${issue.keys.map((key) => `'${key}'`).join(", ")}${where === "" ? "" : ` in ${where}`}${known}`;
  }
  const value = document.getIn(issue.path as string[]);
  if (value === undefined && issue.path.length > 0) return `'${where}' is missing`;
  const got = issue.code === "invalid_type" || issue.code === "invalid_union" ? `, got ${show(value)}` : "";
  return `'${where}': ${issue.message.replace(/^Invalid input: /, "").replace(/, received .*$/, "")}${got}`;
}

function show(value: unknown): string {
  if (yaml().isNode(value)) return yaml().isMap(value) ? "a mapping" : "a list";
  return JSON.stringify(value);
}

/** Line of the offending node; of the nearest parent that exists where a key is missing. */
function lineOf(document: Document, lines: LineCounter, issue: Issue): number | undefined {
  const { isMap, isNode, isScalar } = yaml();
  if (issue.code === "unrecognized_keys") {
    const parent = issue.path.length === 0 ? document.contents : document.getIn(issue.path as string[], true);
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === issue.keys[0]);
      if (pair !== undefined && isNode(pair.key) && pair.key.range) return lines.linePos(pair.key.range[0]).line;
    }
  }
  for (let depth = issue.path.length; depth >= 0; depth--) {
    const node = depth === 0 ? document.contents : document.getIn(issue.path.slice(0, depth) as string[], true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function firstLine(message: string): string {
  return message.split("\n", 1)[0];
}

function reason(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
}
