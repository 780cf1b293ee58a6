/** Maps after a run: a file in bpftool's JSON, and a line each for people. */
import { dumpMap } from "../../xdp/index.js";
import type { BtfSpec, MapHandle } from "../../xdp/index.js";
import type { OutputFile } from "../../traffic/index.js";

export interface MapSummary {
  readonly name: string;
  readonly type: string;
  readonly entries: number;
  readonly maxEntries: number;
}

/** Entries in use of each map; of arrays, all. */
export function mapSummaries(maps: readonly MapHandle[]): MapSummary[] {
  return maps.map((map) => ({ name: map.spec.name, type: map.spec.type, entries: entryCount(map), maxEntries: map.spec.maxEntries }));
}

const ARRAYS = new Set(["BPF_MAP_TYPE_ARRAY", "BPF_MAP_TYPE_PERCPU_ARRAY"]);

function entryCount(map: MapHandle): number {
  if (ARRAYS.has(map.spec.type)) return map.spec.maxEntries;
  let entries = 0;
  for (const _ of map.keys()) entries++;
  return entries;
}

/** Writes one JSON object, map name -> list of entries, entry by entry, so that maps of any size fit; closes the file. */
export function writeMapDump(file: OutputFile, maps: readonly MapHandle[], btf: BtfSpec | undefined): void {
  const write = (text: string): void => file.write(Buffer.from(text));
  write("{");
  maps.forEach((map, index) => {
    write(`${index === 0 ? "" : ","}\n${JSON.stringify(map.spec.name)}:[`);
    let first = true;
    for (const entry of dumpMap(map, btf)) {
      write(`${first ? "" : ","}\n${JSON.stringify(entry)}`);
      first = false;
    }
    write("]");
  });
  write("\n}\n");
  file.close();
}
