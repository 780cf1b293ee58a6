/** The maps of a machine, headers in one table: those of the object, then inner maps that the control plane makes as it runs. */
import { MACHINE, MACHINE_MAPS, MACHINE_MAP_AREAS, MACHINE_MAP_AREA_COUNT, MACHINE_MAP_COUNT, MAP_DATA, MAP_HEADER_BYTES, MAP_ID, MAP_TYPE } from "../abi.js";
import type { Layout } from "../engine/layout.js";
import type { BtfSpec, MapSpec } from "../object/spec.js";
import { MapError } from "./error.js";
import { placeMap, placeTemplate } from "./place.js";
import { type MapRuntime, RuntimeMapHandle, Scratch, valueBytes } from "./runtime_handle.js";
import { type MapShape, mapKind, shapeOf } from "./shape.js";
import { type SpecialField, specialFields } from "./special.js";
import { BPF_F_ZERO_SEED, BPF_MAP_TYPE_PROG_ARRAY, EINVAL, ENOTSUPP } from "./uapi.js";

/** Inner maps that one machine may make besides the object's, over all its life: so many headers are kept free, and cost nothing until used. */
const MAX_INNER = 65536;
/** Stands for a map of a type that is not supported and that no program uses. */
const UNUSED_KIND: MapShape["kind"] = { family: "slots", perCpu: false, lru: false, fd: false, flags: 0 };

export interface MapTableOptions {
  readonly cpus: number;
  readonly seed: bigint;
  readonly runtime: MapRuntime;
  readonly btf: BtfSpec | undefined;
  readonly isUsed: (map: number) => boolean;
}

/** A template as {@link MapSpec.inner} gives it. */
export type InnerSpec = NonNullable<MapSpec["inner"]>;

export class MapTable {
  /** The object's maps, in their order. */
  readonly handles: readonly RuntimeMapHandle[];
  private readonly layout: Layout;
  private readonly options: MapTableOptions;
  private readonly scratch: Scratch;
  private readonly headers: number;
  private readonly capacity: number;
  /** Headers of the maps that programs may point into: memory is handed out front to back, so they ascend by themselves. */
  private readonly areas: number;
  private readonly all: RuntimeMapHandle[] = [];

  /** Throws {@link MapError} for what the kernel would not make, MemoryError where memory is not enough. */
  constructor(layout: Layout, specs: readonly MapSpec[], options: MapTableOptions) {
    this.layout = layout;
    this.options = options;
    const shapes = specs.map((spec, id) => (mapKind(spec.typeId) !== undefined || options.isUsed(id) ? shapeOf(spec, options.cpus) : unusedShape(spec)));
    this.capacity = specs.length + (specs.some(({ typeId }) => mapKind(typeId)?.ofMaps === true) ? MAX_INNER : 0);
    this.headers = layout.allocate(Math.max(this.capacity, 1) * MAP_HEADER_BYTES, 64, "the table of maps");
    this.areas = layout.allocate(Math.max(this.capacity, 1) * 4, 64, "the table of maps");
    new DataView(layout.buffer).setUint32(MACHINE + MACHINE_MAP_AREAS, this.areas, true);
    new DataView(layout.buffer).setUint32(MACHINE + MACHINE_MAP_AREA_COUNT, 0, true);
    const templates = specs.flatMap((spec) => (spec.inner !== undefined && mapKind(spec.inner.typeId) !== undefined && mapKind(spec.typeId)?.ofMaps === true ? [shapeOf(spec.inner, options.cpus)] : []));
    this.scratch = placeScratch(layout, [...shapes, ...templates], options.cpus);
    specs.forEach((spec, id) => this.all.push(this.make(spec, id, shapes[id] as MapShape)));
    this.handles = [...this.all];
    const machine = new DataView(layout.buffer);
    machine.setUint32(MACHINE + MACHINE_MAPS, this.headers, true);
    machine.setUint32(MACHINE + MACHINE_MAP_COUNT, specs.length, true);
    for (const { spec, id, header } of this.handles) if (spec.inner !== undefined && mapKind(spec.typeId)?.ofMaps === true) this.placeTemplate(id, header, spec.inner);
  }

  /** The map with this number (`MAP_ID`). */
  at(id: number): RuntimeMapHandle | undefined {
    return this.all[id];
  }

