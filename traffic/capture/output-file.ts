/** A file that is there whole or not at all: written beside its place under another name, renamed when it is complete. */
import { closeSync, fchmodSync, openSync, realpathSync, renameSync, statSync, unlinkSync, writeSync } from "node:fs";
import { CaptureError } from "./errors.js";

const BUFFER_BYTES = 1 << 20;

/**
 * Buffered, synchronous output. {@link close} puts the file in its place, {@link abort} leaves nothing behind. A pipe or
 * device is written directly.
 */
export class OutputFile {
  /** The path as the user named it. */
  readonly file: string;
  /** Bytes written so far. */
  position = 0;
  readonly #target: string;
  /** Where the bytes go until the end; the target itself if that is no regular file. */
  readonly #path: string;
  readonly #fd: number;
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #filled = 0;
  #open = true;

  constructor(file: string) {
    this.file = file;
    try {
      const existing = statSync(file, { throwIfNoEntry: false });
      if (existing?.isDirectory() === true) throw new CaptureError({ file }, "this is a directory", "name a file to write");
      const direct = existing !== undefined && !existing.isFile();
      // Through a symbolic link: what it points at is replaced, not the link.
      this.#target = existing === undefined || direct ? file : realpathSync(file);
      this.#path = direct ? file : `${this.#target}.${process.pid}.${serial++}.part`;
      this.#fd = openSync(this.#path, direct ? "w" : "wx");
      if (existing !== undefined && !direct) fchmodSync(this.#fd, existing.mode & 0o777);
    } catch (error) {
      throw writeError(file, error);
    }
  }

  /** Where `bytes` bytes may be written by the caller, in {@link buffer}; they count as written. */
  reserve(bytes: number): number {
    if (this.#filled + bytes > BUFFER_BYTES) this.#flush();
    if (bytes > BUFFER_BYTES) throw new RangeError(`cannot reserve ${bytes} bytes`);
    const at = this.#filled;
    this.#filled += bytes;
    this.position += bytes;
    return at;
  }

  get buffer(): Buffer {
    return this.#buffer;
  }

  /** Writes bytes of any number. */
  write(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; from += BUFFER_BYTES) {
      const piece = bytes.subarray(from, from + BUFFER_BYTES);
      this.#buffer.set(piece, this.reserve(piece.length));
    }
  }

  /** Completes the file and puts it in its place. */
  close(): void {
    if (!this.#open) return;
    this.#flush();
    this.#open = false;
    try {
      closeSync(this.#fd);
      if (this.#path !== this.#target) renameSync(this.#path, this.#target);
    } catch (error) {
      this.#remove();
      throw writeError(this.file, error);
    }
  }

  /** Gives up: what was written is removed, what was in its place stays. */
  abort(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#fd);
    this.#remove();
  }

  #flush(): void {
    if (!this.#open) throw new CaptureError({ file: this.file }, "the file is closed", "write before closing");
    try {
      for (let done = 0; done < this.#filled; ) {
        done += writeSync(this.#fd, this.#buffer, done, this.#filled - done);
      }
    } catch (error) {
      this.abort();
      throw writeError(this.file, error);
    }
    this.#filled = 0;
  }

  #remove(): void {
    if (this.#path === this.#target) return;
    try {
      unlinkSync(this.#path);
    } catch {
      // Gone already, or the directory is: the error that brought us here says more.
    }
  }
}

/** Tells apart the files that one process writes to one place. */
let serial = 0;

function writeError(file: string, error: unknown): CaptureError {
  if (error instanceof CaptureError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const advice = WRITE_ADVICE[code] ?? (error instanceof Error ? error.message : String(error));
  return new CaptureError({ file }, "cannot be written", advice, error);
}

const WRITE_ADVICE: Readonly<Record<string, string>> = {
  ENOENT: "the directory does not exist, create it first",
  ENOTDIR: "the directory does not exist, create it first",
  EACCES: "permission denied, choose another directory",
  EPERM: "permission denied, choose another directory",
  EROFS: "the file system is read-only, choose another directory",
  ENOSPC: "the disk is full, make room or choose another directory",
  EPIPE: "the reader of the pipe is gone",
};
