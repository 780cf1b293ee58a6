/** A map of maps as the control plane sees it: its entries are maps of the same machine. */
import { MapError } from "./error.js";
import type { InnerMaps, MapHandle } from "./handle.js";
import type { MapTable } from "./table.js";
import { EINVAL } from "./uapi.js";

export class InnerMapTable implements InnerMaps {
  private readonly outer: MapHandle;
  private readonly table: MapTable;

  constructor(outer: MapHandle, table: MapTable) {
    this.outer = outer;
    this.table = table;
  }

  at(key: Uint8Array): MapHandle | undefined {
    const number = this.outer.lookup(key);
    return number === undefined ? undefined : this.table.at(new DataView(number.buffer).getUint32(0, true) - 1);
  }

  create(maxEntries?: number): MapHandle {
    const { inner, name } = this.outer.spec;
    if (inner === undefined) throw new MapError(name, "has no template for its inner maps: put in maps that the object has");
    return this.table.add(maxEntries === undefined ? inner : { ...inner, maxEntries });
  }

  put(key: Uint8Array, map: MapHandle, flags = 0): void {
    if (this.table.at(map.id) !== map) throw new MapError(this.outer.spec.name, `${map.spec.name} is a map of another machine`, EINVAL);
    const number = new Uint8Array(4);
    new DataView(number.buffer).setUint32(0, map.id + 1, true);
    try {
      this.outer.update(key, number, flags);
    } catch (error) {
      // Either the flags or the map: the kernel says no more either, but here it is known which.
      if (!(error instanceof MapError) || error.errno !== EINVAL || flags > 2) throw error;
      throw new MapError(this.outer.spec.name, `map ${map.spec.name} (${describe(map)}) is not like the template of its inner maps${this.template()}`, EINVAL);
    }
  }

  private template(): string {
    const { inner } = this.outer.spec;
    return inner === undefined ? "" : ` (${inner.type}, key ${inner.keySize}, value ${inner.valueSize}, ${inner.maxEntries} entries, flags ${inner.flags})`;
  }
}

function describe({ spec }: MapHandle): string {
  return `${spec.type}, key ${spec.keySize}, value ${spec.valueSize}, ${spec.maxEntries} entries, flags ${spec.flags}`;
}
