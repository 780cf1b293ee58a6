/** Helper prototypes with their types taken apart. */
import type { HelperPrototype } from "../helpers/prototypes.js";
import { HELPER_PROTOTYPES } from "../helpers/prototypes.js";
import { FLAGS } from "./types.js";

export interface ParsedType {
  /** `ARG_…` or `RET_…`. */
  readonly base: string;
  readonly flags: number;
  /** Bytes behind a pointer of fixed size. */
  readonly size: number;
}

export interface ParsedPrototype {
  readonly id: number;
  readonly name: string;
  readonly ret: ParsedType;
  readonly args: readonly ParsedType[];
  readonly spec: HelperPrototype;
}

function parse(text: string, size = 0): ParsedType {
  const [base = "", ...flags] = text.split(" | ");
  return { base, flags: flags.reduce((sum, name) => sum | (FLAGS[name] ?? 0), 0), size };
}

export const PROTOTYPES: ReadonlyMap<number, ParsedPrototype> = new Map(
  HELPER_PROTOTYPES.map((spec) => [spec.id, { id: spec.id, name: spec.name, ret: parse(spec.ret), args: spec.args.map((arg, i) => parse(arg, spec.sizes?.[i + 1])), spec }]),
);
