/**
 * Prog arrays filled by declaration tags: a program tagged `tail:MAP/INDEX` belongs at that index of that map
 * (Cilium's `__declare_tail`). libbpf leaves the tags to the loader.
 */
import type { BtfSpec, MapSpec, ProgramSpec } from "./spec.js";

const TAG = /^tail:(?<map>[^/]+)\/(?<index>\d+)$/;

/** Values by name of the map. */
export function taggedTailCalls(btf: BtfSpec | undefined, programs: readonly ProgramSpec[]): ReadonlyMap<string, NonNullable<MapSpec["values"]>> {
  const names = new Set(programs.map((p) => p.name));
  const result = new Map<string, { key: number; program: string }[]>();
  for (const tag of btf?.types ?? []) {
    const match = tag.kind === "decl_tag" ? TAG.exec(tag.name)?.groups : undefined;
    const target = tag.kind === "decl_tag" ? btf?.types[tag.type] : undefined;
    if (!match || target?.kind !== "func" || !names.has(target.name)) continue;
    const list = result.get(match.map as string) ?? [];
    result.set(match.map as string, list);
    list.push({ key: Number(match.index), program: target.name });
  }
  return result;
}
