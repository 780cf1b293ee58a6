/** The content of a gzip file or stream, decompressed as it is read, at constant memory. */
import { createGunzip } from "node:zlib";
import type { Gunzip } from "node:zlib";
import { CaptureError } from "./errors.js";
import { HeldInput } from "./held-input.js";
import type { CaptureInput } from "./input.js";

/** Compressed bytes given to zlib at a time. Deflate expands at most 1032-fold: 16 MiB held at the very worst. */
const FEED_BYTES = 1 << 14;

/** Bytes that zlib gives at a time. */
const PIECE_BYTES = 1 << 17;

/** Decompresses another input. One that was cut off gives what was in it, then {@link cut} says so. */
export class GunzipInput extends HeldInput {
  cut: string | undefined = undefined;
  readonly #source: CaptureInput;
  readonly #gunzip: Gunzip;
  readonly #feed = new Uint8Array(FEED_BYTES);
  #ended = false;
  #error: NodeJS.ErrnoException | undefined;
  /** Wakes the feeder when zlib has ended or failed instead of answering. */
  #settle: () => void = () => {};

  constructor(source: CaptureInput) {
    super(source.file);
    this.#source = source;
    this.#gunzip = createGunzip({ chunkSize: PIECE_BYTES });
    // Flowing from the start: each piece is taken at once, so none is lost when zlib fails after it.
    this.#gunzip.on("data", (piece: Uint8Array) => this.held.hold(piece));
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
    while (this.held.length === 0 && !this.#ended) {
      await this.#source.fill?.();
      const n = this.#source.read(this.#feed, 0, FEED_BYTES);
      await new Promise<void>((resolve) => {
        this.#settle = resolve;
        if (n === 0) this.#gunzip.end();
        else this.#gunzip.write(this.#feed.subarray(0, n), () => resolve());
      });
    }
    if (this.held.length === 0 && this.#error !== undefined) this.#fail(this.#error);
  }

  override close(): void {
    super.close();
    this.#ended = true;
    this.#error = undefined;
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
