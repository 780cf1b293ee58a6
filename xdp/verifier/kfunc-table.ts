/**
 * Kernel functions that XDP programs may call (6.18), as data: what each argument must be, what comes back, what must be
 * given back. Facts: the declarations in kernel/bpf/helpers.c, net/core/xdp.c and net/netfilter, their BTF sets and flags.
 */

export type KfuncArg =
  /** A number. */
  | "scalar"
  /** A number that is known when the program is loaded. */
  | "const"
  | "ctx"
  /** Memory of a fixed size, or with its size in the next argument. */
  | { readonly mem: number | "sized"; readonly nullable?: boolean; readonly readOnly?: boolean }
  /** Size of the memory before it; `const`: known when loaded. */
  | "size" | "const_size"
  /** Dynptr, initialised or to be filled. */
  | "dynptr" | "dynptr_out"
  /** Iterator on the stack, by name. */
  | { readonly iter: string }
  /** A kernel structure. */
  | { readonly struct: string; readonly trusted?: boolean; readonly release?: boolean; readonly nullable?: boolean }
  /** Structure of the program's own that bpf_obj_new made. */
  | "allocated" | "refcounted"
  /** A lock in a map's value. */
  | "res_spin_lock"
  /** A number, that of a type of the kernel. */
  | "type_id"
  | "map" | "irq_flag" | "func" | "ignored" | "string" | "any_pointer";

export interface KfuncSpec {
  readonly name: string;
  readonly args: readonly KfuncArg[];
  /** Comes back: nothing, a number, or a pointer. */
  readonly returns: "void" | "scalar" | { readonly struct: string; readonly nullable?: boolean; readonly acquire?: boolean; readonly rcu?: boolean; readonly trusted?: boolean } | { readonly mem: number; readonly nullable?: boolean } | "slice" | "slice_rdwr" | "cast" | "allocated" | "special";
  readonly callback?: "sync" | "async";
  readonly iter?: "new" | "next" | "destroy";
  /** Kernel types that an iterator takes on the stack, slots of 8 bytes. */
  readonly slots?: number;
  readonly mightSleep?: boolean;
  readonly rcuProtected?: boolean;
}

const CT_OPTS: KfuncArg = { mem: "sized" };

