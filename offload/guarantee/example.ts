/** A packet that takes the slowest path, with what maps must hold: made from the path's conditions, then really run. */
import type { MapSpec, ObjectSpec } from "../../xdp/index.js";
import { PLAIN } from "./frame.js";
import type { FoundPath } from "./search.js";
import { Model } from "./symbolic/model.js";
import { solve } from "./symbolic/solve.js";
import type { Lookup, PathState, TailTaken } from "./symbolic/state.js";
import type { Seeds, TrialResult, Trials } from "./trial.js";

/** A packet that was run. */
export interface ExamplePacket {
  readonly packet: Uint8Array;
  /** What maps must hold, as `beeline run --maps` takes it. */
  readonly maps: Seeds;
  /** What it took, modelled; `asExpected`: it went the very path that bounds the rate. */
  readonly run: TrialResult;
}

/** Starts of a solver a path; and where its packet went another way, for conditions that only hold by chance, such as on a hash. */
const STARTS = 3;
const CHANCES = 16;
/** Paths for which packets are tried by chance. */
const CHANCE_PATHS = 2;

const standard = (index: number): number => PLAIN[index] ?? 0;

/** Instructions that attempts may execute. */
const MOST_SPENT = 2_000_000;
/** Expressions that solving may work out, over all paths. */
const EFFORT = 3_000_000;

/** The slowest packet that can be made for one of the paths, which are tried slowest first; undefined where none can. */
export function findExample(paths: readonly FoundPath[], object: ObjectSpec, trials: Trials): ExamplePacket | undefined {
  let best: ExamplePacket | undefined;
  const effort = { left: EFFORT };
  for (const [n, path] of paths.entries()) {
    let solved = false;
    const starts = n < CHANCE_PATHS ? CHANCES : STARTS;
    for (let start = 0; start < starts && (start < STARTS || solved) && trials.spent < MOST_SPENT; start++) {
      const model = solve(path.state, firstModel(object, start), n * CHANCES + start, effort);
      if (model === undefined) continue;
      solved = true;
      const made = build(path.state, model, object.maps);
      const run = attempt(trials, made, path);
      if (run !== undefined && (best === undefined || run.cycles > best.run.cycles)) best = { ...made, run };
      if (run?.asExpected === true) break;
    }
    if (best?.run.asExpected === true) break;
  }
  return best;
}

function firstModel(object: ObjectSpec, start: number): Model {
  const model = new Model(start < 2 ? standard : start === 2 ? () => 0 : (index) => (index < 14 ? standard(index) : scrambled(start, index)));
  object.maps.forEach((map, index) => {
    if (map.initial === undefined) return;
    for (const [offset, byte] of Buffer.from(map.initial, "base64").entries()) if (byte !== 0) model.globals.set(index * 65536 + offset, BigInt(byte));
  });
  return model;
}

/** A byte that looks random. */
function scrambled(start: number, index: number): number {
  let state = Math.imul(start * 131 + index, 2654435761) >>> 0;
  state = Math.imul(state ^ (state >>> 15), 2246822519) >>> 0;
  return state >>> 24;
}

function attempt(trials: Trials, { packet, maps }: Pick<ExamplePacket, "packet" | "maps">, path: FoundPath): TrialResult | undefined {
  try {
    return trials.run(packet, maps, path.steps());
  } catch {
    // What the path needs cannot be put into its maps.
    return undefined;
  }
}

function build(state: PathState, model: Model, maps: readonly MapSpec[]): Pick<ExamplePacket, "packet" | "maps"> {
  const length = Number(model.length);
  const packet = Uint8Array.from({ length: Math.max(14, length) }, (_, i) => Number(model.byte(i)));
  const seeds: Record<string, Record<string, unknown>[]> = {};
  const seed = (map: MapSpec, entry: Record<string, unknown>): void => {
    const entries = (seeds[map.name] ??= []);
    const key = JSON.stringify(entry["key"]);
    if (!entries.some((other) => JSON.stringify(other["key"]) === key)) entries.push(entry);
  };
  for (const lookup of lookupsOf(state)) {
    if (lookup.hit !== undefined && model.value(lookup.hit) !== 1n) continue;
    const map = maps[lookup.map];
    const value = Array.from({ length: map.valueSize }, (_, offset) => Number(model.values.get(lookup.id * 65536 + offset) ?? 0n));
    // Entries that name something: the first one.
    if (/XSKMAP|DEVMAP|CPUMAP/.test(map.type) && !value.some((byte) => byte !== 0)) value[0] = 1;
    // An array has its entries, all zero.
    if (lookup.hit === undefined && value.every((byte) => byte === 0)) continue;
    seed(map, { key: hex(lookup.key.map((byte) => Number(model.value(byte)))), value: hex(value) });
  }
  for (const tail of tailsOf(state)) {
    const map = maps[tail.map];
    if (map.values === undefined) seed(map, { key: hex(word(Number(model.value(tail.key) & 0xffff_ffffn))), program: tail.program });
  }
  maps.forEach((map, index) => {
    const places = [...model.globals.keys()].filter((place) => Math.floor(place / 65536) === index);
    if (places.length === 0 || map.dataSection === undefined) return;
    const initial = map.initial === undefined ? new Uint8Array(map.valueSize) : Uint8Array.from(Buffer.from(map.initial, "base64"));
    const bytes = Array.from({ length: map.valueSize }, (_, offset) => Number(model.globals.get(index * 65536 + offset) ?? BigInt(initial[offset] ?? 0)));
    if (bytes.some((byte, offset) => byte !== (initial[offset] ?? 0))) seed(map, { key: hex(word(0)), value: hex(bytes) });
  });
  return { packet, maps: seeds };
}

function lookupsOf(state: PathState): Lookup[] {
  const all: Lookup[] = [];
  for (let one = state.lookups; one !== undefined; one = one.before) all.push(one);
  return all.toReversed();
}

function tailsOf(state: PathState): TailTaken[] {
  const all: TailTaken[] = [];
  for (let one = state.tails; one !== undefined; one = one.before) all.push(one);
  return all;
}

function word(value: number): number[] {
  return [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];
}

function hex(bytes: readonly number[]): string[] {
  return bytes.map((byte) => `0x${byte.toString(16).padStart(2, "0")}`);
}
