/** The commands of bpf(2) on maps, one function each: arguments are copied into native memory, answers copied out. */
import { Arguments, align8 } from "./bpf.js";
import { E2BIG, EINVAL, ENOENT, ENOSPC, ENOTSUPP, EOPNOTSUPP, EPERM, KernelError } from "./errors.js";
import * as uapi from "./uapi.js";

export interface MapCreate {
  readonly name: string;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  /** Hash functions of a bloom filter. */
  readonly extra?: number;
  /** Descriptor of a map like those that a map of maps will hold. */
  readonly innerMapFd?: number;
  /** BTF of key and value. */
  readonly btf?: { readonly fd: number; readonly keyTypeId: number; readonly valueTypeId: number };
}

/** Creates a map and returns its descriptor. Throws {@link KernelError}. */
export function mapCreate(map: MapCreate): number {
  const attr = new Arguments(0);
  const at = uapi.MAP_CREATE;
  attr.u32(at.type, map.type);
  attr.u32(at.keySize, map.keySize);
  attr.u32(at.valueSize, map.valueSize);
  attr.u32(at.maxEntries, map.maxEntries);
  attr.u32(at.flags, map.flags);
  attr.u32(at.innerMapFd, map.innerMapFd ?? 0);
  attr.u64(at.mapExtra, map.extra ?? 0);
  attr.name(at.name, map.name);
  if (map.btf !== undefined) {
    attr.u32(at.btfFd, map.btf.fd);
    attr.u32(at.btfKeyTypeId, map.btf.keyTypeId);
    attr.u32(at.btfValueTypeId, map.btf.valueTypeId);
  }
  const fd = attr.call(uapi.BPF_MAP_CREATE, at.size);
  if (fd < 0) throw new KernelError(`BPF_MAP_CREATE of map ${map.name}`, -fd, mapHint(-fd, map));
  return fd;
}

/** BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH_OF_MAPS. */
const MAPS_OF_MAPS: ReadonlySet<number> = new Set([12, 13]);

function mapHint(errno: number, map: MapCreate): string {
  if (errno === EPERM) return "run as root, or with CAP_BPF and CAP_NET_ADMIN";
  if (errno === EINVAL && MAPS_OF_MAPS.has(map.type) && map.innerMapFd === undefined) return "a map of maps needs the template of its inner maps, which the object leaves to its loader";
  if (errno === E2BIG || errno === EINVAL) {
    return `type ${map.type}, key ${map.keySize}, value ${map.valueSize}, ${map.maxEntries} entries, flags ${map.flags} do not go together on this kernel`;
  }
  return "";
}

/** Makes a map read-only for user space, so that the verifier may trust what read-only data says. */
export function mapFreeze(fd: number): void {
  const attr = new Arguments(0);
  attr.u32(uapi.MAP_ELEM.fd, fd);
  const result = attr.call(uapi.BPF_MAP_FREEZE, 4);
  if (result < 0) throw new KernelError("BPF_MAP_FREEZE", -result);
}

/** User space may not look into maps of some types (sockets, rings, storage); in these it finds nothing. */
const UNREADABLE: ReadonlySet<number> = new Set([-ENOTSUPP, -EOPNOTSUPP, -ENOSPC]);

/** Copies the value of `key` into `value`; false where the key is not there. */
export function mapLookup(fd: number, key: Uint8Array, value: Uint8Array): boolean {
  const attr = new Arguments(align8(key.length) + align8(value.length));
  attr.u32(uapi.MAP_ELEM.fd, fd);
  attr.put(uapi.MAP_ELEM.key, key);
  const place = attr.reserve(uapi.MAP_ELEM.value, value.length);
  const result = attr.call(uapi.BPF_MAP_LOOKUP_ELEM, uapi.MAP_ELEM.size);
  if (result === -ENOENT || UNREADABLE.has(result)) return false;
  if (result < 0) throw new KernelError("BPF_MAP_LOOKUP_ELEM", -result);
  value.set(attr.memory.bytes.subarray(place, place + value.length));
  return true;
}

/** Takes the next value out of a queue or stack; false where it is empty. */
export function mapPop(fd: number, value: Uint8Array): boolean {
  const attr = new Arguments(align8(value.length));
  attr.u32(uapi.MAP_ELEM.fd, fd);
  const place = attr.reserve(uapi.MAP_ELEM.value, value.length);
  const result = attr.call(uapi.BPF_MAP_LOOKUP_AND_DELETE_ELEM, uapi.MAP_ELEM.size);
  if (result === -ENOENT) return false;
  if (result < 0) throw new KernelError("BPF_MAP_LOOKUP_AND_DELETE_ELEM", -result);
  value.set(attr.memory.bytes.subarray(place, place + value.length));
  return true;
}

/** Whether a bloom filter says that the value may have been pushed. */
export function mapContains(fd: number, value: Uint8Array): boolean {
  const attr = new Arguments(align8(value.length));
  attr.u32(uapi.MAP_ELEM.fd, fd);
  attr.put(uapi.MAP_ELEM.value, value);
  const result = attr.call(uapi.BPF_MAP_LOOKUP_ELEM, uapi.MAP_ELEM.size);
  if (result !== -ENOENT && result < 0) throw new KernelError("BPF_MAP_LOOKUP_ELEM", -result);
  return result !== -ENOENT;
}

/** Result: 0 or a negative error number. */
export function mapUpdate(fd: number, key: Uint8Array, value: Uint8Array, flags: number): number {
  const attr = new Arguments(align8(key.length) + align8(value.length));
  attr.u32(uapi.MAP_ELEM.fd, fd);
  attr.put(uapi.MAP_ELEM.key, key);
  attr.put(uapi.MAP_ELEM.value, value);
  attr.u32(uapi.MAP_ELEM.flags, flags);
  return attr.call(uapi.BPF_MAP_UPDATE_ELEM, uapi.MAP_ELEM.size);
}

/** Result: 0 or a negative error number. */
export function mapDelete(fd: number, key: Uint8Array): number {
  const attr = new Arguments(align8(key.length));
  attr.u32(uapi.MAP_ELEM.fd, fd);
  attr.put(uapi.MAP_ELEM.key, key);
  return attr.call(uapi.BPF_MAP_DELETE_ELEM, uapi.MAP_ELEM.size);
}

/** The key behind `key` (the first one without it), or undefined at the end. */
export function mapNextKey(fd: number, keySize: number, key?: Uint8Array): Uint8Array | undefined {
  const attr = new Arguments(2 * align8(keySize));
  attr.u32(uapi.MAP_ELEM.fd, fd);
  if (key !== undefined) attr.put(uapi.MAP_ELEM.key, key);
  const place = attr.reserve(uapi.MAP_ELEM.value, keySize);
  const result = attr.call(uapi.BPF_MAP_GET_NEXT_KEY, uapi.MAP_ELEM.size);
  if (result === -ENOENT || UNREADABLE.has(result)) return undefined;
  if (result < 0) throw new KernelError("BPF_MAP_GET_NEXT_KEY", -result);
  return attr.memory.bytes.slice(place, place + keySize);
}