export const KFUNCS: readonly KfuncSpec[] = [
  { name: "bpf_iter_num_new", args: [{ iter: "num" }, "scalar", "scalar"], returns: "scalar", iter: "new", slots: 1 },
  { name: "bpf_iter_num_next", args: [{ iter: "num" }], returns: { mem: 4, nullable: true }, iter: "next", slots: 1 },
  { name: "bpf_iter_num_destroy", args: [{ iter: "num" }], returns: "void", iter: "destroy", slots: 1 },
  { name: "bpf_iter_bits_new", args: [{ iter: "bits" }, "any_pointer", "scalar"], returns: "scalar", iter: "new", slots: 2 },
  { name: "bpf_iter_bits_next", args: [{ iter: "bits" }], returns: { mem: 4, nullable: true }, iter: "next", slots: 2 },
  { name: "bpf_iter_bits_destroy", args: [{ iter: "bits" }], returns: "void", iter: "destroy", slots: 2 },
  { name: "bpf_dynptr_from_xdp", args: ["ctx", "scalar", "dynptr_out"], returns: "scalar" },
  { name: "bpf_dynptr_slice", args: ["dynptr", "scalar", { mem: "sized", nullable: true }, "const_size"], returns: "slice" },
  { name: "bpf_dynptr_slice_rdwr", args: ["dynptr", "scalar", { mem: "sized", nullable: true }, "const_size"], returns: "slice_rdwr" },
  { name: "bpf_dynptr_adjust", args: ["dynptr", "scalar", "scalar"], returns: "scalar" },
  { name: "bpf_dynptr_is_null", args: ["dynptr"], returns: "scalar" },
  { name: "bpf_dynptr_is_rdonly", args: ["dynptr"], returns: "scalar" },
  { name: "bpf_dynptr_size", args: ["dynptr"], returns: "scalar" },
  { name: "bpf_dynptr_clone", args: ["dynptr", "dynptr_out"], returns: "scalar" },
  { name: "bpf_dynptr_copy", args: ["dynptr", "scalar", "dynptr", "scalar", "scalar"], returns: "scalar" },
  { name: "bpf_dynptr_memset", args: ["dynptr", "scalar", "scalar", "scalar"], returns: "scalar" },
  { name: "bpf_xdp_metadata_rx_timestamp", args: ["ctx", { mem: 8 }], returns: "scalar" },
  { name: "bpf_xdp_metadata_rx_hash", args: ["ctx", { mem: 4 }, { mem: 4 }], returns: "scalar" },
  { name: "bpf_xdp_metadata_rx_vlan_tag", args: ["ctx", { mem: 2 }, { mem: 2 }], returns: "scalar" },
  { name: "bpf_xdp_ct_lookup", args: ["ctx", { mem: "sized" }, "size", CT_OPTS, "size"], returns: { struct: "nf_conn", nullable: true, acquire: true } },
  { name: "bpf_xdp_ct_alloc", args: ["ctx", { mem: "sized" }, "size", CT_OPTS, "size"], returns: { struct: "nf_conn___init", nullable: true, acquire: true } },
  { name: "bpf_ct_insert_entry", args: [{ struct: "nf_conn___init", release: true }], returns: { struct: "nf_conn", nullable: true, acquire: true } },
  { name: "bpf_ct_release", args: [{ struct: "nf_conn", release: true }], returns: "void" },
  { name: "bpf_ct_set_nat_info", args: [{ struct: "nf_conn___init", trusted: true }, { mem: 16 }, "scalar", "scalar"], returns: "scalar" },
  { name: "bpf_ct_set_timeout", args: [{ struct: "nf_conn___init", trusted: true }, "scalar"], returns: "void" },
  { name: "bpf_ct_change_timeout", args: [{ struct: "nf_conn", trusted: true }, "scalar"], returns: "scalar" },
  { name: "bpf_ct_set_status", args: [{ struct: "nf_conn___init", trusted: true }, "scalar"], returns: "scalar" },
  { name: "bpf_ct_change_status", args: [{ struct: "nf_conn", trusted: true }, "scalar"], returns: "scalar" },
  { name: "bpf_xdp_flow_lookup", args: ["ctx", { mem: 64 }, CT_OPTS, "size"], returns: { struct: "flow_offload_tuple_rhash", nullable: true, trusted: true } },
  { name: "bpf_xdp_get_xfrm_state", args: ["ctx", { mem: "sized" }, "size"], returns: { struct: "xfrm_state", nullable: true, acquire: true } },
  { name: "bpf_xdp_xfrm_state_release", args: [{ struct: "xfrm_state", release: true }], returns: "void" },
  { name: "bpf_rcu_read_lock", args: [], returns: "void" },
  { name: "bpf_rcu_read_unlock", args: [], returns: "void" },
  { name: "bpf_preempt_disable", args: [], returns: "void" },
  { name: "bpf_preempt_enable", args: [], returns: "void" },
  { name: "bpf_local_irq_save", args: ["irq_flag"], returns: "void" },
  { name: "bpf_local_irq_restore", args: ["irq_flag"], returns: "void" },
  { name: "bpf_get_kmem_cache", args: ["scalar"], returns: { struct: "kmem_cache", nullable: true, rcu: true } },
  { name: "bpf_map_sum_elem_count", args: ["map"], returns: "scalar" },
  { name: "bpf_cast_to_kern_ctx", args: ["ctx"], returns: { struct: "xdp_buff", trusted: true } },
  { name: "bpf_res_spin_lock", args: ["res_spin_lock"], returns: "scalar" },
  { name: "bpf_res_spin_unlock", args: ["res_spin_lock"], returns: "void" },
  { name: "bpf_res_spin_lock_irqsave", args: ["res_spin_lock", "irq_flag"], returns: "scalar" },
  { name: "bpf_res_spin_unlock_irqrestore", args: ["res_spin_lock", "irq_flag"], returns: "void" },
  ...["bpf_strcmp", "bpf_strcasecmp", "bpf_strspn", "bpf_strcspn", "bpf_strstr"].map((name): KfuncSpec => ({ name, args: ["ignored", "ignored"], returns: "scalar" })),
  ...["bpf_strchr", "bpf_strchrnul", "bpf_strrchr", "bpf_strnlen"].map((name): KfuncSpec => ({ name, args: ["ignored", "scalar"], returns: "scalar" })),
  { name: "bpf_strlen", args: ["ignored"], returns: "scalar" },
  { name: "bpf_strnchr", args: ["ignored", "scalar", "scalar"], returns: "scalar" },
  { name: "bpf_strnstr", args: ["ignored", "ignored", "scalar"], returns: "scalar" },
  { name: "bpf_lookup_user_key", args: ["scalar", "scalar"], returns: { struct: "bpf_key", nullable: true, acquire: true }, mightSleep: true },
  { name: "bpf_lookup_system_key", args: ["scalar"], returns: { struct: "bpf_key", nullable: true, acquire: true } },
  { name: "bpf_key_put", args: [{ struct: "bpf_key", release: true }], returns: "void" },
  { name: "bpf_verify_pkcs7_signature", args: ["dynptr", "dynptr", { struct: "bpf_key", trusted: true }], returns: "scalar", mightSleep: true },
  { name: "bpf_rdonly_cast", args: ["ignored", "type_id"], returns: "cast" },
  { name: "bpf_throw", args: ["scalar"], returns: "void" },
  { name: "bpf_task_acquire", args: [{ struct: "task_struct", trusted: true }], returns: { struct: "task_struct", nullable: true, acquire: true } },
  { name: "bpf_task_release", args: [{ struct: "task_struct", release: true }], returns: "void" },
  { name: "bpf_task_from_pid", args: ["scalar"], returns: { struct: "task_struct", nullable: true, acquire: true } },
  { name: "bpf_cgroup_acquire", args: [{ struct: "cgroup", trusted: true }], returns: { struct: "cgroup", nullable: true, acquire: true } },
  { name: "bpf_cgroup_release", args: [{ struct: "cgroup", release: true }], returns: "void" },
  { name: "bpf_cgroup_from_id", args: ["scalar"], returns: { struct: "cgroup", nullable: true, acquire: true } },
  { name: "bpf_cgroup_ancestor", args: [{ struct: "cgroup", trusted: true }, "scalar"], returns: { struct: "cgroup", nullable: true, acquire: true } },
  { name: "bpf_task_get_cgroup1", args: [{ struct: "task_struct", trusted: true }, "scalar"], returns: { struct: "cgroup", nullable: true, acquire: true } },
  { name: "bpf_task_under_cgroup", args: [{ struct: "task_struct", trusted: true }, { struct: "cgroup", trusted: true }], returns: "scalar" },
  { name: "bpf_arena_alloc_pages", args: ["map", "any_pointer", "scalar", "scalar", "scalar"], returns: "special", mightSleep: true },
  { name: "bpf_arena_free_pages", args: ["map", "any_pointer", "scalar"], returns: "void", mightSleep: true },
  { name: "bpf_copy_from_user_str", args: [{ mem: "sized" }, "size", "any_pointer", "scalar"], returns: "scalar", mightSleep: true },
];

