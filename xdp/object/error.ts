/** The error of this room. */

/** Longest message, characters. */
const MAX_TEXT = 2000;

/** An object file that cannot be read, or that asks for what Beeline does not do. */
export class ObjectError extends Error {
  override readonly name = "ObjectError";
  /** Name of the file, as given. */
  readonly file: string;
  /** `invalid`: no sound object file; `unsupported`: sound, but not for us. */
  readonly kind: "invalid" | "unsupported";
  /** Section that the problem is in, where it is in one. */
  readonly section?: string;

  constructor(file: string, kind: "invalid" | "unsupported", problem: string, section?: string) {
    super(`${file}: ${oneLine(`${section === undefined ? "" : `section ${section}: `}${problem}`)}`);
    this.file = file;
    this.kind = kind;
    if (section !== undefined) this.section = section;
  }
}

/** Names come from the file, whatever they hold: nothing in them may break the line or reach a terminal as a command. */
function oneLine(text: string): string {
  const safe = text.replaceAll(/\p{Cc}/gu, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return safe.length <= MAX_TEXT ? safe : `${safe.slice(0, MAX_TEXT)}…`;
}
