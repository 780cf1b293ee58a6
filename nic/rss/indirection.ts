/**
 * The indirection table: from the low bits of the hash to a receive queue, set as `ethtool -X` sets it.
 */
import { RssError } from "./errors.js";

/** How the table is filled. Queues count from `start` (default 0) on. */
export type IndirectionSpec =
  /** As the driver does by default (and `ethtool -X … default`): index % queues. */
  | { readonly kind: "default" }
  /** `equal N`: the first N queues in turn. */
  | { readonly kind: "equal"; readonly queues: number; readonly start?: number }
  /** `weight W0 W1 …`: shares of the table, in order. */
  | { readonly kind: "weight"; readonly weights: readonly number[]; readonly start?: number }
  /** Entry by entry; shorter lists repeat. */
  | { readonly kind: "list"; readonly entries: readonly number[] };

/** Builds a table of `size` entries (a power of 2) for a NIC of `queues` queues. Throws {@link RssError}. */
export function indirectionTable(size: number, queues: number, spec: IndirectionSpec = { kind: "default" }): Uint16Array {
  if (!Number.isInteger(size) || size < 1 || size > 65536 || (size & (size - 1)) !== 0) {
    throw new RssError("indirection", `an indirection table of ${size} entries: the size must be a power of 2, for example 128 or 512`);
  }
  if (!Number.isInteger(queues) || queues < 1 || queues > 65535) throw new RssError("indirection", `${queues} receive queues: give 1 to 65535`);
  const table = fill(size, queues, spec);
  for (let i = 0; i < size; i++) {
    if (table[i] >= queues) {
      throw new RssError("indirection", `indirection entry ${i} names queue ${table[i]}, and the NIC has ${queues} queues (0 to ${queues - 1})`);
    }
  }
  return table;
}

function fill(size: number, queues: number, spec: IndirectionSpec): Uint16Array {
  switch (spec.kind) {
    case "default":
      return Uint16Array.from({ length: size }, (_, i) => i % queues);
    case "equal": {
      whole("equal", spec.queues, 1);
      const start = whole("start", spec.start ?? 0, 0);
      return Uint16Array.from({ length: size }, (_, i) => start + (i % spec.queues));
    }
    case "weight":
      return weighted(size, spec.weights, whole("start", spec.start ?? 0, 0));
    case "list": {
      if (spec.entries.length === 0 || spec.entries.length > size) {
        throw new RssError("indirection", `a list of ${spec.entries.length} indirection entries for a table of ${size}: give 1 to ${size}`);
      }
      for (const entry of spec.entries) whole("indirection entry", entry, 0);
      return Uint16Array.from({ length: size }, (_, i) => spec.entries[i % spec.entries.length]);
    }
  }
}

/** The share of each queue ends at its rounded part of the running sum, so that every entry is given out and ends fall where ethtool puts them. */
function weighted(size: number, weights: readonly number[], start: number): Uint16Array {
  let sum = 0;
  for (const weight of weights) sum += whole("weight", weight, 0);
  if (sum === 0) throw new RssError("weight", "all weights are 0: at least one queue must get a share");
  if (sum > size) throw new RssError("weight", `the weights add up to ${sum}, and the indirection table has only ${size} entries`);
  const table = new Uint16Array(size);
  let share = 0;
  let from = 0;
  for (let queue = 0; queue < weights.length; queue++) {
    share += weights[queue];
    const to = Math.floor((size * share) / sum);
    table.fill(start + queue, from, to);
    from = to;
  }
  return table;
}

function whole(what: string, value: number, least: number): number {
  if (!Number.isInteger(value) || value < least || value > 65535) {
    throw new RssError(what, `${what} ${value}: give a whole number from ${least} on`);
  }
  return value;
}

/**
 * Reads the words that stand behind `ethtool -X DEV`: `default`, `equal 4`, `equal 4 start 2`, `weight 6 2`, `start 2 equal 4`,
 * or queue numbers as an explicit list. Throws {@link RssError}.
 */
export function parseIndirection(text: string): IndirectionSpec {
  const words = text.trim().split(/[\s,]+/).filter((word) => word !== "");
  let start: number | undefined;
  let spec: IndirectionSpec | undefined;
  let i = 0;
  const number = (what: string): number => {
    const word = words[i++];
    if (word === undefined || !/^\d+$/.test(word)) throw new RssError("indirection", `'${text}': ${what} must be followed by a whole number`);
    return Number(word);
  };
  const once = (next: IndirectionSpec): void => {
    if (spec !== undefined) throw new RssError("indirection", `'${text}': give one of default, equal N, weight W0 W1 …, or a list of queues`);
    spec = next;
  };
  while (i < words.length) {
    const word = words[i];
    if (/^\d+$/.test(word)) {
      const entries: number[] = [];
      while (i < words.length && /^\d+$/.test(words[i])) entries.push(number("a list"));
      once({ kind: "list", entries });
      continue;
    }
    i++;
    if (word === "default") once({ kind: "default" });
    else if (word === "equal") once({ kind: "equal", queues: number("equal") });
    else if (word === "start") start = number("start");
    else if (word === "weight") {
      const weights: number[] = [number("weight")];
      while (i < words.length && /^\d+$/.test(words[i])) weights.push(number("weight"));
      once({ kind: "weight", weights });
    } else throw new RssError("indirection", `'${word}' is not one of default, equal N, weight W0 W1 …, start N, or a queue number`);
  }
  if (spec === undefined) throw new RssError("indirection", `'${text}' sets no indirection: give default, equal N, weight W0 W1 …, or a list of queues`);
  if (start === undefined) return spec;
  if (spec.kind !== "equal" && spec.kind !== "weight") throw new RssError("indirection", `'${text}': start goes with equal or weight`);
  return { ...spec, start };
}