/** Kernel functions that exist, but not for XDP programs. */
export const KFUNCS_ELSEWHERE: ReadonlySet<string> = new Set([
  ...["acquire", "and", "any_and_distribute", "any_distribute", "clear", "clear_cpu", "copy", "create", "empty", "equal", "first", "first_and", "first_zero", "full", "intersects", "or", "populate", "release", "set_cpu", "setall", "subset", "test_and_clear_cpu", "test_and_set_cpu", "test_cpu", "weight", "xor"].map((name) => `bpf_cpumask_${name}`),
  "bpf_crypto_ctx_acquire", "bpf_crypto_ctx_create", "bpf_crypto_ctx_release", "bpf_dynptr_from_skb", "bpf_dynptr_from_skb_meta", "bpf_sk_assign_tcp_reqsk", "bpf_sock_addr_set_sun_path", "bpf_sock_destroy",
  "bpf_get_task_exe_file", "bpf_put_file", "bpf_path_d_path", "bpf_get_dentry_xattr", "bpf_get_file_xattr", "bpf_get_fsverity_digest",
]);

/** Kernel functions that may be called while a lock is held. */
export const KFUNCS_UNDER_LOCK: ReadonlySet<string> = new Set([
  "bpf_iter_num_new", "bpf_iter_num_next", "bpf_iter_num_destroy", "bpf_res_spin_lock", "bpf_res_spin_unlock", "bpf_res_spin_lock_irqsave", "bpf_res_spin_unlock_irqrestore", "bpf_arena_alloc_pages", "bpf_arena_free_pages",
]);

export const KFUNC_BY_NAME: ReadonlyMap<string, KfuncSpec> = new Map(KFUNCS.map((kfunc) => [kfunc.name, kfunc]));
