/** What the `src` field says in a 64-bit immediate load and in a call (RFC 9669, sections 4.3.1 and 5.4; linux/bpf.h). */

/** Immediate load: a map by file descriptor. */
export const BPF_PSEUDO_MAP_FD = 1;
/** Immediate load: address in the first value of a map, by file descriptor; the second slot's `imm` is the offset. */
export const BPF_PSEUDO_MAP_VALUE = 2;
/** Immediate load: a kernel variable by BTF id; the second slot's `imm` is the module's BTF descriptor. */
export const BPF_PSEUDO_BTF_ID = 3;
/** Immediate load: address of a function of this program, `imm` slots after the next instruction slot. */
export const BPF_PSEUDO_FUNC = 4;
/** Immediate load: a map by index. */
export const BPF_PSEUDO_MAP_IDX = 5;
/** Immediate load: address in the first value of a map, by index; the second slot's `imm` is the offset. */
export const BPF_PSEUDO_MAP_IDX_VALUE = 6;

/** Call: a helper by number. */
export const BPF_HELPER_CALL = 0;
/** Call: a function of this program, `imm` slots after the next instruction slot. */
export const BPF_PSEUDO_CALL = 1;
/** Call: a kernel function by BTF id; `off` picks the module. */
export const BPF_PSEUDO_KFUNC_CALL = 2;
