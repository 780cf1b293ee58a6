/** The types that programs are adapted to where there is no kernel to ask: what XDP programs touch, of Linux 6.18 on x86-64. */
import { specTarget } from "../core_target.js";
import type { BtfTarget } from "../core_target.js";
import type { BtfSpec } from "../spec.js";
import { BASE_TYPES } from "./base.js";
import { ENUM_TYPES } from "./enums.js";
import { INTERNAL_TYPES } from "./internal.js";
import { parseTypes } from "./parse.js";
import { UAPI_TYPES } from "./uapi.js";

let builtin: BtfTarget | undefined;

/** All of them, anew. */
export function builtinTypes(): BtfSpec {
  return parseTypes(BASE_TYPES + UAPI_TYPES + INTERNAL_TYPES + ENUM_TYPES);
}

/** The built-in BTF. */
export function builtinTarget(): BtfTarget {
  builtin ??= specTarget(builtinTypes(), "the built-in BTF");
  return builtin;
}
