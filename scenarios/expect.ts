/** Holds what a run found against what its scenario expects. */
import type { Range, ScenarioSpec } from "./schema.js";

/** What a run found, by the names that expectations use. */
export interface Findings {
  readonly packets: number;
  readonly faults: number;
  /** Packets by verdict. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** Share, 0 to 1, of each label's packets that were stopped. */
  readonly stopped: Readonly<Record<string, number>>;
  /** Hits by rule name. */
  readonly rules: Readonly<Record<string, number>>;
}

export interface ExpectationResult {
  /** Figures that the scenario names. */
  readonly checked: number;
  /** One line for each that does not hold. */
  readonly failures: readonly string[];
}

/** Compares; a scenario without `expect` expects nothing. */
export function checkExpectations(expected: ScenarioSpec["expect"], found: Findings): ExpectationResult {
  const failures: string[] = [];
  let checked = 0;
  const check = (what: string, range: Range | undefined, value: number | undefined): void => {
    if (range === undefined) return;
    checked++;
    if (value === undefined) failures.push(`${what}: expected ${describeRange(range)}, but the run has no such figure`);
    else if (!within(range, value)) failures.push(`${what}: expected ${describeRange(range)}, found ${value}`);
  };
  check("packets", expected?.packets, found.packets);
  check("faults", expected?.faults, found.faults);
  for (const [verdict, range] of Object.entries(expected?.verdicts ?? {})) check(`verdicts.${verdict}`, range, found.verdicts[verdict] ?? 0);
  for (const [label, range] of Object.entries(expected?.stopped ?? {})) check(`stopped.${label}`, range, found.stopped[label]);
  for (const [rule, range] of Object.entries(expected?.rules ?? {})) check(`rules.${rule}`, range, found.rules[rule]);
  return { checked, failures };
}

function within(range: Range, value: number): boolean {
  if (typeof range === "number") return value === range;
  return value >= (range.min ?? -Infinity) && value <= (range.max ?? Infinity);
}

function describeRange(range: Range): string {
  if (typeof range === "number") return String(range);
  if (range.min === undefined) return `at most ${range.max}`;
  return range.max === undefined ? `at least ${range.min}` : `${range.min} to ${range.max}`;
}
