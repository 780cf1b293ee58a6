/** Where a capture's bytes come from. Synchronous where the bytes are at hand, so that a file is read at memory speed. */
import { fstatSync, readSync } from "node:fs";
import { systemError } from "./errors.js";

/** Bytes in order. An input with {@link fill} has to be awaited before each read. */
export interface CaptureInput {
  /** The capture as the user named it. */
  readonly file: string;
  /** Bytes handed out so far, less those given back: the offset in the (decompressed) file. */
  readonly position: number;
  /** Bytes of the underlying file or stream consumed (compressed bytes, of a compressed one), for progress. */
  readonly bytesRead: number;
  /** Its size, if it is known. */
  readonly size: number | undefined;
  /** Set when the input ended before it should have (a compressed file that was cut off): what to tell. */
  readonly cut: string | undefined;
  /** Makes bytes available, or the end. Absent: reading never waits. */
  fill?(): Promise<void>;
  /** Copies up to `end - start` bytes into `target[start..end)`; 0 at the end. */
  read(target: Uint8Array, start: number, end: number): number;
  /** Gives back the last bytes that were read. */
  unread(bytes: Uint8Array): void;
  /** Passes over `bytes` bytes; returns how many it passed now (fewer when more must be filled, 0 at the end). */
  skip(bytes: number): number;
  close(): void;
}

/** A regular file, read at positions. */
export class FileInput implements CaptureInput {
  readonly file: string;
  readonly size: number;
  readonly cut = undefined;
  position = 0;
  readonly #fd: number;
  readonly #close: () => void;
  #open = true;

  /** `close` is called once; the descriptor belongs to this input until then. */
  constructor(file: string, fd: number, size: number, close: () => void) {
    this.file = file;
    this.#fd = fd;
    this.size = size;
    this.#close = close;
  }

  get bytesRead(): number {
    return this.position;
  }

  read(target: Uint8Array, start: number, end: number): number {
    if (!this.#open) return 0;
    let n: number;
    try {
      n = readSync(this.#fd, target, start, end - start, this.position);
    } catch (error) {
      throw systemError(this.file, error);
    }
    this.position += n;
    return n;
  }

  unread(bytes: Uint8Array): void {
    this.position -= bytes.length;
  }

  skip(bytes: number): number {
    if (!this.#open) return 0;
    // Asked again: a capture that is still being written grows.
    const size = this.position + bytes <= this.size ? this.size : fstatSync(this.#fd).size;
    const passed = Math.min(bytes, Math.max(0, size - this.position));
    this.position += passed;
    return passed;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#close();
  }
}
