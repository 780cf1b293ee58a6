/** What of a program cannot be compared between engines, and why: nothing else is left out of the comparison. */

export interface Rule {
  /** Objects without version and suffix, and programs, as in `xdping_kern/xdping_client`. */
  readonly programs: RegExp;
  readonly reason: string;
  /** Maps whose contents are not compared. */
  readonly maps?: readonly string[];
  /** Return values and bytes are not compared. */
  readonly outcomes?: true;
}

export const RULES: readonly Rule[] = [
  { programs: /^xdping_kern\/xdping_client$/, maps: ["ping_map"], reason: "it writes down how long an answer took" },
  { programs: /^loader(-clang-\d+)?-el\/(static|static_fn|global_fn3)$/, outcomes: true, reason: "functions of a number, loaded as programs: they return the address of their context and a little" },
];

export function rulesFor(name: string): readonly Rule[] {
  return RULES.filter(({ programs }) => programs.test(name));
}
