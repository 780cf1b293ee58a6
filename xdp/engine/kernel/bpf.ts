/** bpf(2), one function a command. Each copies its arguments into native memory, calls, and copies the answer out. */
import { E2BIG, EINVAL, ENOENT, ENOSPC, ENOTSUPP, EPERM, KernelError, KernelVerifierError } from "./errors.js";
import type { NativeMemory } from "./libc.js";
import { libc } from "./libc.js";
import * as uapi from "./uapi.js";

/** Memory that calls share: the attr in front, arguments behind it. Calls do not nest, and threads have modules of their own. */
let scratch: NativeMemory | undefined;

function scratchMemory(bytes: number): NativeMemory {
  if (scratch === undefined || scratch.bytes.length < bytes) {
    scratch?.free();
    scratch = libc().allocate(Math.max(65536, 2 ** Math.ceil(Math.log2(bytes))));
  }
  return scratch;
}

/** Lays arguments out behind the attr. */
class Arguments {
  readonly memory: NativeMemory;
  private next = uapi.ATTR_BYTES;

  /** `bytes`: all that will be taken, each part counted in multiples of 8. */
  constructor(bytes: number) {
    this.memory = scratchMemory(uapi.ATTR_BYTES + bytes);
    this.memory.bytes.fill(0, 0, uapi.ATTR_BYTES);
  }

  u32(at: number, value: number): void {
    this.memory.view.setUint32(at, value, true);
  }

  u64(at: number, value: number): void {
    this.memory.view.setUint32(at, value >>> 0, true);
    this.memory.view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
  }

  /** Takes `bytes` of memory, writes its address into the attr, and gives its place in the memory. */
  reserve(at: number, bytes: number): number {
    const place = this.next;
    this.next += align8(bytes);
    this.u64(at, this.memory.address + place);
    return place;
  }

  put(at: number, bytes: Uint8Array): void {
    const place = this.reserve(at, bytes.length);
    this.memory.bytes.set(bytes, place);
  }

  name(at: number, name: string): void {
    this.memory.bytes.set(new TextEncoder().encode(kernelName(name)), at);
  }

  call(command: number, size: number): number {
    return bpf(command, this.memory.address, size);
  }
}

function align8(bytes: number): number {
  return (bytes + 7) & ~7;
}

/** The most of a name that the kernel takes: 15 letters, digits, `_` and `.`. */
function kernelName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_.]/g, "_").slice(0, uapi.NAME_BYTES);
}

/** The raw call: its result, or the negative error number. */
export function bpf(command: number, attrAddress: number, size: number): number {
  const { numbers, syscall, errno } = libc();
  const result = syscall(numbers.bpf, command, attrAddress, size);
  return result < 0 ? -errno() : result;
}

/** Closes a file descriptor. */
export function close(fd: number): void {
  const { numbers, syscall } = libc();
  syscall(numbers.close, fd);
}

