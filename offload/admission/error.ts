/** Something that a device refuses, as an error and as a line of a report. */

/** Where in the C source: from the object's line information. */
export interface SourceLine {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

export interface Refusal {
  /** In the words of the driver, or of the kernel where it refuses for it. */
  readonly driver: string;
  /** What would help. */
  readonly help: string;
  /** Slot of the instruction, or name of the map, that it is about; else the whole program. */
  readonly slot?: number;
  readonly map?: string;
  readonly limit?: number | string;
  readonly actual?: number | string;
}

/** A rule of a device that a program breaks. The message says where, what the driver says, and what would help. */
export class OffloadError extends Error {
  /** Id of the rule. */
  readonly rule: string;
  /** What the device takes, and what the program wants, where the rule is about an amount or a choice. */
  readonly limit: number | string | undefined;
  readonly actual: number | string | undefined;
  readonly driver: string;
  readonly help: string;
  readonly slot: number | undefined;
  readonly map: string | undefined;
  readonly source: SourceLine | undefined;

  constructor(rule: string, refusal: Refusal, source: SourceLine | undefined, more = 0) {
    super(`${place(refusal, source)}${refusal.driver}${more > 0 ? ` (and ${more} more like it)` : ""}: ${refusal.help}`);
    this.name = "OffloadError";
    this.rule = rule;
    this.limit = refusal.limit;
    this.actual = refusal.actual;
    this.driver = refusal.driver;
    this.help = refusal.help;
    this.slot = refusal.slot;
    this.map = refusal.map;
    this.source = source;
  }
}

function place({ slot, map }: Refusal, source: SourceLine | undefined): string {
  if (slot !== undefined) return source === undefined ? `instruction ${slot}: ` : `${source.file}:${source.line} (instruction ${slot}): `;
  return map === undefined ? "" : `map ${map}: `;
}
