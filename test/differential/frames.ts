/** The frames that programs are compared on. */
import { variedFrames } from "../../traffic/generate/varied.js";

/** Different packets that each program sees. */
const PACKETS = 2000;
/** Longest frame, bytes. */
export const MAX_FRAME = 9000;
/** DIFFERENTIAL_SEED gives other frames than those of every run. */
const SEED = Number(process.env["DIFFERENTIAL_SEED"] ?? 2026);

/** Frames that come again behind the others, so that programs meet flows that they remember. */
const AGAIN = 500;

/** Everything that a wire may bring: every protocol, whole, cut, forged, jumbo, garbage. */
const fresh = variedFrames(SEED, PACKETS, { maxLength: MAX_FRAME });

export const varied: readonly Uint8Array[] = [...fresh, ...fresh.slice(0, AGAIN)];

/** The same with random bytes in the first 24: programs of our own take their decisions from these. */
export const scrambled: readonly Uint8Array[] = varied.map((frame, i) => {
  const copy = frame.slice();
  let state = (i + SEED) * 0x9e3779b1;
  for (let at = 0; at < Math.min(24, copy.length); at++) {
    // xorshift32: Marsaglia, Journal of Statistical Software 8 (2003).
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    copy[at] = state >>> 11;
  }
  return copy;
});
