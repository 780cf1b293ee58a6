/** The commands of bpf(2) on programs and BTF. */
import { Arguments, align8 } from "./bpf.js";
import { EPERM, ENOSPC, KernelError, KernelVerifierError } from "./errors.js";
import * as uapi from "./uapi.js";

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
