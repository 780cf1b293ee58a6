/** Reads what a program's rules counted, from the map that the scenario names. */
import { formatValue } from "../xdp/index.js";
import type { BtfSpec, Json, MapHandle } from "../xdp/index.js";
import { ScenarioError } from "./error.js";
import type { ScenarioSpec } from "./schema.js";

export type RulesSpec = NonNullable<ScenarioSpec["rules"]>;

/**
 * Hits by rule name: entry `i` of the map counts rule `i`; of per-CPU maps, all CPUs together.
 * @param file the scenario, for messages.
 * @throws {ScenarioError} where the map or its field is not there.
 */
export function ruleHits(rules: RulesSpec, maps: readonly MapHandle[], btf: BtfSpec | undefined, file: string): Record<string, number> {
  const map = maps.find(({ spec }) => spec.name === rules.map);
  if (map === undefined) {
    throw new ScenarioError(file, undefined, `'rules.map': the program has no map '${rules.map}'; it has ${maps.map(({ spec }) => spec.name).join(", ")}`);
  }
  if (map.spec.keySize !== 4) throw new ScenarioError(file, undefined, `'rules.map': keys of '${rules.map}' are ${map.spec.keySize} bytes, and rule numbers are 4`);
  return Object.fromEntries(rules.names.map((name, rule) => [name, hits(rules, map, rule, btf, file)]));
}

function hits(rules: RulesSpec, map: MapHandle, rule: number, btf: BtfSpec | undefined, file: string): number {
  const key = new Uint8Array(4);
  new DataView(key.buffer).setUint32(0, rule, true);
  const value = map.lookup(key);
  if (value === undefined) return 0;
  const stride = Math.ceil(map.spec.valueSize / 8) * 8;
  let sum = 0;
  for (let at = 0; at < value.length; at += stride) sum += counter(rules, map, value.subarray(at, at + map.spec.valueSize), btf, file);
  return sum;
}

function counter(rules: RulesSpec, map: MapHandle, value: Uint8Array, btf: BtfSpec | undefined, file: string): number {
  if (rules.field === undefined) {
    if (value.length > 8) throw new ScenarioError(file, undefined, `'rules.field': values of '${rules.map}' are ${value.length} bytes: name the member that counts packets`);
    return value.reduceRight((sum, byte) => sum * 256 + byte, 0);
  }
  const formatted = btf === undefined || map.spec.valueTypeId === 0 ? undefined : formatValue(btf, map.spec.valueTypeId, value);
  const field = isFields(formatted) ? formatted[rules.field] : undefined;
  if (field === undefined) throw new ScenarioError(file, undefined, `'rules.field': values of '${rules.map}' have no member '${rules.field}'`);
  return Number(field);
}

function isFields(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
