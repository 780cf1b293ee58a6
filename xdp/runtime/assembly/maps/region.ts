/** Which bytes of a map a program may touch. */
import { MACHINE, MACHINE_MAP_AREAS, MACHINE_MAP_AREA_COUNT, MAP_CPU_STRIDE, MAP_DATA, MAP_DATA_END, MAP_STRIDE, MAP_TYPE, MAP_VALUE_OFFSET, MAP_VALUE_SIZE } from "../../../abi";
import { MAP_VALUES } from "../../../maps/fields";
import { BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_USER_RINGBUF } from "../../../maps/uapi";
import { ringbuf_access_ok } from "./ringbuf";
import { user_ringbuf_access_ok } from "./user_ringbuf";

/** Header of the map whose values lie around `address`, or 0. */
export function map_at(address: u32): u32 {
  const areas = load<u32>(MACHINE, MACHINE_MAP_AREAS);
  let low: u32 = 0;
  let high = load<u32>(MACHINE, MACHINE_MAP_AREA_COUNT);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<u32>(load<u32>(areas + (middle << 2)), MAP_DATA) <= address) low = middle + 1;
    else high = middle;
  }
  if (low == 0) return 0;
  const map = load<u32>(areas + ((low - 1) << 2));
  return address < load<u32>(map, MAP_DATA_END) ? map : 0;
}

/** Whether [address, address + size) lies inside one value of the map, or inside one record that the program still writes, or may read now. */
export function map_value_ok(header: u32, address: u32, size: u32): bool {
  const start = load<u32>(header, MAP_DATA) + load<u32>(header, MAP_VALUE_OFFSET);
  if (address < start || address >= load<u32>(header, MAP_DATA_END)) return false;
  const type = load<u32>(header, MAP_TYPE);
  if (type == BPF_MAP_TYPE_RINGBUF) return ringbuf_access_ok(header, address, size);
  if (type == BPF_MAP_TYPE_USER_RINGBUF) return user_ringbuf_access_ok(header, address, size);
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
