/** What the verifier knows of a map: sizes as the kernel takes them, special fields in values, and constant contents. */
import type { BtfSpec, MapSpec } from "../object/index.js";
import type { SpecialField } from "./btf-fields.js";
import { specialFields } from "./btf-fields.js";

/** Maps of one program; the same object stands for the same map everywhere. */
export interface MapInfo {
  readonly name: string;
  /** `BPF_MAP_TYPE_…`, and its number. */
  readonly type: string;
  readonly typeId: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  /** Locks, timers and kernel pointers in a value, by offset. */
  readonly fields: readonly SpecialField[];
  /** Contents of the only value, where no one changes them. */
  readonly constant: Uint8Array | undefined;
  /** Addresses in a value may be immediates. */
  readonly direct: boolean;
  readonly inner: MapInfo | undefined;
  readonly keyTypeId: number;
  readonly valueTypeId: number;
}

/** linux/bpf.h */
export const BPF_F_RDONLY_PROG = 1 << 7;
export const BPF_F_WRONLY_PROG = 1 << 8;

/** Maps whose keys and values are 4 bytes, whatever an object leaves out. */
const FD_MAPS: ReadonlySet<string> = new Set([
  "BPF_MAP_TYPE_PROG_ARRAY", "BPF_MAP_TYPE_PERF_EVENT_ARRAY", "BPF_MAP_TYPE_ARRAY_OF_MAPS", "BPF_MAP_TYPE_HASH_OF_MAPS",
  "BPF_MAP_TYPE_DEVMAP", "BPF_MAP_TYPE_DEVMAP_HASH", "BPF_MAP_TYPE_CPUMAP", "BPF_MAP_TYPE_XSKMAP",
]);

/** Maps that the kernel makes read-only for programs: a lookup gives its own data (kernel/bpf/devmap.c). */
const LOOKUP_ONLY: ReadonlySet<string> = new Set(["BPF_MAP_TYPE_DEVMAP", "BPF_MAP_TYPE_DEVMAP_HASH"]);

export function mapInfo(spec: Omit<MapSpec, "inner"> & { readonly inner?: MapSpec["inner"] }, btf: BtfSpec | undefined): MapInfo {
  const fd = FD_MAPS.has(spec.type);
  const initial = spec.initial === undefined ? undefined : Uint8Array.from(Buffer.from(spec.initial, "base64"));
  return {
    name: spec.name.replaceAll(/[^A-Za-z0-9_.]/g, "_").slice(0, 15),
    type: spec.type,
    typeId: spec.typeId,
    keySize: spec.keySize === 0 && fd ? 4 : spec.keySize,
    valueSize: spec.valueSize === 0 && fd ? 4 : spec.valueSize,
    maxEntries: spec.maxEntries,
    flags: spec.flags | (LOOKUP_ONLY.has(spec.type) ? BPF_F_RDONLY_PROG : 0),
    fields: btf === undefined ? [] : specialFields(btf, spec.valueTypeId),
    constant: (spec.flags & BPF_F_RDONLY_PROG) !== 0 ? initial : undefined,
    direct: (spec.type === "BPF_MAP_TYPE_ARRAY" && spec.maxEntries === 1) || spec.type === "BPF_MAP_TYPE_INSN_ARRAY" || spec.type === "BPF_MAP_TYPE_ARENA",
    inner: spec.inner === undefined ? undefined : { ...mapInfo(spec.inner, btf), name: "" },
    keyTypeId: spec.keyTypeId,
    valueTypeId: spec.valueTypeId,
  };
}

/** The special field of a kind in a map's values. */
export function fieldOf(map: MapInfo, kind: SpecialField["kind"]): SpecialField | undefined {
  return map.fields.find((field) => field.kind === kind);
}
