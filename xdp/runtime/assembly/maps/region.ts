/** Which bytes of a map a program may touch. */
import { MAP_CPU_STRIDE, MAP_DATA, MAP_DATA_END, MAP_STRIDE, MAP_TYPE, MAP_VALUE_OFFSET, MAP_VALUE_SIZE } from "../../../abi";
import { MAP_VALUES } from "../../../maps/fields";
import { BPF_MAP_TYPE_RINGBUF } from "../../../maps/uapi";
import { ringbuf_access_ok } from "./ringbuf";

/** Whether [address, address + size) lies inside one value of the map, or inside one record that the program still writes. */
export function map_value_ok(header: u32, address: u32, size: u32): bool {
  const start = load<u32>(header, MAP_DATA) + load<u32>(header, MAP_VALUE_OFFSET);
  if (address < start || address >= load<u32>(header, MAP_DATA_END)) return false;
  if (load<u32>(header, MAP_TYPE) == BPF_MAP_TYPE_RINGBUF) return ringbuf_access_ok(header, address, size);
  const valueSize = load<u32>(header, MAP_VALUE_SIZE);
  let offset = address - start;
  const cpuStride = load<u32>(header, MAP_CPU_STRIDE);
  if (cpuStride) offset %= cpuStride;
  if (load<u32>(header, MAP_VALUES) != 1) {
    const stride = load<u32>(header, MAP_STRIDE);
    const index = offset / stride;
    if (index >= load<u32>(header, MAP_VALUES)) return false;
    offset -= index * stride;
  }
  return offset < valueSize && size <= valueSize - offset;
}
