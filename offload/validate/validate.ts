/** Ours beside what is published, with errors by row and by group. */
import { GROUPS, validationRows } from "./rows.js";
import type { Group, Row } from "./rows.js";

export interface Compared extends Omit<Row, "ours"> {
  readonly ours: number;
  /** Share of the published figure: 0.01 is 1 % too high. */
  readonly error: number;
}

export interface Summary {
  readonly group: Group;
  readonly rows: readonly Compared[];
  /** Of absolute errors, over all rows; and over those that calibrated nothing (NaN where there are none). */
  readonly median: number;
  readonly worst: number;
  readonly medianUncalibrated: number;
  /** Within the bounds that the group states. */
  readonly holds: boolean;
}

/** Compares all rows, or those of the groups named. */
export async function validateProfiles(groups?: readonly string[]): Promise<readonly Summary[]> {
  const wanted = validationRows().filter((row) => groups === undefined || groups.includes(row.group));
  const compared: Compared[] = [];
  for (const { ours: find, ...row } of wanted) {
    const ours = await find();
    compared.push({ ...row, ours, error: ours / row.published - 1 });
  }
  return GROUPS.flatMap((group) => {
    const rows = compared.filter((row) => row.group === group.id);
    return rows.length === 0 ? [] : [summarise(group, rows)];
  });
}

function summarise(group: Group, rows: readonly Compared[]): Summary {
  const errors = rows.map(({ error }) => Math.abs(error));
  const median = medianOf(errors);
  const worst = Math.max(...errors);
  const medianUncalibrated = medianOf(rows.filter(({ calibrates }) => !calibrates).map(({ error }) => Math.abs(error)));
  return { group, rows, median, worst, medianUncalibrated, holds: median <= group.median && worst <= (group.worst ?? Infinity) };
}

/** NaN of nothing. */
export function medianOf(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
