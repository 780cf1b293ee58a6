/** The two tables of helpers agree: what the engines check of an argument is what the verifier asks for. */
import { expect, it } from "vitest";
import { ARG_ANYTHING, ARG_CTX, ARG_MAP, ARG_MAP_KEY, ARG_MAP_VALUE, ARG_MAP_VALUE_WRITE, ARG_MEM_READ, ARG_MEM_READ_OR_NULL, ARG_MEM_WRITE, ARG_SIZE, ARG_SIZE_OR_ZERO, ARG_STRING } from "../abi.js";
import { HELPER_PROTOTYPE_BY_ID, HELPER_PROTOTYPES } from "./prototypes.js";
import { HELPER_NAMES } from "./names.js";
import { HELPERS } from "./table.js";

/** Prototypes' arguments that an engine's code stands for. */
const MEANINGS: Readonly<Record<number, RegExp>> = {
  [ARG_ANYTHING]: /./,
  [ARG_MAP]: /^ARG_CONST_MAP_PTR$/,
  [ARG_MAP_KEY]: /^ARG_PTR_TO_MAP_KEY$/,
  [ARG_MAP_VALUE]: /^ARG_PTR_TO_MAP_VALUE/,
  [ARG_MAP_VALUE_WRITE]: /^ARG_PTR_TO_MAP_VALUE.*MEM_WRITE/,
  [ARG_CTX]: /^ARG_PTR_TO_CTX$/,
  [ARG_MEM_READ]: /^ARG_PTR_TO_MEM/,
  [ARG_MEM_READ_OR_NULL]: /^ARG_PTR_TO_MEM.*PTR_MAYBE_NULL/,
  [ARG_MEM_WRITE]: /^ARG_PTR_TO_MEM/,
  // Of sizes that may be 0, an engine may ask for more.
  [ARG_SIZE]: /^ARG_CONST_SIZE/,
  [ARG_SIZE_OR_ZERO]: /^ARG_CONST_SIZE_OR_ZERO$/,
  [ARG_STRING]: /^ARG_PTR_TO_CONST_STR$/,
};
/** Helpers that run here, though the kernel gives them to other programs only. */
const ELSEWHERE: ReadonlySet<number> = new Set([4]);

it("names are the uapi's", () => {
  expect(HELPER_PROTOTYPES.filter(({ id, name }) => HELPER_NAMES[id] !== name)).toEqual([]);
});

it("every helper that runs here has a prototype", () => {
  expect(HELPERS.filter(({ id }) => !HELPER_PROTOTYPE_BY_ID.has(id) && !ELSEWHERE.has(id)).map(({ name }) => name)).toEqual([]);
});

it.each(HELPERS.filter(({ id }) => HELPER_PROTOTYPE_BY_ID.has(id)))("$name: arguments agree", ({ id, args }) => {
  const wanted = HELPER_PROTOTYPE_BY_ID.get(id)?.args ?? [];
  for (const [i, arg] of wanted.entries()) expect(arg).toMatch(MEANINGS[args[i] ?? 0] ?? /./);
});
