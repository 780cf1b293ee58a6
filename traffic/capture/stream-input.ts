/** A stream of bytes (standard input, a pipe) as a {@link CaptureInput}. */
import type { Readable } from "node:stream";
import { CaptureError } from "./errors.js";
import { HeldInput } from "./held-input.js";

/** Holds at most one chunk of the stream and what was given back. */
export class StreamInput extends HeldInput {
  readonly size = undefined;
  readonly cut = undefined;
  bytesRead = 0;
  readonly #stream: Readable;
  readonly #chunks: AsyncIterator<unknown>;
  #ended = false;

  constructor(stream: Readable, file: string) {
    super(file);
    this.#stream = stream;
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  async fill(): Promise<void> {
    while (!this.#ended && this.held.length === 0) {
      const chunk = await this.#next();
      if (chunk === undefined) this.#ended = true;
      else this.held.hold(chunk);
    }
  }

  override close(): void {
    super.close();
    this.#ended = true;
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
