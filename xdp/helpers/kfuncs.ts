/**
 * The kernel functions (kfuncs) that programs may call. Objects name them; when a program is loaded, each call becomes one of a
 * helper whose number is the kfunc's here, above all helpers of the kernel: so engines know only helpers.
 * Signatures: kernel/bpf/helpers.c, kernel/bpf/bpf_iter.c, net/core/xdp.c and net/core/filter.c of the kernel.
 */
import { ARG_ANYTHING, ARG_CTX, ARG_FIXED_READ, ARG_FIXED_WRITE, ARG_MEM_OPTIONAL, ARG_MEM_READ, ARG_MEM_WRITE, ARG_SIZE_OR_ZERO } from "../abi.js";
import type { HelperSpec } from "./table.js";

/** Number of the first kfunc. */
export const FIRST_KFUNC = 512;

const DYNPTR = ARG_FIXED_READ + 4;
const DYNPTR_WRITE = ARG_FIXED_WRITE + 4;
const ITERATOR = ARG_FIXED_WRITE + 2;
const BITS_ITERATOR = ARG_FIXED_WRITE + 4;
const U32_WRITE = ARG_FIXED_WRITE + 1;
const U64_WRITE = ARG_FIXED_WRITE + 2;

/** All supported kfuncs; the runtime's dispatch has them by these numbers. */
export const KFUNCS: readonly HelperSpec[] = [
  { id: 512, name: "bpf_dynptr_from_xdp", args: [ARG_CTX, ARG_ANYTHING, DYNPTR_WRITE] },
  { id: 513, name: "bpf_dynptr_slice", args: [DYNPTR, ARG_ANYTHING, ARG_MEM_OPTIONAL, ARG_SIZE_OR_ZERO] },
  { id: 514, name: "bpf_dynptr_slice_rdwr", args: [DYNPTR, ARG_ANYTHING, ARG_MEM_OPTIONAL, ARG_SIZE_OR_ZERO] },
  { id: 515, name: "bpf_dynptr_adjust", args: [DYNPTR_WRITE, ARG_ANYTHING, ARG_ANYTHING] },
  { id: 516, name: "bpf_dynptr_is_null", args: [DYNPTR] },
  { id: 517, name: "bpf_dynptr_is_rdonly", args: [DYNPTR] },
  { id: 518, name: "bpf_dynptr_size", args: [DYNPTR] },
  { id: 519, name: "bpf_dynptr_clone", args: [DYNPTR, DYNPTR_WRITE] },
  { id: 520, name: "bpf_dynptr_copy", args: [DYNPTR, ARG_ANYTHING, DYNPTR, ARG_ANYTHING, ARG_ANYTHING] },
  { id: 521, name: "bpf_dynptr_memset", args: [DYNPTR, ARG_ANYTHING, ARG_ANYTHING, ARG_ANYTHING] },
  { id: 522, name: "bpf_iter_num_new", args: [ITERATOR, ARG_ANYTHING, ARG_ANYTHING] },
  { id: 523, name: "bpf_iter_num_next", args: [ITERATOR] },
  { id: 524, name: "bpf_iter_num_destroy", args: [ITERATOR] },
  { id: 525, name: "bpf_rcu_read_lock", args: [] },
  { id: 526, name: "bpf_rcu_read_unlock", args: [] },
  { id: 527, name: "bpf_preempt_disable", args: [] },
  { id: 528, name: "bpf_preempt_enable", args: [] },
  { id: 529, name: "bpf_local_irq_save", args: [U64_WRITE] },
  { id: 530, name: "bpf_local_irq_restore", args: [U64_WRITE] },
  { id: 531, name: "bpf_res_spin_lock", args: [U32_WRITE] },
  { id: 532, name: "bpf_res_spin_unlock", args: [U32_WRITE] },
  { id: 533, name: "bpf_res_spin_lock_irqsave", args: [U32_WRITE, U64_WRITE] },
  { id: 534, name: "bpf_res_spin_unlock_irqrestore", args: [U32_WRITE, U64_WRITE] },
  { id: 535, name: "bpf_xdp_metadata_rx_timestamp", args: [ARG_CTX, U64_WRITE] },
  { id: 536, name: "bpf_xdp_metadata_rx_hash", args: [ARG_CTX, U32_WRITE, U32_WRITE] },
  { id: 537, name: "bpf_xdp_metadata_rx_vlan_tag", args: [ARG_CTX, ARG_ANYTHING, ARG_ANYTHING] },
  // Strings are read as far as they can be: bad addresses give an error.
  { id: 538, name: "bpf_strcmp", args: [ARG_ANYTHING, ARG_ANYTHING] },
  { id: 539, name: "bpf_strcasecmp", args: [ARG_ANYTHING, ARG_ANYTHING] },
  { id: 540, name: "bpf_strlen", args: [ARG_ANYTHING] },
  { id: 541, name: "bpf_strnlen", args: [ARG_ANYTHING, ARG_ANYTHING] },
  { id: 542, name: "bpf_strchr", args: [ARG_ANYTHING, ARG_ANYTHING] },
  { id: 543, name: "bpf_strnchr", args: [ARG_ANYTHING, ARG_ANYTHING, ARG_ANYTHING] },
  { id: 544, name: "bpf_strchrnul", args: [ARG_ANYTHING, ARG_ANYTHING] },
  { id: 545, name: "bpf_strrchr", args: [ARG_ANYTHING, ARG_ANYTHING] },
  { id: 546, name: "bpf_strspn", args: [ARG_ANYTHING, ARG_ANYTHING] },
  { id: 547, name: "bpf_strcspn", args: [ARG_ANYTHING, ARG_ANYTHING] },
  { id: 548, name: "bpf_strstr", args: [ARG_ANYTHING, ARG_ANYTHING] },
  { id: 549, name: "bpf_strnstr", args: [ARG_ANYTHING, ARG_ANYTHING, ARG_ANYTHING] },
  { id: 550, name: "bpf_iter_bits_new", args: [BITS_ITERATOR, ARG_ANYTHING, ARG_ANYTHING] },
  { id: 551, name: "bpf_iter_bits_next", args: [BITS_ITERATOR] },
  { id: 552, name: "bpf_iter_bits_destroy", args: [BITS_ITERATOR] },
  { id: 553, name: "bpf_xdp_ct_lookup", args: [ARG_CTX, ARG_MEM_READ, ARG_SIZE_OR_ZERO, ARG_MEM_WRITE, ARG_SIZE_OR_ZERO] },
  { id: 554, name: "bpf_ct_release", args: [ARG_ANYTHING] },
  { id: 555, name: "bpf_xdp_get_xfrm_state", args: [ARG_CTX, ARG_MEM_WRITE, ARG_SIZE_OR_ZERO] },
  { id: 556, name: "bpf_xdp_xfrm_state_release", args: [ARG_ANYTHING] },
];

/** Number by name. */
export const KFUNC_BY_NAME: ReadonlyMap<string, HelperSpec> = new Map(KFUNCS.map((kfunc) => [kfunc.name, kfunc]));
