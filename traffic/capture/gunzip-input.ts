/** The content of a gzip file or stream, decompressed as it is read, at constant memory. */
import { createGunzip } from "node:zlib";
import type { Gunzip } from "node:zlib";
import { CaptureError } from "./errors.js";
import type { CaptureInput } from "./input.js";
import { HeldBytes } from "./stream-input.js";

/** Compressed bytes given to zlib at a time. Deflate expands at most 1032-fold: 16 MiB held at the very worst. */
const FEED_BYTES = 1 << 14;

/** Decompresses another input. One that was cut off gives what was in it, then {@link cut} says so. */
export class GunzipInput implements CaptureInput {
  readonly file: string;
  cut: string | undefined = undefined;
  position = 0;
  readonly #source: CaptureInput;
  readonly #gunzip: Gunzip;
  readonly #held = new HeldBytes();
  readonly #feed = new Uint8Array(FEED_BYTES);
  #ended = false;
  #error: NodeJS.ErrnoException | undefined;
  /** Wakes the feeder when zlib has ended or failed instead of answering. */
  #settle: () => void = () => {};

  constructor(source: CaptureInput) {
    this.file = source.file;
    this.#source = source;
    this.#gunzip = createGunzip();
    // Flowing from the start: each piece is taken at once, so none is lost when zlib fails after it.
    this.#gunzip.on("data", (piece: Uint8Array) => this.#held.hold(piece));
    this.#gunzip.on("end", () => {
      this.#ended = true;
      this.#settle();
    });
    this.#gunzip.on("error", (error: NodeJS.ErrnoException) => {
      this.#error = error;
      this.#ended = true;
      this.#settle();
    });
  }

  get bytesRead(): number {
    return this.#source.bytesRead;
  }

  get size(): number | undefined {
    return this.#source.size;
  }

  async fill(): Promise<void> {
    while (this.#held.length === 0 && !this.#ended) {
      await this.#source.fill?.();
      const n = this.#source.read(this.#feed, 0, FEED_BYTES);
      await new Promise<void>((resolve) => {
        this.#settle = resolve;
        if (n === 0) this.#gunzip.end();
        else this.#gunzip.write(this.#feed.subarray(0, n), () => resolve());
      });
    }
    if (this.#held.length === 0 && this.#error !== undefined) this.#fail(this.#error);
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
    this.#error = undefined;
    this.#held.clear();
    this.#gunzip.destroy();
    this.#source.close();
    this.#settle();
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (error.code === "Z_BUF_ERROR") {
      this.cut = "the gzip data is cut off, the capture ends";
      return;
    }
    throw new CaptureError(
      { file: this.file },
      `the gzip data is damaged near compressed byte ${this.#source.position}`,
      `${error.message}, copy the file again or test it with \`gzip -t\``,
      error,
    );
  }
}
