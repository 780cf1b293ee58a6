/** A wide mix of frames to try programs and parsers on: every protocol, whole, cut, forged, damaged, and noise. */
import { PLAUSIBLE_ETHERTYPES } from "./noise.js";
import { u16 } from "./payload.js";
import { Random } from "./random.js";
import { bareHeader, FORGERIES, jumbo, RECIPES } from "./recipes.js";

/** Limits of {@link variedFrames}. */
export interface VariedOptions {
  /** No frame is shorter, in bytes; default 14, an Ethernet header (the kernel's test run takes no less). */
  readonly minLength?: number;
  /** No frame is longer, in bytes; default 9000. At least 1600. */
  readonly maxLength?: number;
}

/**
 * `count` frames. The kinds take turns, so a few hundred frames already hold some of each:
 * in 16 frames there are 6 well formed, 4 cut, 2 damaged, 1 forged, 1 of random bytes, 1 bare header and 1 jumbo
 * or well-formed one. Recipes and places of cutting advance on their own: after some 7,000 frames every recipe
 * has been cut at every place from `minLength` to 60 bytes behind it.
 */
export function variedFrames(seed: number, count: number, options: VariedOptions = {}): Uint8Array[] {
  const { minLength = 14, maxLength = 9000 } = options;
  if (maxLength < 1600 || minLength > 60 || minLength < 0) throw new RangeError("variedFrames: give minLength 0 to 60 and maxLength of at least 1600");
  const random = new Random(seed);
  const turns = { recipe: 0, cut: 0, forgery: 0, type: 0 };
  return Array.from({ length: count }, (_, i) => {
    const frame = KINDS[i % KINDS.length](random, turns, minLength, maxLength);
    return frame.length > maxLength ? frame.slice(0, maxLength) : frame.length < minLength ? lengthened(frame, minLength) : frame;
  });
}

/** `frame` cut at every length from `from` to one byte less than whole. */
export function everyCut(frame: Uint8Array, from = 14): Uint8Array[] {
  return Array.from({ length: Math.max(0, frame.length - from) }, (_, i) => frame.slice(0, from + i));
}

/** How far each kind has come in its own round of recipes. */
interface Turns {
  recipe: number;
  cut: number;
  forgery: number;
  type: number;
}

type Kind = (random: Random, turns: Turns, min: number, max: number) => Uint8Array;

const KINDS: readonly Kind[] = [
  whole,
  cut,
  whole,
  damaged,
  whole,
  cut,
  forged,
  bare,
  whole,
  cut,
  whole,
  damaged,
  whole,
  cut,
  noise,
  large,
];

function whole(random: Random, turns: Turns): Uint8Array {
  return RECIPES[turns.recipe++ % RECIPES.length](random);
}

/** Places of cutting that are tried one by one: they reach through the headers of most recipes. */
const CUT_PLACES = 61;

/** Three of four times the next place of the next recipe, otherwise anywhere. */
function cut(random: Random, turns: Turns, min: number): Uint8Array {
  if (random.oneIn(4)) {
    const frame = random.pick(RECIPES)(random);
    return frame.slice(0, random.between(min, Math.max(min, frame.length)));
  }
  const turn = turns.cut++;
  // 28 has no factor in common with 61, so that the rounds of a recipe visit all places, far apart at first.
  const place = (28 * Math.floor(turn / RECIPES.length) + (turn % RECIPES.length)) % CUT_PLACES;
  return RECIPES[turn % RECIPES.length](random).slice(0, min + place);
}

/** Up to four bytes of the headers are overwritten; half of the time by a bit flip. */
function damaged(random: Random, turns: Turns): Uint8Array {
  const frame = RECIPES[turns.recipe++ % RECIPES.length](random);
  const reach = Math.min(frame.length, 100);
  for (let left = random.between(1, 4); left > 0; left--) {
    const at = 12 + random.below(reach - 12);
    frame[at] = random.oneIn(2) ? frame[at] ^ (1 << random.below(8)) : random.u32();
  }
  return frame;
}

function forged(random: Random, turns: Turns): Uint8Array {
  return FORGERIES[turns.forgery++ % FORGERIES.length](random);
}

function bare(random: Random, turns: Turns, min: number): Uint8Array {
  return bareHeader(random, PLAUSIBLE_ETHERTYPES[turns.type++ % PLAUSIBLE_ETHERTYPES.length]).slice(0, Math.max(min, 14));
}

/** Random bytes, most of them behind a plausible EtherType; some of all zeros or all ones. */
function noise(random: Random, _turns: Turns, min: number): Uint8Array {
  const frame = random.bytes(random.between(Math.max(min, 14), random.oneIn(8) ? 1514 : 120));
  const kind = random.below(8);
  if (kind === 0) return frame.fill(0);
  if (kind === 1) return frame.fill(0xff);
  if (kind > 2) frame.set(u16(random.pick(PLAUSIBLE_ETHERTYPES)), 12);
  return frame;
}

/** Jumbo frames, every other time; in between a full-sized one. */
function large(random: Random, turns: Turns, _min: number, max: number): Uint8Array {
  if (random.oneIn(8)) return jumbo(random, max).slice(0, max);
  return random.oneIn(2) ? jumbo(random, Math.min(max, 4000)) : whole(random, turns);
}

function lengthened(frame: Uint8Array, length: number): Uint8Array {
  const longer = new Uint8Array(length);
  longer.set(frame);
  return longer;
}
