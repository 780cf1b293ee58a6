/** Values of flags, read with messages that name the flag. */
import type { EngineName } from "../../xdp/index.js";
import { UsageError } from "./errors.js";

/** The engines that --engine takes: those of xdp, said again because naming them must not load it. */
export const ENGINES: readonly EngineName[] = ["wasm", "interpreter", "kernel"];

/** A commander parser for whole numbers from `least` to `most`. */
export function integer(flag: string, least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isInteger(value) || value < least || value > most) {
      const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
      throw new UsageError(`${flag} takes a whole number, ${range}, not '${text}'`);
    }
    return value;
  };
}

/** A commander parser for one of a few words. */
export function oneOf<Word extends string>(flag: string, words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((one) => one === text);
    if (word === undefined) throw new UsageError(`${flag} takes ${words.join(", ")}, not '${text}'`);
    return word;
  };
}

/** A commander parser that collects what a repeated flag is given. */
export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

/** A commander parser that collects words of a few. */
export function collectOneOf<Word extends string>(flag: string, words: readonly Word[]): (text: string, previous?: readonly Word[]) => readonly Word[] {
  const parse = oneOf(flag, words);
  return (text, previous = []) => [...previous, parse(text)];
}
