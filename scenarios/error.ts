/** A scenario file that cannot be used. The message is one line: where, what, what to do. */
export class ScenarioError extends Error {
  readonly file: string;
  /** 1-based; absent where the file as a whole is meant. */
  readonly line: number | undefined;

  constructor(file: string, line: number | undefined, problem: string, options?: ErrorOptions) {
    super(`${line === undefined ? file : `${file}:${line}`}: ${problem}`, options);
    this.name = "ScenarioError";
    this.file = file;
    this.line = line;
  }
}
