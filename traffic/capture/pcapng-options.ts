/** Options of pcapng blocks and the interface description that is made of them (draft-ietf-opsawg-pcapng). */
import { CaptureError } from "./errors.js";

/** Calls back for each option of a list in `view[from, end)`; the code 0 ends it. Returns false if one runs over the end. */
export function eachOption(
  view: DataView,
  from: number,
  end: number,
  littleEndian: boolean,
  visit: (code: number, at: number, length: number) => void,
): boolean {
  let at = from;
  while (end - at >= 4) {
    const code = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    if (code === OPT_ENDOFOPT) return true;
    if (at + 4 + length > end) return false;
    visit(code, at + 4, length);
    at += 4 + ((length + 3) & ~3);
  }
  return true;
}

const OPT_ENDOFOPT = 0;
const IF_NAME = 2;
const IF_TSRESOL = 9;
const IF_FCSLEN = 13;
const IF_TSOFFSET = 14;

/** What an interface's options say. */
export interface InterfaceOptions {
  name: string;
  /** A power of 10 or of 2. */
  ticksPerSecond: bigint;
  /** Added to every timestamp. */
  offsetSeconds: number;
  fcsBytes: number;
}

/** Reads the options of an interface description block. */
export function readInterfaceOptions(
  view: DataView,
  from: number,
  end: number,
  littleEndian: boolean,
  place: { readonly file: string; readonly offset: number },
): InterfaceOptions {
  const options: InterfaceOptions = { name: "", ticksPerSecond: 1_000_000n, offsetSeconds: 0, fcsBytes: 0 };
  const whole = eachOption(view, from, end, littleEndian, (code, at, length) => {
    if (code === IF_NAME) options.name = readText(view, at, length);
    else if (code === IF_TSRESOL && length >= 1) options.ticksPerSecond = readResolution(view.getUint8(at), place);
    else if (code === IF_TSOFFSET && length >= 8) options.offsetSeconds = Number(view.getBigInt64(at, littleEndian));
    else if (code === IF_FCSLEN && length >= 1) options.fcsBytes = readFcsLength(view.getUint8(at));
  });
  if (!whole) {
    throw new CaptureError(
      place,
      "an option of the interface description runs over the end of its block",
      "the file is damaged there, capture or copy it again",
    );
  }
  return options;
}

/** The highest bit chooses powers of 2, otherwise of 10; the rest is the negative exponent. */
function readResolution(code: number, place: { readonly file: string; readonly offset: number }): bigint {
  const exponent = code & 0x7f;
  const binary = code >= 0x80;
  if (exponent > (binary ? 63 : 19)) {
    throw new CaptureError(
      place,
      `timestamp resolution of ${binary ? 2 : 10}^-${exponent} seconds does not fit 64-bit timestamps`,
      "the interface description is damaged, capture or copy it again",
    );
  }
  return (binary ? 2n : 10n) ** BigInt(exponent);
}

/** Writers disagree whether the unit is bytes (as Wireshark reads it) or bits; the values in use tell them apart. */
function readFcsLength(value: number): number {
  return value <= 8 ? value : value >> 3;
}

function readText(view: DataView, at: number, length: number): string {
  // A copy: text decoders refuse shared memory.
  const bytes = Uint8Array.from(new Uint8Array(view.buffer, view.byteOffset + at, length));
  return new TextDecoder().decode(bytes).replace(/\0.*$/s, "");
}