  /** Makes a further map, for a map of maps. Throws {@link MapError}, MemoryError. */
  add(spec: InnerSpec): RuntimeMapHandle {
    const id = this.all.length;
    if (id >= this.capacity) throw new MapError(spec.name, `is one map too many: a machine makes ${MAX_INNER} inner maps at most`);
    const handle = this.make(spec, id, shapeOf(spec, this.options.cpus), true);
    this.all.push(handle);
    new DataView(this.layout.buffer).setUint32(MACHINE + MACHINE_MAP_COUNT, this.all.length, true);
    return handle;
  }

  private make(spec: MapSpec, id: number, shape: MapShape, inner = false): RuntimeMapHandle {
    const header = this.headers + id * MAP_HEADER_BYTES;
    if (mapKind(spec.typeId) === undefined) {
      const view = new DataView(this.layout.buffer);
      view.setUint32(header + MAP_TYPE, spec.typeId, true);
      view.setUint32(header + MAP_ID, id, true);
    } else {
      this.place(spec, id, header, shape, inner);
      this.addArea(header);
    }
    return new RuntimeMapHandle(spec, id, header, shape, this.options.cpus, this.options.runtime, this.scratch, this);
  }

  private addArea(header: number): void {
    const view = new DataView(this.layout.buffer);
    if (view.getUint32(header + MAP_DATA, true) === 0) return;
    const count = view.getUint32(MACHINE + MACHINE_MAP_AREA_COUNT, true);
    view.setUint32(this.areas + 4 * count, header, true);
    view.setUint32(MACHINE + MACHINE_MAP_AREA_COUNT, count + 1, true);
  }

  private place(spec: MapSpec, id: number, header: number, shape: MapShape, inner: boolean): void {
    const { cpus, seed } = this.options;
    const mapSeed = shape.flags & BPF_F_ZERO_SEED ? 0n : mix(seed + BigInt(id + 1) * 0x9e3779b97f4a7c15n);
    placeMap({ layout: this.layout, header, name: spec.name, id, typeId: spec.typeId, shape, inner, cpus, seed: mapSeed, special: this.specialOf(spec, shape) });
  }

  /** Writes what inner maps must be like. */
  private placeTemplate(id: number, header: number, inner: InnerSpec): void {
    const kind = mapKind(inner.typeId);
    if (kind === undefined || kind.ofMaps === true || inner.typeId === BPF_MAP_TYPE_PROG_ARRAY) {
      if (!this.options.isUsed(id)) return;
      if (kind === undefined) throw new MapError(inner.name, `type ${inner.type} is not supported`);
      throw new MapError(inner.name, `${inner.type} cannot be inside a map of maps`, kind.ofMaps === true ? EINVAL : ENOTSUPP);
    }
    const shape = shapeOf(inner, this.options.cpus);
    placeTemplate(this.layout, header, inner.typeId, shape, this.specialOf(inner, shape));
  }

  private specialOf(spec: MapSpec, shape: MapShape): readonly SpecialField[] {
    if (shape.kind.perCpu) return [];
    return specialFields(this.options.btf, spec.valueTypeId).filter(({ offset, bytes }) => offset + bytes <= shape.valueSize);
  }
}

function unusedShape(spec: MapSpec): MapShape {
  return { kind: UNUSED_KIND, keySize: spec.keySize, valueSize: spec.valueSize, maxEntries: spec.maxEntries, flags: spec.flags, hashes: 0 };
}

function placeScratch(layout: Layout, shapes: readonly MapShape[], cpus: number): Scratch {
  const keys = shapes.reduce((most, shape) => Math.max(most, shape.keySize), 8);
  const values = shapes.reduce((most, shape) => Math.max(most, valueBytes(shape, cpus)), 8);
  return new Scratch(layout, keys, values);
}

/** The finisher of splitmix64 (Steele, Lea and Flood, OOPSLA 2014): neighbouring seeds give unrelated numbers. */
function mix(x: bigint): bigint {
  x = BigInt.asUintN(64, x);
  x = BigInt.asUintN(64, (x ^ (x >> 30n)) * 0xbf58476d1ce4e5b9n);
  x = BigInt.asUintN(64, (x ^ (x >> 27n)) * 0x94d049bb133111ebn);
  return x ^ (x >> 31n);
}
