/** What goes wrong with a capture, and how it is told: one line with what, where and what to do. */

/** Where in a capture something is. */
export interface CapturePlace {
  /** The file as the user named it; `-` is standard input. */
  readonly file: string;
  /** Byte offset in the file (after decompression, for a compressed one). */
  readonly offset?: number | undefined;
  /** Number of the packet in its file, from 1, as Wireshark counts. */
  readonly packet?: number | undefined;
}

/** A capture that cannot be read or written. */
export class CaptureError extends Error {
  override readonly name = "CaptureError";
  readonly file: string;
  /** Byte offset in the (decompressed) file, where one is to blame. */
  readonly offset: number | undefined;
  /** Number of the packet, from 1, where one is to blame. */
  readonly packet: number | undefined;

  constructor(place: CapturePlace, what: string, advice: string, cause?: unknown) {
    super(`${place.file}: ${what}${describePlace(place)}: ${advice}`, cause === undefined ? undefined : { cause });
    this.file = place.file;
    this.offset = place.offset;
    this.packet = place.packet;
  }
}

/** ` (packet 3, byte 1234)`, with what is known. */
export function describePlace(place: CapturePlace): string {
  const parts: string[] = [];
  if (place.packet !== undefined) parts.push(`packet ${place.packet}`);
  if (place.offset !== undefined) parts.push(`byte ${place.offset}`);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

/** An error of the system, in words. */
export function systemError(file: string, error: unknown): CaptureError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const known = SYSTEM_ERRORS[code];
  if (known !== undefined) return new CaptureError({ file }, known[0], known[1], error);
  const text = error instanceof Error ? error.message : String(error);
  return new CaptureError({ file }, "cannot be read", text, error);
}

const SYSTEM_ERRORS: Readonly<Record<string, readonly [what: string, advice: string]>> = {
  ENOENT: ["no such file", "check the path"],
  ENOTDIR: ["no such file", "check the path"],
  EACCES: ["permission denied", "make the file readable or run as its owner"],
  EPERM: ["permission denied", "make the file readable or run as its owner"],
  EISDIR: ["this is a directory", "give a capture file in it"],
};
