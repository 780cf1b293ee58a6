/** What can go wrong between this process and the kernel's bpf(2). */
import { getSystemErrorName } from "node:util";

/** Thrown where bpf(2) cannot be used here at all; the message says why in one line. */
export class KernelUnavailableError extends Error {
  readonly reason: string;
  constructor(reason: string, cause?: unknown) {
    super(`the kernel engine is not available: ${reason}`, { cause });
    this.name = "KernelUnavailableError";
    this.reason = reason;
  }
}

/** A system call that the kernel answered with an error. */
export class KernelError extends Error {
  /** What was tried, for example `BPF_MAP_CREATE of map "flows"`. */
  readonly action: string;
  /** Error number, above 0. */
  readonly errno: number;
  /** Its name, for example `EINVAL`. */
  readonly code: string;
  constructor(action: string, errno: number, hint = "") {
    const code = errnoName(errno);
    super(`${action} failed with ${code}${hint === "" ? "" : `: ${hint}`}`);
    this.name = "KernelError";
    this.action = action;
    this.errno = errno;
    this.code = code;
  }
}

/** The kernel's verifier refused a program; the message is its verdict, the whole log is on {@link log}. */
export class KernelVerifierError extends Error {
  readonly program: string;
  readonly errno: number;
  readonly code: string;
  /** The verifier's log, as the kernel wrote it. */
  readonly log: string;
  constructor(program: string, errno: number, log: string) {
    super(verdictLine(log) ?? `the kernel refused program ${program} with ${errnoName(errno)} and no log`);
    this.name = "KernelVerifierError";
    this.program = program;
    this.errno = errno;
    this.code = errnoName(errno);
    this.log = log;
  }
}

/** Lines that the verifier writes behind its verdict. */
const STATISTICS = /^(processed \d+ insns|verification time|stack depth|mark_precise:|-- |$)/;

/** The line of a verifier log that says what is wrong: the last one that is not statistics. */
function verdictLine(log: string): string | undefined {
  return log
    .split("\n")
    .map((line) => line.trim())
    .findLast((line) => !STATISTICS.test(line));
}

/** Name of an error number; the kernel's own numbers above 511 have no name in libc. */
export function errnoName(errno: number): string {
  if (errno === ENOTSUPP) return "ENOTSUPP";
  return getSystemErrorName(-errno);
}

/** The kernel's internal "not supported", which some map operations let through to user space. */
export const ENOTSUPP = 524;
export const EPERM = 1;
export const ENOENT = 2;
export const E2BIG = 7;
export const ENODEV = 19;
export const EINVAL = 22;
export const ENOSPC = 28;
export const EOPNOTSUPP = 95;
