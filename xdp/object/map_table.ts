/** The maps of an object and where in it each stands, so that relocations find them. */
import type { MapSpec } from "./spec.js";

/** A map and its place in the object. */
export interface PlacedMap {
  readonly spec: MapSpec;
  /** Index of the section. */
  readonly section: number;
  /** First byte in the section; global-data maps are the whole section, from 0. */
  readonly offset: number;
  /** Bytes of its definition. */
  readonly size: number;
}

/** All maps, in the order of {@link ObjectSpec.maps}. */
export class MapTable {
  readonly maps: readonly PlacedMap[];

  constructor(maps: readonly PlacedMap[]) {
    this.maps = maps;
  }

  /** Index of the map defined at a place; undefined where none is. */
  at(section: number, offset: number): number | undefined {
    const index = this.maps.findIndex((m) => m.section === section && m.spec.dataSection === undefined && m.offset <= offset && offset < m.offset + m.size);
    return index < 0 ? undefined : index;
  }

  /** Index of the map that holds a data section. */
  data(section: number): number | undefined {
    const index = this.maps.findIndex((m) => m.section === section && m.spec.dataSection !== undefined);
    return index < 0 ? undefined : index;
  }
}
