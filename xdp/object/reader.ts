/** Little-endian reads from bytes that nobody vouches for: every offset is checked. */
import { ObjectError } from "./error.js";

const decoder = new TextDecoder();
/** Longest string that is taken: names and source lines are far shorter, and a forged table must not cost its square. */
const MAX_TEXT = 65_536;

/** A bounds-checked view of a part of the file. */
export class Reader {
  readonly file: string;
  /** Section named in errors. */
  readonly section: string | undefined;
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #texts = new Map<number, string>();

  constructor(file: string, bytes: Uint8Array, section?: string) {
    this.file = file;
    this.section = section;
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The error for something wrong in here. */
  invalid(problem: string): ObjectError {
    return new ObjectError(this.file, "invalid", problem, this.section);
  }

  /** The error for something in here that Beeline does not do. */
  unsupported(problem: string): ObjectError {
    return new ObjectError(this.file, "unsupported", problem, this.section);
  }

  u8(at: number): number {
    this.#check(at, 1);
    return this.#view.getUint8(at);
  }

  u16(at: number): number {
    this.#check(at, 2);
    return this.#view.getUint16(at, true);
  }

  u32(at: number): number {
    this.#check(at, 4);
    return this.#view.getUint32(at, true);
  }

  i32(at: number): number {
    this.#check(at, 4);
    return this.#view.getInt32(at, true);
  }

  /** A 64-bit offset or size; one that no file can have is an error. */
  u64(at: number): number {
    this.#check(at, 8);
    const value = this.#view.getBigUint64(at, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.invalid(`value ${value} at offset ${at} is out of range`);
    return Number(value);
  }

  /** The bytes `[at, at + length)`. */
  slice(at: number, length: number): Uint8Array {
    this.#check(at, length);
    return this.bytes.subarray(at, at + length);
  }

  /** A string that ends with a zero byte. */
  text(at: number): string {
    const known = this.#texts.get(at);
    if (known !== undefined) return known;
    const part = at < this.bytes.length ? this.bytes.subarray(at, at + MAX_TEXT) : undefined;
    const end = part?.indexOf(0) ?? -1;
    if (!part || end < 0) throw this.invalid(`string at offset ${at} does not end within ${MAX_TEXT} bytes or its ${this.bytes.length}`);
    const text = decoder.decode(part.subarray(0, end));
    this.#texts.set(at, text);
    return text;
  }

  #check(at: number, length: number): void {
    if (at < 0 || length < 0 || at + length > this.bytes.length) {
      throw this.invalid(`offset ${at} + ${length} is beyond its ${this.bytes.length} bytes (the file is cut off or corrupt)`);
    }
  }
}
