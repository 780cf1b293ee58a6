/** Finds the first thing on which engines differ, and says it so that one can start to look. */
import type { MapDump, Outcome } from "./outcome.js";
import { hex } from "./outcome.js";

/** What one engine made of a program and its frames. */
export interface Run {
  readonly engine: string;
  readonly outcomes: readonly Outcome[];
  readonly maps: ReadonlyMap<string, MapDump>;
}

/** The first difference between `run` and `oracle`, as a report of a few lines, or undefined. */
export function firstDifference(program: string, frames: readonly Uint8Array[], oracle: Run, run: Run): string | undefined {
  for (const [i, frame] of frames.entries()) {
    const found = packetDifference(oracle.outcomes[i], run.outcomes[i]);
    if (found === undefined) continue;
    const verdicts = [oracle, run].map(({ engine, outcomes }) => `${engine} returned ${outcomes[i].ret} with ${outcomes[i].bytes.length} bytes (${outcomes[i].metaLength} of metadata)`);
    return [
      `${program}: ${run.engine} disagrees with ${oracle.engine} on packet ${i} (${frame.length} bytes): ${found}`,
      `  ${verdicts.join("; ")}`,
      `  in:  ${clip(hex(frame))}`,
      `  ${oracle.engine}: ${clip(hex(oracle.outcomes[i].bytes))}`,
      `  ${run.engine}: ${clip(hex(run.outcomes[i].bytes))}`,
    ].join("\n");
  }
  for (const [name, entries] of oracle.maps) {
    const found = mapDifference(entries, run.maps.get(name), oracle.engine, run.engine);
    if (found !== undefined) return `${program}: ${run.engine} disagrees with ${oracle.engine} on map ${name} after ${frames.length} packets: ${found}`;
  }
  return undefined;
}

function packetDifference(oracle: Outcome, outcome: Outcome): string | undefined {
  if (outcome.fault !== oracle.fault) return outcome.fault ?? `no fault where there was: ${oracle.fault}`;
  if (outcome.ret !== oracle.ret) return `it returned ${outcome.ret}, not ${oracle.ret}`;
  if (outcome.metaLength !== oracle.metaLength) return `${outcome.metaLength} bytes of metadata, not ${oracle.metaLength}`;
  if (outcome.bytes.length !== oracle.bytes.length) return `${outcome.bytes.length} bytes, not ${oracle.bytes.length}`;
  if (outcome.linearLength !== oracle.linearLength) return `${outcome.linearLength} bytes in the linear part, not ${oracle.linearLength}`;
  if (Buffer.compare(outcome.bytes, oracle.bytes) === 0) return undefined;
  const at = outcome.bytes.findIndex((byte, i) => byte !== oracle.bytes[i]);
  return `byte ${at - outcome.metaLength} of the packet is 0x${outcome.bytes[at].toString(16)}, not 0x${oracle.bytes[at].toString(16)}`;
}

function mapDifference(oracle: MapDump, dump: MapDump | undefined, oracleName: string, name: string): string | undefined {
  if (dump === undefined) return "it does not have the map";
  for (const [key, value] of oracle) {
    const other = dump.get(key);
    if (other === undefined) return `key ${key} (${oracleName}: ${clip(value)}) is not there`;
    if (other !== value) return `key ${key}: ${name} has ${clip(other)}, ${oracleName} has ${clip(value)}`;
  }
  for (const [key, value] of dump) {
    if (!oracle.has(key)) return `key ${key} (${clip(value)}) is there, and not in ${oracleName}`;
  }
  return undefined;
}

function clip(text: string): string {
  return text.length <= 512 ? text : `${text.slice(0, 512)}… (${text.length / 2} bytes)`;
}
