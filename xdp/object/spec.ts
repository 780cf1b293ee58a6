/**
 * What an object file says, before anything depends on where it runs: pure data, deterministic, JSON-able.
 * Everything that needs a machine (CO-RE target, map memory, verification, compilation) happens later, elsewhere.
 */

/** One eBPF instruction slot, 8 bytes (RFC 9669). A 64-bit immediate load takes two slots, the second with `op` 0. */
export interface Insn {
  readonly op: number;
  readonly dst: number;
  readonly src: number;
  /** Signed 16 bits. */
  readonly off: number;
  /** Signed 32 bits. */
  readonly imm: number;
}

/**
 * A program, linked as libbpf links it: the entry function first, the functions that it reaches behind it,
 * calls between them relative (`src` BPF_PSEUDO_CALL), addresses of functions as BPF_PSEUDO_FUNC.
 * Maps are named by their index in {@link ObjectSpec.maps}: `ld_imm64` with `src` BPF_PSEUDO_MAP_IDX (imm = index), and
 * BPF_PSEUDO_MAP_IDX_VALUE (imm = index, imm of the second slot = offset into the value) for global data.
 */
export interface ProgramSpec {
  readonly name: string;
  /** Section name as in the object, for example `xdp`, `xdp.frags`, `xdp/devmap`, `xdp_filter`. */
  readonly section: string;
  /** `xdp` for everything that libbpf loads as BPF_PROG_TYPE_XDP and for sections of no known type; else the type's name. */
  readonly type: string;
  /** `xdp.frags…` sections: the program takes packets of several buffers. */
  readonly frags: boolean;
  /** Where a program of type xdp is meant to run. */
  readonly attach: "device" | "devmap" | "cpumap";
  /** False where the section's name starts with `?`: loaded only when asked for. */
  readonly autoload: boolean;
  /** Of a program of type `ext` (section `freplace/FUNCTION`): the function that it takes the place of. */
  readonly replaces?: string;
  readonly insns: readonly Insn[];
  /** Functions in `insns`, by start; the first is the entry. */
  readonly functions: readonly FunctionSpec[];
  /** Source lines by instruction, ascending by `insn`. */
  readonly lines: readonly LineInfo[];
  /** What the compiler left to adapt to the running kernel's types; `insns` hold the values for the object's own types. */
  readonly coreRelocations?: readonly CoreRelocation[];
  /** Things of the kernel that the program names, by instruction: a program with one that is not weak cannot run. */
  readonly externs?: readonly ExternReference[];
  /** Instructions that stand for something that is not there, once the program is adapted to a kernel: only dead code may hold them. */
  readonly poisoned?: readonly PoisonedInsn[];
}

/** A call of a helper that does not exist, and why it is there. */
export interface PoisonedInsn {
  readonly insn: number;
  /** For example `struct nf_conn.mark does not exist in BTF of the running kernel`. */
  readonly reason: string;
}

/** A CO-RE relocation (`struct bpf_core_relo`). */
export interface CoreRelocation {
  readonly insn: number;
  /** Kernel name, for example `field_byte_offset`, `type_exists`, `enumval_value`. */
  readonly kind: string;
  /** BTF type id in the object. */
  readonly typeId: number;
  /** Path of member indices from the type, for example `0:1:2`. */
  readonly access: string;
}

/** A kernel function (`kfunc`), kernel variable (`ksym`), kernel setting (`kconfig`), or what is declared nowhere (`undefined`). */
export interface ExternReference {
  readonly insn: number;
  readonly name: string;
  readonly kind: "kfunc" | "ksym" | "kconfig" | "undefined";
  /**
   * It may be missing. A weak variable is address 0 and a weak function a call of helper 2002000000, which only dead code
   * may hold, until it is found; a weak setting is 0.
   */
  readonly weak: boolean;
}

export interface FunctionSpec {
  readonly name: string;
  /** First slot and the slot after the last. */
  readonly start: number;
  readonly end: number;
  readonly linkage: "static" | "global";
  /** BTF id of the function; absent where the object does not say. */
  readonly typeId?: number;
}

export interface LineInfo {
  readonly insn: number;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

export interface MapSpec {
  readonly name: string;
  /** Kernel name, for example `BPF_MAP_TYPE_LPM_TRIE`. */
  readonly type: string;
  /** Number of the type in the kernel's enumeration. */
  readonly typeId: number;
  readonly keySize: number;
  readonly valueSize: number;
  /** 0 where the object leaves it to the loader. */
  readonly maxEntries: number;
  readonly flags: number;
  /** `map_extra`: of a bloom filter the number of hash functions. Default 0. */
  readonly mapExtra?: number;
  /** Pinned under its name: one map for all objects that name it so. */
  readonly pinned?: boolean;
  /** BTF type ids of key and value; 0 where unknown. */
  readonly keyTypeId: number;
  readonly valueTypeId: number;
  /** Initial bytes of a global-data map (`.rodata`, `.data`, `.bss` and their suffixed kin): one entry, key 0. Base64. */
  readonly initial?: string;
  /** Section that a global-data map stands for. */
  readonly dataSection?: string;
  /** Template of the maps that a map-in-map holds. */
  readonly inner?: Omit<MapSpec, "initial" | "dataSection" | "inner" | "values">;
  /** `values` initialisers: by key, the name of a program (prog array) or of a map (map-in-map). */
  readonly values?: readonly { readonly key: number; readonly program?: string; readonly map?: string }[];
}

export interface ObjectSpec {
  /** Name for messages. */
  readonly file: string;
  readonly license: string;
  readonly programs: readonly ProgramSpec[];
  readonly maps: readonly MapSpec[];
  /** The object's BTF, parsed; absent where it has none. */
  readonly btf?: BtfSpec;
}

/** BTF types by id; `types[0]` is void. */
export interface BtfSpec {
  readonly types: readonly BtfType[];
}

export interface BtfMember {
  readonly name: string;
  readonly type: number;
  /** Bits from the start of the struct. */
  readonly bitOffset: number;
  /** 0 unless a bit field. */
  readonly bitSize: number;
}

export type BtfType =
  | { readonly kind: "void" }
  | { readonly kind: "int"; readonly name: string; readonly size: number; readonly bits: number; readonly bitOffset: number; readonly signed: boolean; readonly char: boolean; readonly bool: boolean }
  | { readonly kind: "float"; readonly name: string; readonly size: number }
  | { readonly kind: "ptr" | "typedef" | "volatile" | "const" | "restrict" | "type_tag"; readonly name: string; readonly type: number }
  | { readonly kind: "array"; readonly type: number; readonly indexType: number; readonly count: number }
  | { readonly kind: "struct" | "union"; readonly name: string; readonly size: number; readonly members: readonly BtfMember[] }
  | { readonly kind: "enum"; readonly name: string; readonly size: number; readonly signed: boolean; readonly values: readonly { readonly name: string; readonly value: string }[] }
  | { readonly kind: "fwd"; readonly name: string; readonly union: boolean }
  | { readonly kind: "func"; readonly name: string; readonly type: number; readonly linkage: "static" | "global" | "extern" }
  | { readonly kind: "func_proto"; readonly type: number; readonly params: readonly { readonly name: string; readonly type: number }[] }
  | { readonly kind: "var"; readonly name: string; readonly type: number; readonly linkage: number }
  | { readonly kind: "datasec"; readonly name: string; readonly size: number; readonly vars: readonly { readonly type: number; readonly offset: number; readonly size: number }[] }
  | { readonly kind: "decl_tag"; readonly name: string; readonly type: number; readonly component: number };
