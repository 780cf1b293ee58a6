/** BPF_MAP_TYPE_QUEUE and BPF_MAP_TYPE_STACK: values in the order of their pushes; both are filled alike, only the end that is taken from differs. */
import { MAP_TYPE, MAP_VALUE_SIZE } from "../../../abi";
import { QUEUE_DATA, QUEUE_HEAD, QUEUE_PLACES, QUEUE_STRIDE, QUEUE_TAIL } from "../../../maps/fields";
import { BPF_EXIST, BPF_MAP_TYPE_QUEUE, BPF_NOEXIST, E2BIG, EINVAL, ENOENT } from "../../../maps/uapi";
import { copyBytes } from "./bytes";
import { lockMap, unlockMap } from "./lock";

@inline
function behind(header: u32, place: u32): u32 {
  return place + 1 >= load<u32>(header, QUEUE_PLACES) ? 0 : place + 1;
}

@inline
function placeAt(header: u32, place: u32): u32 {
  return load<u32>(header, QUEUE_DATA) + place * load<u32>(header, QUEUE_STRIDE);
}

/** BPF_EXIST makes room in a full map: the oldest value goes. */
export function queue_push(header: u32, value: u32, flags: u64): i32 {
  if (flags & BPF_NOEXIST || flags > <u64>BPF_EXIST) return -EINVAL;
  lockMap(header);
  const head = load<u32>(header, QUEUE_HEAD);
  const next = behind(header, head);
  const full = next == load<u32>(header, QUEUE_TAIL);
  if (full && !(flags & BPF_EXIST)) {
    unlockMap(header);
    return -E2BIG;
  }
  if (full) store<u32>(header, behind(header, next), QUEUE_TAIL);
  copyBytes(placeAt(header, head), value, load<u32>(header, MAP_VALUE_SIZE));
  store<u32>(header, next, QUEUE_HEAD);
  unlockMap(header);
  return 0;
}

/** Copies the oldest (queue) or newest (stack) value to `value`, zeros where there is none, and takes it away where `remove`. */
export function queue_get(header: u32, value: u32, remove: bool): i32 {
  const size = load<u32>(header, MAP_VALUE_SIZE);
  lockMap(header);
  const head = load<u32>(header, QUEUE_HEAD);
  const tail = load<u32>(header, QUEUE_TAIL);
  if (head == tail) {
    unlockMap(header);
    memory.fill(value, 0, size);
    return -ENOENT;
  }
  if (load<u32>(header, MAP_TYPE) == BPF_MAP_TYPE_QUEUE) {
    copyBytes(value, placeAt(header, tail), size);
    if (remove) store<u32>(header, behind(header, tail), QUEUE_TAIL);
  } else {
    const newest = head == 0 ? load<u32>(header, QUEUE_PLACES) - 1 : head - 1;
    copyBytes(value, placeAt(header, newest), size);
    if (remove) store<u32>(header, newest, QUEUE_HEAD);
  }
  unlockMap(header);
  return 0;
}

/** Copies value number `index`, in the order of their pushes, to `out`. -ENOENT behind the last. */
export function queueAt(header: u32, index: u32, out: u32): i32 {
  const head = load<u32>(header, QUEUE_HEAD);
  const tail = load<u32>(header, QUEUE_TAIL);
  const places = load<u32>(header, QUEUE_PLACES);
  const count = head >= tail ? head - tail : head + places - tail;
  if (index >= count) return -ENOENT;
  const place = index >= places - tail ? index - (places - tail) : tail + index;
  copyBytes(out, placeAt(header, place), load<u32>(header, MAP_VALUE_SIZE));
  return 0;
}
