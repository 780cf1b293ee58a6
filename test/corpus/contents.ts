/** What maps hold after a run: as the differential suite reads them, and the maps inside maps too. */
import { possibleCpus } from "../../xdp/engine/kernel/index.js";
import type { MapHandle } from "../../xdp/maps/index.js";
import type { MapDump } from "../differential/outcome.js";
import { dumpMaps, hex } from "../differential/outcome.js";

/** Contents of the maps with these names; of a map of maps, one entry an inner map, named by its key. */
export function contentsOf(maps: readonly MapHandle[], names: ReadonlySet<string>): ReadonlyMap<string, MapDump> {
  const chosen = maps.filter(({ spec }) => names.has(spec.name));
  const contents = new Map(dumpMaps(chosen, possibleCpus()));
  for (const map of chosen) {
    if (map.maps === undefined) continue;
    for (const key of map.keys()) {
      const inner = map.maps.at(key);
      for (const dump of inner === undefined ? [] : dumpMaps([inner], possibleCpus()).values()) contents.set(`${map.spec.name}[${hex(key)}]`, dump);
    }
  }
  return contents;
}
