/** A command line that makes no sense. The message is one line: what is wrong and what to do. */
export class UsageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UsageError";
  }
}

/** The run did what was asked, and what it found is not what should be: exit code 1. */
export const EXIT_FINDING = 1;
/** Usage, or input that cannot be read or is not supported: exit code 2. */
export const EXIT_INPUT = 2;

/** One line for stderr. Errors of the rooms already are one; anything else is our own mistake and says so. */
export function errorLine(error: unknown): string {
  if (!(error instanceof Error)) return `beeline: ${String(error)}`;
  const message = error.message.replaceAll(/\s*\n\s*/g, " ");
  const known = error.constructor !== Error && !(error instanceof TypeError) && !(error instanceof RangeError);
  if (known || isFileError(error)) return `beeline: ${message}`;
  return `beeline: internal error: ${message} (a bug in Beeline: run again with --debug and report the trace)`;
}

function isFileError(error: Error): boolean {
  return "syscall" in error && "code" in error;
}
