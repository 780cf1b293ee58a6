/** A stream of bytes (standard input, a pipe) as a {@link CaptureInput}. */
import type { Readable } from "node:stream";
import { CaptureError } from "./errors.js";
import type { CaptureInput } from "./input.js";

/** Holds at most one chunk of the stream and what was given back. */
export class StreamInput implements CaptureInput {
  readonly file: string;
  readonly size = undefined;
  readonly cut = undefined;
  position = 0;
  bytesRead = 0;
  readonly #stream: Readable;
  readonly #chunks: AsyncIterator<unknown>;
  readonly #held = new HeldBytes();
  #ended = false;

  constructor(stream: Readable, file: string) {
    this.file = file;
    this.#stream = stream;
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  async fill(): Promise<void> {
    while (!this.#ended && this.#held.length === 0) {
      const chunk = await this.#next();
      if (chunk === undefined) this.#ended = true;
      else this.#held.hold(chunk);
    }
  }

  read(target: Uint8Array, start: number, end: number): number {
    const n = this.#held.read(target, start, end);
    this.position += n;
    return n;
  }

  unread(bytes: Uint8Array): void {
    this.#held.unread(bytes);
    this.position -= bytes.length;
  }

  skip(bytes: number): number {
    const n = this.#held.skip(bytes);
    this.position += n;
    return n;
  }

  close(): void {
    this.#ended = true;
    this.#held.clear();
    this.#stream.destroy();
  }

  async #next(): Promise<Uint8Array | undefined> {
    let result;
    try {
      result = await this.#chunks.next();
    } catch (error) {
      if (this.#ended) return undefined;
      const why = error instanceof Error ? error.message : String(error);
      throw new CaptureError({ file: this.file, offset: this.bytesRead }, "the stream failed", why, error);
    }
    if (result.done === true) return undefined;
    const chunk: unknown = result.value;
    if (!(chunk instanceof Uint8Array)) {
      throw new CaptureError({ file: this.file }, "the stream gives text", "open it without an encoding, so that it gives bytes");
    }
    this.bytesRead += chunk.length;
    return chunk;
  }
}

/** Bytes at hand: pieces in order, the first one partly consumed. */
export class HeldBytes {
  length = 0;
  #pieces: Uint8Array[] = [];

  hold(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.length += piece.length;
  }

  /** Copies up to `end - start` bytes out. */
  read(target: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && this.#pieces.length > 0) {
      const piece = this.#pieces[0];
      const n = Math.min(end - at, piece.length);
      target.set(piece.subarray(0, n), at);
      at += n;
      this.#drop(n);
    }
    return at - start;
  }

  /** Puts a copy of bytes back in front. */
  unread(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieces.unshift(Uint8Array.from(bytes));
    this.length += bytes.length;
  }

  skip(bytes: number): number {
    let left = Math.min(bytes, this.length);
    const passed = left;
    while (left > 0) {
      const n = Math.min(left, this.#pieces[0].length);
      this.#drop(n);
      left -= n;
    }
    return passed;
  }

  clear(): void {
    this.#pieces = [];
    this.length = 0;
  }

  /** Drops `n` bytes of the first piece. */
  #drop(n: number): void {
    const piece = this.#pieces[0];
    if (n === piece.length) this.#pieces.shift();
    else this.#pieces[0] = piece.subarray(n);
    this.length -= n;
  }
}
