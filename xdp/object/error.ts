/** The error of this room. */

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
    super(`${file}: ${section === undefined ? "" : `section ${section}: `}${problem}`);
    this.file = file;
    this.kind = kind;
    if (section !== undefined) this.section = section;
  }
}
