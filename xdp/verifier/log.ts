/** The verifier's log: text that can be cut back, as the kernel does with paths that turned out to be safe. */

export class VerifierLog {
  /** 0: only what is wrong; 1: the path that fails; 2: every path. */
  readonly level: number;
  private parts: string[] = [];
  private length = 0;
  constructor(level: number) {
    this.level = level;
  }

  get on(): boolean {
    return this.level > 0;
  }

  get position(): number {
    return this.length;
  }

  write(text: string): void {
    this.parts.push(text);
    this.length += text.length;
  }

  /** Forgets what is behind a position. */
  cut(position: number): void {
    while (this.length > position) {
      const last = this.parts.pop() ?? "";
      this.length -= last.length;
      if (this.length < position) this.write(last.slice(0, position - this.length));
    }
  }

  toString(): string {
    return this.parts.join("");
  }
}

/** Thrown where the program is refused; the message is the last line of the kernel's verdict. */
export class Rejection extends Error {
  /** Kernel error name, for example `EACCES`. */
  readonly code: string;
  constructor(message: string, code: string) {
    super(message);
    this.name = "Rejection";
    this.code = code;
  }
}

/** Thrown for what the kernel may take but this verifier does not know. */
export class NotKnown extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NotKnown";
  }
}
