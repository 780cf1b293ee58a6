/**
 * Every published figure that the device profiles claim to cover, ours beside it, and the error.
 *
 *   node dist/bench/validation.js [--json] [GROUP…]
 *
 * Published figures are of their sources, ours are modelled. Rows marked * gave a figure of a profile, a rule of the model or a
 * choice in an equivalent program: they only show that it went in right. Exit code 1 where a group is outside its bounds.
 */
import { parseArgs } from "node:util";
import { validateProfiles } from "../offload/index.js";
import type { Summary } from "../offload/index.js";

const percent = (share: number): string => (Number.isNaN(share) ? "-" : `${(share * 100).toFixed(1)} %`);

function show(value: number): string {
  return value >= 100 ? value.toFixed(1) : value.toFixed(value >= 10 ? 2 : 3);
}

function print({ group, rows, median, worst, medianUncalibrated, holds }: Summary): void {
  console.log(`\n${group.title}\n  published: ${group.source}`);
  for (const { name, published, ours, unit, error, calibrates } of rows) {
    console.log(`  ${calibrates ? "*" : " "} ${name.padEnd(40)} ${show(published).padStart(9)} ${show(ours).padStart(9)} ${unit.padEnd(5)} ${`${error >= 0 ? "+" : ""}${percent(error)}`.padStart(8)}`);
  }
  const bounds = `bounds: median ${percent(group.median)}${group.worst === undefined ? "" : `, worst ${percent(group.worst)}`}`;
  console.log(`  median ${percent(median)} (rows that calibrated nothing: ${percent(medianUncalibrated)}), worst ${percent(worst)}; ${bounds}: ${holds ? "holds" : "DOES NOT HOLD"}`);
}

const { values, positionals } = parseArgs({ options: { json: { type: "boolean", default: false } }, allowPositionals: true });
const summaries = await validateProfiles(positionals.length === 0 ? undefined : positionals);
if (values.json) console.log(JSON.stringify(summaries, null, 2));
else {
  console.log("Figures: published, modelled here, error. * gave a figure of a profile, a rule of the model or a choice in an equivalent program; equivalents were written with the measured figures known.");
  for (const summary of summaries) print(summary);
}
process.exitCode = summaries.every(({ holds }) => holds) ? 0 : 1;
