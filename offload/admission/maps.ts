/** Rules on maps: what the driver asks when one is created on the card. */
import type { MapSpec } from "../../xdp/index.js";
import type { Refusal } from "./error.js";
import type { Rule, Subject } from "./subject.js";

/** Maps that stay on the host: events go there. */
const HOST_MAPS = new Set(["BPF_MAP_TYPE_PERF_EVENT_ARRAY"]);
/** Key and value each take whole words of 8 bytes of an entry. */
const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8;

function onCard({ maps }: Subject): readonly MapSpec[] {
  return maps.filter(({ type }) => !HOST_MAPS.has(type));
}

/** Maps whose type the card has: of the others nothing further is asked. */
function ofKnownType(subject: Subject): readonly MapSpec[] {
  return onCard(subject).filter(({ type, dataSection }) => dataSection === undefined && subject.device.mapTypes.includes(type));
}

export const MAP_RULES: readonly Rule[] = [
  {
    id: "map-type",
    title: "types of maps",
    nfp: false,
    check: (subject) =>
      onCard(subject).filter(({ type }) => !subject.device.mapTypes.includes(type)).map((map): Refusal => {
        const types = subject.device.mapTypes.join(" and ");
        return { map: map.name, driver: "map type not supported", help: `the card has no ${map.type}: it takes ${types}`, limit: types, actual: map.type };
      }),
  },
  {
    id: "map-flags",
    title: "no map_flags, no NUMA node",
    nfp: true,
    check: (subject) =>
      ofKnownType(subject).filter(({ flags }) => flags !== 0).map((map): Refusal => ({ map: map.name, driver: "map flags are not supported", help: `the card takes no map_flags (0x${map.flags.toString(16)}): leave them out`, limit: 0, actual: map.flags })),
  },
  {
    id: "global-data",
    title: "no global data",
    nfp: true,
    check: (subject) =>
      onCard(subject).filter(({ dataSection }) => dataSection !== undefined).map((map): Refusal => ({ map: map.name, driver: "map flags are not supported", help: "the card has no global data (direct access to map values): use a map with lookups, or constants", actual: map.flags })),
  },
  {
    id: "map-count",
    title: "number of maps",
    nfp: false,
    check: (subject) => {
      const { length } = onCard(subject);
      const { maxMaps } = subject.device;
      return length > maxMaps ? [{ driver: "too many maps for a device", help: `${length} maps: the card takes ${maxMaps}`, limit: maxMaps, actual: length }] : [];
    },
  },
  {
    id: "map-entries",
    title: "entries of all maps together",
    nfp: false,
    check: (subject) => {
      let left = subject.device.maxMapEntries;
      return ofKnownType(subject).flatMap((map): Refusal[] => {
        if (map.maxEntries > left) return [{ map: map.name, driver: `map with too many elements: ${map.maxEntries}, left: ${left}`, help: `the card takes ${subject.device.maxMapEntries} entries in all maps together: lower max_entries`, limit: left, actual: map.maxEntries }];
        left -= map.maxEntries;
        return [];
      });
    },
  },
  {
    id: "map-entry-size",
    title: "bytes of an entry",
    nfp: false,
    check: (subject) =>
      ofKnownType(subject).flatMap((map): Refusal[] => {
        const entry = padded(map.keySize) + padded(map.valueSize);
        const limit = subject.device.maxEntryBytes;
        return entry > limit && map.keySize <= subject.device.maxKeyBytes && map.valueSize <= subject.device.maxValueBytes
          ? [{ map: map.name, driver: `map elements too large: ${entry}, FW max element size (key+value): ${limit}`, help: "key and value, each rounded up to 8 bytes: make one of them smaller, or split the map in two", limit, actual: entry }]
          : [];
      }),
  },
  {
    id: "map-key-size",
    title: "bytes of a key",
    nfp: false,
    check: (subject) => {
      const limit = subject.device.maxKeyBytes;
      return ofKnownType(subject).filter(({ keySize }) => keySize > limit).map((map): Refusal => ({ map: map.name, driver: `map key size ${map.keySize}, FW max is ${limit}`, help: "make the key smaller, for example by a hash of its parts", limit, actual: map.keySize }));
    },
  },
  {
    id: "map-value-size",
    title: "bytes of a value",
    nfp: false,
    check: (subject) => {
      const limit = subject.device.maxValueBytes;
      return ofKnownType(subject).filter(({ valueSize }) => valueSize > limit).map((map): Refusal => ({ map: map.name, driver: `map value size ${map.valueSize}, FW max is ${limit}`, help: "make the value smaller, or split the map in two", limit, actual: map.valueSize }));
    },
  },
];