export interface MapCreate {
  readonly name: string;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
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

function mapHint(errno: number, map: MapCreate): string {
  if (errno === EPERM) return "run as root, or with CAP_BPF and CAP_NET_ADMIN";
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

/** Copies the value of `key` into `value`; false where the key is not there. */
export function mapLookup(fd: number, key: Uint8Array, value: Uint8Array): boolean {
  const attr = new Arguments(align8(key.length) + align8(value.length));
  attr.u32(uapi.MAP_ELEM.fd, fd);
  attr.put(uapi.MAP_ELEM.key, key);
  const place = attr.reserve(uapi.MAP_ELEM.value, value.length);
  const result = attr.call(uapi.BPF_MAP_LOOKUP_ELEM, uapi.MAP_ELEM.size);
  if (result === -ENOENT) return false;
  if (result < 0) throw new KernelError("BPF_MAP_LOOKUP_ELEM", -result, result === -ENOTSUPP ? "user space cannot read maps of this type" : "");
  value.set(attr.memory.bytes.subarray(place, place + value.length));
  return true;
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
  if (result === -ENOENT) return undefined;
  if (result < 0) throw new KernelError("BPF_MAP_GET_NEXT_KEY", -result);
  return attr.memory.bytes.slice(place, place + keySize);
}

/** Loads BTF and returns its descriptor. Throws {@link KernelError} with the last line of the kernel's log. */
export function btfLoad(btf: Uint8Array): number {
  const at = uapi.BTF_LOAD;
  const attempt = (log: boolean): { fd: number; text: string } => {
    const logBytes = log ? 1 << 20 : 0;
    const attr = new Arguments(align8(btf.length) + logBytes);
    attr.put(at.btf, btf);
    attr.u32(at.btfSize, btf.length);
    if (!log) return { fd: attr.call(uapi.BPF_BTF_LOAD, at.size), text: "" };
    const place = attr.reserve(at.logBuf, logBytes);
    attr.memory.bytes[place] = 0;
    attr.u32(at.logSize, logBytes);
    attr.u32(at.logLevel, 1);
    const fd = attr.call(uapi.BPF_BTF_LOAD, at.size);
    return { fd, text: cString(attr.memory.bytes, place, logBytes) };
  };
  const first = attempt(false);
  if (first.fd >= 0) return first.fd;
  const second = attempt(true);
  if (second.fd >= 0) return second.fd;
  throw new KernelError("BPF_BTF_LOAD", -second.fd, second.text.trim().split("\n").at(-1) ?? "");
}

export interface ProgLoad {
  readonly name: string;
  /** Encoded instructions, 8 bytes a slot. */
  readonly insns: Uint8Array;
  readonly license: string;
  readonly flags: number;
  readonly expectedAttachType: number;
  /** Records of struct bpf_func_info (8 bytes) and bpf_line_info (16 bytes) with the BTF that they point into. */
  readonly btf?: { readonly fd: number; readonly funcInfo: Uint8Array; readonly lineInfo: Uint8Array };
  /** 0: none, unless the program is refused. 1, 2: the verifier's log, 2 with every path. 4: statistics only. */
  readonly logLevel: number;
}

export interface LoadedProg {
  readonly fd: number;
  readonly log: string;
}

/** Refusals carry their log up to this size (its end; the kernel drops the start). */
const REFUSAL_LOG_BYTES = 8 << 20;
const MAX_LOG_BYTES = 1 << 30;

/** Loads an XDP program. Throws {@link KernelVerifierError} where the verifier refuses it, {@link KernelError} for other failures. */
export function progLoad(program: ProgLoad): LoadedProg {
  let { result, log, logSize } = tryProgLoad(program, program.logLevel, program.logLevel === 0 ? 0 : REFUSAL_LOG_BYTES);
  if (result === -ENOSPC && program.logLevel !== 0 && logSize > REFUSAL_LOG_BYTES && logSize < MAX_LOG_BYTES) {
    ({ result, log, logSize } = tryProgLoad(program, program.logLevel, logSize));
  }
  if (result >= 0) return { fd: result, log };
  if (program.logLevel === 0) {
    const again = tryProgLoad(program, 1, REFUSAL_LOG_BYTES);
    if (again.result >= 0) return { fd: again.result, log: "" };
    log = again.log;
    if (again.result !== -ENOSPC) result = again.result;
  }
  if (result === -EPERM && log === "") throw new KernelError(`BPF_PROG_LOAD of program ${program.name}`, EPERM, "run as root, or with CAP_BPF and CAP_NET_ADMIN");
  throw new KernelVerifierError(program.name, -result, log);
}

function tryProgLoad(program: ProgLoad, logLevel: number, logBytes: number): { result: number; log: string; logSize: number } {
  const at = uapi.PROG_LOAD;
  const license = new TextEncoder().encode(`${program.license}\0`);
  const { btf } = program;
  const infoBytes = btf === undefined ? 0 : align8(btf.funcInfo.length) + align8(btf.lineInfo.length);
  const attr = new Arguments(program.insns.length + align8(license.length) + infoBytes + align8(logBytes));
  attr.u32(at.type, uapi.BPF_PROG_TYPE_XDP);
  attr.u32(at.insnCount, program.insns.length / 8);
  attr.put(at.insns, program.insns);
  attr.put(at.license, license);
  attr.u32(at.flags, program.flags);
  attr.name(at.name, program.name);
  attr.u32(at.expectedAttachType, program.expectedAttachType);
  if (btf !== undefined) {
    attr.u32(at.btfFd, btf.fd);
    if (btf.funcInfo.length > 0) {
      attr.u32(at.funcInfoRecSize, FUNC_INFO_BYTES);
      attr.u32(at.funcInfoCount, btf.funcInfo.length / FUNC_INFO_BYTES);
      attr.put(at.funcInfo, btf.funcInfo);
    }
    if (btf.lineInfo.length > 0) {
      attr.u32(at.lineInfoRecSize, LINE_INFO_BYTES);
      attr.u32(at.lineInfoCount, btf.lineInfo.length / LINE_INFO_BYTES);
      attr.put(at.lineInfo, btf.lineInfo);
    }
  }
  if (logBytes === 0) return { result: attr.call(uapi.BPF_PROG_LOAD, at.size), log: "", logSize: 0 };
  const place = attr.reserve(at.logBuf, logBytes);
  attr.memory.bytes[place] = 0;
  attr.u32(at.logSize, logBytes);
  attr.u32(at.logLevel, logLevel);
  const result = attr.call(uapi.BPF_PROG_LOAD, at.size);
  return { result, log: cString(attr.memory.bytes, place, logBytes), logSize: attr.memory.view.getUint32(at.logTrueSize, true) };
}

export const FUNC_INFO_BYTES = 8;
export const LINE_INFO_BYTES = 16;

function cString(bytes: Uint8Array, at: number, most: number): string {
  const end = bytes.subarray(at, at + most).indexOf(0);
  return Buffer.from(bytes.subarray(at, at + (end < 0 ? most : end))).toString("utf8");
}

export interface ProgInfo {
  readonly id: number;
  /** Bytes of machine code and of the instructions after the verifier's rewriting. */
  readonly jitedLength: number;
  readonly xlatedLength: number;
  /** Instructions that the verifier processed. */
  readonly verifiedInsns: number;
}

/** What the kernel says of a loaded program. */
export function progInfo(fd: number): ProgInfo {
  const at = uapi.PROG_INFO;
  const attr = new Arguments(at.size);
  attr.u32(uapi.OBJ_INFO.fd, fd);
  attr.u32(uapi.OBJ_INFO.length, at.size);
  const place = attr.reserve(uapi.OBJ_INFO.info, at.size);
  attr.memory.bytes.fill(0, place, place + at.size);
  const result = attr.call(uapi.BPF_OBJ_GET_INFO_BY_FD, uapi.OBJ_INFO.size);
  if (result < 0) throw new KernelError("BPF_OBJ_GET_INFO_BY_FD", -result);
  const read = (field: number): number => attr.memory.view.getUint32(place + field, true);
  return { id: read(at.id), jitedLength: read(at.jitedLength), xlatedLength: read(at.xlatedLength), verifiedInsns: read(at.verifiedInsns) };
}
