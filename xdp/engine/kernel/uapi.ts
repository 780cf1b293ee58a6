/** Numbers of linux/bpf.h: commands, program and attach types, flags, and where `union bpf_attr` has its fields (bytes). */

export const BPF_MAP_CREATE = 0;
export const BPF_MAP_LOOKUP_ELEM = 1;
export const BPF_MAP_UPDATE_ELEM = 2;
export const BPF_MAP_DELETE_ELEM = 3;
export const BPF_MAP_GET_NEXT_KEY = 4;
export const BPF_PROG_LOAD = 5;
export const BPF_PROG_TEST_RUN = 10;
export const BPF_OBJ_GET_INFO_BY_FD = 15;
export const BPF_BTF_LOAD = 18;
export const BPF_MAP_LOOKUP_AND_DELETE_ELEM = 21;
export const BPF_MAP_FREEZE = 22;

/** Names of commands, for messages. */
export const COMMAND_NAMES: Readonly<Record<number, string>> = {
  [BPF_MAP_CREATE]: "BPF_MAP_CREATE",
  [BPF_MAP_LOOKUP_ELEM]: "BPF_MAP_LOOKUP_ELEM",
  [BPF_MAP_UPDATE_ELEM]: "BPF_MAP_UPDATE_ELEM",
  [BPF_MAP_DELETE_ELEM]: "BPF_MAP_DELETE_ELEM",
  [BPF_MAP_GET_NEXT_KEY]: "BPF_MAP_GET_NEXT_KEY",
  [BPF_PROG_LOAD]: "BPF_PROG_LOAD",
  [BPF_PROG_TEST_RUN]: "BPF_PROG_TEST_RUN",
  [BPF_OBJ_GET_INFO_BY_FD]: "BPF_OBJ_GET_INFO_BY_FD",
  [BPF_BTF_LOAD]: "BPF_BTF_LOAD",
  [BPF_MAP_LOOKUP_AND_DELETE_ELEM]: "BPF_MAP_LOOKUP_AND_DELETE_ELEM",
  [BPF_MAP_FREEZE]: "BPF_MAP_FREEZE",
};

export const BPF_PROG_TYPE_XDP = 6;
export const BPF_XDP_DEVMAP = 33;
export const BPF_XDP_CPUMAP = 35;
export const BPF_XDP = 37;

/** prog_flags: the program takes packets of several buffers. */
export const BPF_F_XDP_HAS_FRAGS = 1 << 5;
/** map_flags. */
export const BPF_F_NO_PREALLOC = 1 << 0;
export const BPF_F_RDONLY_PROG = 1 << 7;
/** test.flags: packets go where the program's verdict sends them. */
export const BPF_F_TEST_XDP_LIVE_FRAMES = 1 << 1;

/** Longest name of a map or program, without its 0. */
export const NAME_BYTES = 15;

/** Room for any bpf_attr; each command says how much of it counts. */
export const ATTR_BYTES = 192;

export const MAP_CREATE = { type: 0, keySize: 4, valueSize: 8, maxEntries: 12, flags: 16, innerMapFd: 20, name: 28, btfFd: 48, btfKeyTypeId: 52, btfValueTypeId: 56, mapExtra: 64, size: 72 } as const;
export const MAP_ELEM = { fd: 0, key: 8, value: 16, flags: 24, size: 32 } as const;
export const PROG_LOAD = {
  type: 0, insnCount: 4, insns: 8, license: 16, logLevel: 24, logSize: 28, logBuf: 32, flags: 44, name: 48, expectedAttachType: 68,
  btfFd: 72, funcInfoRecSize: 76, funcInfo: 80, funcInfoCount: 88, lineInfoRecSize: 92, lineInfo: 96, lineInfoCount: 104, logTrueSize: 140, size: 144,
} as const;
export const TEST_RUN = {
  fd: 0, retval: 4, dataSizeIn: 8, dataSizeOut: 12, dataIn: 16, dataOut: 24, repeat: 32, duration: 36,
  ctxSizeIn: 40, ctxSizeOut: 44, ctxIn: 48, ctxOut: 56, flags: 64, cpu: 68, batchSize: 72, size: 80,
} as const;
export const BTF_LOAD = { btf: 0, logBuf: 8, btfSize: 16, logSize: 20, logLevel: 24, size: 32 } as const;
export const OBJ_INFO = { fd: 0, length: 4, info: 8, size: 16 } as const;

/** struct bpf_prog_info. */
export const PROG_INFO = { type: 0, id: 4, jitedLength: 16, xlatedLength: 20, mapCount: 52, runTimeNs: 192, runCount: 200, verifiedInsns: 216, size: 232 } as const;
