/** Inputs whose bytes come in pieces, in their own time: what is at hand is held until it is read. */
import type { CaptureInput } from "./input.js";

/** What such inputs share: everything but where the pieces come from. */
export abstract class HeldInput implements CaptureInput {
  readonly file: string;
  position = 0;
  /** Pieces that came and were not read yet, and what was given back. */
  protected readonly held = new HeldBytes();

  constructor(file: string) {
    this.file = file;
  }

  abstract readonly bytesRead: number;
  abstract readonly size: number | undefined;
  abstract readonly cut: string | undefined;
  /** Holds at least one byte when it is done, unless the input has ended. */
  abstract fill(): Promise<void>;

  read(target: Uint8Array, start: number, end: number): number {
    const n = this.held.read(target, start, end);
    this.position += n;
    return n;
  }

  unread(bytes: Uint8Array): void {
    this.held.unread(bytes);
    this.position -= bytes.length;
  }

  skip(bytes: number): number {
    const n = this.held.skip(bytes);
    this.position += n;
    return n;
  }

  close(): void {
    this.held.clear();
  }
}

/** Bytes at hand: pieces in order, the first one partly consumed. */
class HeldBytes {
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
