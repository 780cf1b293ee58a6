/** Findings as a table. */
import type { Finding } from "./examine.js";
import { AS_XDP } from "./versions.js";

/** Of programs that were not written for XDP nobody expects anything. */
function proper(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter((finding) => versionOf(finding) !== AS_XDP);
}

/** Programs that run here among those that the kernel loads, 0 to 1; those that were written for XDP. */
export function corpusShare(findings: readonly Finding[]): number {
  return shareOf(proper(findings));
}

function shareOf(findings: readonly Finding[]): number {
  const loaded = findings.filter(({ kernel }) => kernel !== undefined);
  return loaded.length === 0 ? 1 : loaded.filter(({ refused }) => refused === undefined).length / loaded.length;
}

/** Lines: counts by version, then what is refused, by reason, with names. */
export function reportOf(findings: readonly Finding[]): string[] {
  const versions = [...new Set(findings.map(versionOf))];
  const rows = [...versions.map((version) => row(version, findings.filter((finding) => versionOf(finding) === version))), row("all for XDP", proper(findings))];
  const header = ["", "programs", "kernel loads", "run here", "share", "compared", "differ"];
  return [
    ...table([header, ...rows]),
    ...grouped("refused here", findings.filter(({ refused }) => refused), ({ refused }) => `${refused?.kind} ${refused?.what}`),
    ...grouped("run, but not compared", findings.filter(({ notCompared }) => notCompared), ({ notCompared }) => notCompared ?? ""),
    ...grouped("differ", findings.filter(differs), ({ differences }) => Object.keys(differences).join(", ")),
    ...grouped("not loaded by the kernel either", proper(findings).filter(({ kernel }) => kernel === undefined), ({ kernelReason }) => kernelReason ?? ""),
  ];
}

function versionOf({ object }: Finding): string {
  return object.slice(0, object.indexOf("/"));
}

function differs({ differences }: Finding): boolean {
  return Object.keys(differences).length > 0;
}

function row(name: string, findings: readonly Finding[]): string[] {
  const loaded = findings.filter(({ kernel }) => kernel !== undefined);
  const runs = loaded.filter(({ refused }) => refused === undefined);
  const compared = runs.filter(({ notCompared }) => notCompared === undefined);
  return [name, findings.length, loaded.length, runs.length, `${(shareOf(findings) * 100).toFixed(1)} %`, compared.length, findings.filter(differs).length].map(String);
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  return rows.map((cells) => cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join("  "));
}

/** Findings by reason, the most frequent first. */
function grouped(title: string, findings: readonly Finding[], reasonOf: (finding: Finding) => string): string[] {
  if (findings.length === 0) return [];
  const groups = groupBy(findings, reasonOf);
  return [
    `${title}: ${findings.length}`,
    ...[...groups].toSorted(([, a], [, b]) => b.length - a.length).map(([why, members]) => `  ${members.length} x ${why}: ${namesOf(members)}`),
  ];
}

function namesOf(findings: readonly Finding[]): string {
  const versions = groupBy(findings, ({ object, program }) => `${object.slice(object.indexOf("/") + 1)}/${program}`);
  return [...versions].map(([name, members]) => `${name} (${members.map(versionOf).join(" ")})`).join(", ");
}

function groupBy(findings: readonly Finding[], keyOf: (finding: Finding) => string): ReadonlyMap<string, readonly Finding[]> {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) groups.set(keyOf(finding), [...(groups.get(keyOf(finding)) ?? []), finding]);
  return groups;
}
