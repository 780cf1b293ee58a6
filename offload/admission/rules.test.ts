import { describe, expect, it } from "vitest";
import type { MapSpec } from "../../xdp/index.js";
import { findProfile, overrideProfile } from "../profiles/profiles.js";
import type { OffloadProfile } from "../profiles/schema.js";
import { array, hash, mapSpec, objectSpec } from "../testing/object.js";
import { checkAdmission } from "./rules.js";

const card = findProfile("agilio-cx-2x40") as OffloadProfile;

function reasons(text: string, maps: readonly MapSpec[] = [], device = card): readonly string[] {
  const object = objectSpec(text, maps);
  return checkAdmission(object, object.programs[0], device).reasons;
}

const use = (map: MapSpec): string => `r1 = map[${map.name}]\nr0 = 1\nexit`;

describe("what the card refuses", () => {
  it.each([
    ["types", mapSpec("m", 11, 8, 4, 10, 1), "map m: the card has no BPF_MAP_TYPE_LPM_TRIE: it takes BPF_MAP_TYPE_HASH and BPF_MAP_TYPE_ARRAY"],
    ["flags", mapSpec("m", 1, 4, 4, 10, 1), "map m: the card takes no map_flags (0x1)"],
    ["entries", hash("m", 4, 4, 3_000_000), "3000000 map entries in all: the card takes 2048000"],
    ["keys", hash("m", 57, 4, 1), "map m: keys of 57 bytes: the card takes 56"],
    ["values", array("m", 64, 1), "map m: values of 64 bytes: the card takes 56"],
    ["entry size, each part rounded up to 8", hash("m", 9, 52, 1), "map m: key and value of 72 bytes together: the card takes 64"],
    ["global data", { ...array(".rodata", 8, 1), flags: 0x480, dataSection: ".rodata" }, "map .rodata: the card has no global data (direct access to map values): use a map with lookups, or constants"],
  ])("maps by %s", (_, map, reason) => {
    expect(reasons(use(map), [map])).toEqual([reason]);
    expect(reasons("r0 = 1\nexit", [map])).toEqual([]);
  });

  it.each([
    ["call bpf_redirect\nexit", "prog.bpf.c:10: the card has no bpf_redirect"],
    ["r0 = 1\nr1 = 2\nr0 %= r1\nexit", "prog.bpf.c:12: the card cannot divide for a remainder (modulo)"],
    ["r2 = 1\nr2 = atomic_fetch_add((u64 *)(r10 - 8), r2)\nexit", "prog.bpf.c:10: of atomics the card has only add without fetch"],
    ["r0 = *(u32 *)(r1 + 16)\nexit", "prog.bpf.c:10: of the context the card gives only data and data_end"],
  ])("%j", (text, reason) => {
    expect(reasons(text)).toEqual([reason]);
  });

  it("nothing of a program within its limits, and what a changed profile lacks", () => {
    const maps = [hash("m", 4, 8, 1000)];
    const text = "r2 = r10\nr2 += -4\nr1 = map[m]\ncall bpf_map_lookup_elem\nr0 = 1\nexit";
    expect(reasons(text, maps)).toEqual([]);
    expect(reasons(text, maps, overrideProfile(card, { maxMapEntries: 999 }) as OffloadProfile)).toEqual(["1000 map entries in all: the card takes 999"]);
  });
});
