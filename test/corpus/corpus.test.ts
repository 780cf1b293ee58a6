/**
 * Every XDP program that Debian's packages give, as objects or as source, does on every engine what it does in the kernel.
 * A table at the end says how many run here of those that the kernel loads; CORPUS_REPORT=FILE takes all findings as JSON.
 */
import { writeFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { kernelAvailable } from "../../xdp/engine/kernel/index.js";
import type { Finding } from "./examine.js";
import { examine, examineUnreadable } from "./examine.js";
import type { Corpus } from "./objects.js";
import { corpusFiles, readObject, xdpPrograms } from "./objects.js";
import { OPEN } from "./rules.js";
import { reportOf, corpusShare } from "./report.js";

/** Of the programs that the kernel loads, at least so many in a hundred run here. */
const FLOOR = 98;

const { available, reason } = kernelAvailable();
if (!available) console.warn(`corpus skipped: ${reason}`);
const { files, notes, missing }: Corpus = available ? await corpusFiles() : { files: [], notes: [], missing: [] };
/** Differences that are not known, and known ones that are not there. */
function unexpected({ object, program, differences, kernel, refused }: Finding): readonly string[] {
  const name = `${object.slice(object.indexOf("/") + 1)}/${program}`;
  const open = OPEN.find(({ programs }) => programs.test(name));
  if (open === undefined) return Object.values(differences);
  const gone = kernel !== undefined && refused === undefined && Object.keys(differences).length === 0;
  return gone ? [`${name} does not differ any more: take it off the list in rules.ts`] : [];
}

for (const what of missing) console.warn(`corpus: ${what}`);
const findings: Finding[] = [];

describe.skipIf(files.length === 0)("the corpus", () => {
  it.each(files)("$version/$name", (file) => {
    const object = readObject(file);
    const found = object instanceof Error ? [examineUnreadable(file, object)] : xdpPrograms(object).map((program) => examine(object, program));
    findings.push(...found);
    expect(found.flatMap(unexpected).join("\n\n")).toBe("");
  });

  it.skipIf(process.env["BEELINE_REQUIRE_KERNEL"] === undefined)("has all its sources and packages", () => {
    expect(missing).toEqual([]);
  });

  it(`runs ${FLOOR} % of what the kernel loads`, () => {
    expect(corpusShare(findings) * 100).toBeGreaterThanOrEqual(FLOOR);
  });
});

afterAll(() => {
  if (files.length === 0) return;
  console.info([...notes, ...reportOf(findings)].join("\n"));
  const file = process.env["CORPUS_REPORT"];
  if (file !== undefined && file !== "") writeFileSync(file, JSON.stringify({ missing, notes, findings }, null, 1));
});
