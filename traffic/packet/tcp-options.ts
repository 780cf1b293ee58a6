/** TCP options (RFC 9293 section 3.2, RFC 7323, RFC 2018): encode, decode, tolerate nonsense. */
import { get16, get32, put32 } from "./bytes.js";

/** Options that a segment carries; absent ones are undefined. */
export interface TcpOptions {
  /** Maximum segment size, bytes. */
  readonly mss?: number;
  /** Window scale: the shift, 0 to 14. */
  readonly windowScale?: number;
  readonly sackPermitted?: boolean;
  readonly timestamps?: { readonly value: number; readonly echo: number };
  /** Selective acknowledgements: pairs of left and right edge. */
  readonly sack?: readonly (readonly [left: number, right: number])[];
}

const END = 0;
const NOP = 1;
const MSS = 2;
const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
const SACK = 5;
const TIMESTAMPS = 8;

/** The options as bytes, without the padding to a multiple of 4. */
export function encodeTcpOptions(options: TcpOptions): Uint8Array {
  const out: number[] = [];
  if (options.mss !== undefined) out.push(MSS, 4, options.mss >>> 8, options.mss);
  if (options.sackPermitted === true) out.push(SACK_PERMITTED, 2);
  if (options.timestamps !== undefined) {
    // Two no-ops align the numbers to 4 bytes unless SACK-permitted does already.
    if (out.length % 4 === 0) out.push(NOP, NOP);
    out.push(TIMESTAMPS, 10, ...word(options.timestamps.value), ...word(options.timestamps.echo));
  }
  if (options.windowScale !== undefined) out.push(NOP, WINDOW_SCALE, 3, options.windowScale);
  if (options.sack !== undefined) {
    out.push(NOP, NOP, SACK, 2 + 8 * options.sack.length);
    for (const [left, right] of options.sack) out.push(...word(left), ...word(right));
  }
  return Uint8Array.from(out);
}

function word(value: number): number[] {
  const bytes = new Uint8Array(4);
  put32(bytes, 0, value);
  return [...bytes];
}

/** What the bytes of an option area say; stops at the first option that is cut or has an impossible length. */
export function decodeTcpOptions(bytes: Uint8Array): TcpOptions {
  const found: { -readonly [K in keyof TcpOptions]: TcpOptions[K] } = {};
  for (let at = 0; at < bytes.length && bytes[at] !== END; ) {
    if (bytes[at] === NOP) {
      at++;
      continue;
    }
    const length = bytes[at + 1];
    if (at + 1 >= bytes.length || length < 2 || at + length > bytes.length) break;
    readOption(bytes, at, length, found);
    at += length;
  }
  return found;
}

function readOption(bytes: Uint8Array, at: number, length: number, found: { -readonly [K in keyof TcpOptions]: TcpOptions[K] }): void {
  const kind = bytes[at];
  if (kind === MSS && length === 4) found.mss = get16(bytes, at + 2);
  else if (kind === WINDOW_SCALE && length === 3) found.windowScale = bytes[at + 2];
  else if (kind === SACK_PERMITTED && length === 2) found.sackPermitted = true;
  else if (kind === TIMESTAMPS && length === 10) found.timestamps = { value: get32(bytes, at + 2), echo: get32(bytes, at + 6) };
  else if (kind === SACK && (length - 2) % 8 === 0) {
    const sack: [number, number][] = [];
    for (let edge = at + 2; edge < at + length; edge += 8) sack.push([get32(bytes, edge), get32(bytes, edge + 4)]);
    found.sack = sack;
  }
}
