/**
 * Helpers that the kernel (6.18) offers to XDP programs and Beeline refuses at load, each with the reason; everything that is
 * neither here nor in {@link HELPERS} the kernel does not offer to XDP programs, and refuses at load as well.
 */

/** A helper or kernel function that is refused. */
export interface Refusal {
  readonly name: string;
  /** Completes "is not supported: ". */
  readonly reason: string;
}

const TASK = "it asks for the process that the packet happened to interrupt, and a device runs none";
const CGROUP = "it asks for the control group of a process, and a device runs none";
const KERNEL_SOCKET = "it gives a pointer into the kernel's own socket structures, whose layout is that of one kernel build";
const PER_CPU = "it needs the kernel's own per-CPU variables";
const HARDWARE = "it reads a performance counter of the host's CPU";
const STORAGE = "it needs local storage of a process or a control group, and a device has neither";

/** Refused helpers. */
export const REFUSED_HELPERS: readonly (Refusal & { readonly id: number })[] = [
  { id: 14, name: "bpf_get_current_pid_tgid", reason: TASK },
  { id: 15, name: "bpf_get_current_uid_gid", reason: TASK },
  { id: 16, name: "bpf_get_current_comm", reason: TASK },
  { id: 17, name: "bpf_get_cgroup_classid", reason: CGROUP },
  { id: 22, name: "bpf_perf_event_read", reason: HARDWARE },
  { id: 35, name: "bpf_get_current_task", reason: TASK },
  { id: 37, name: "bpf_current_task_under_cgroup", reason: CGROUP },
  { id: 55, name: "bpf_perf_event_read_value", reason: HARDWARE },
  { id: 80, name: "bpf_get_current_cgroup_id", reason: CGROUP },
  { id: 109, name: "bpf_send_signal", reason: TASK },
  { id: 112, name: "bpf_probe_read_user", reason: "it reads the memory of a process, and a device runs none" },
  { id: 114, name: "bpf_probe_read_user_str", reason: "it reads the memory of a process, and a device runs none" },
  { id: 117, name: "bpf_send_signal_thread", reason: TASK },
  { id: 120, name: "bpf_get_ns_current_pid_tgid", reason: TASK },
  { id: 123, name: "bpf_get_current_ancestor_cgroup_id", reason: CGROUP },
  { id: 136, name: "bpf_skc_to_tcp6_sock", reason: KERNEL_SOCKET },
  { id: 137, name: "bpf_skc_to_tcp_sock", reason: KERNEL_SOCKET },
  { id: 138, name: "bpf_skc_to_tcp_timewait_sock", reason: KERNEL_SOCKET },
  { id: 139, name: "bpf_skc_to_tcp_request_sock", reason: KERNEL_SOCKET },
  { id: 140, name: "bpf_skc_to_udp6_sock", reason: KERNEL_SOCKET },
  { id: 141, name: "bpf_get_task_stack", reason: TASK },
  { id: 149, name: "bpf_snprintf_btf", reason: "it prints the kernel's own structures by the kernel's own types" },
  { id: 153, name: "bpf_per_cpu_ptr", reason: PER_CPU },
  { id: 154, name: "bpf_this_cpu_ptr", reason: PER_CPU },
  { id: 156, name: "bpf_task_storage_get", reason: STORAGE },
  { id: 157, name: "bpf_task_storage_delete", reason: STORAGE },
  { id: 158, name: "bpf_get_current_task_btf", reason: TASK },
  { id: 175, name: "bpf_task_pt_regs", reason: TASK },
  { id: 176, name: "bpf_get_branch_snapshot", reason: "it reads branch records of the host's CPU" },
  { id: 178, name: "bpf_skc_to_unix_sock", reason: KERNEL_SOCKET },
  { id: 180, name: "bpf_find_vma", reason: TASK },
  { id: 194, name: "bpf_kptr_xchg", reason: "it exchanges pointers to objects of the kernel's own memory" },
  { id: 196, name: "bpf_skc_to_mptcp_sock", reason: KERNEL_SOCKET },
  { id: 210, name: "bpf_cgrp_storage_get", reason: STORAGE },
  { id: 211, name: "bpf_cgrp_storage_delete", reason: STORAGE },
];

/** Helpers of the kernel's own that it does not offer to XDP programs, which older kernels or other program types do; the reason is the same for all. */
export const NOT_FOR_XDP = "the kernel does not offer it to XDP programs";

const OBJECTS = "it hands out objects of the kernel's own memory";
const CRYPTO = "it needs the kernel's ciphers";
const ITERATES = "it walks the kernel's own lists of processes, control groups or memory";
const KERNEL_MASK = "it works on CPU masks in the kernel's own memory";

/** Refused kernel functions, by name. Those that are in no table are refused as unknown. */
export const REFUSED_KFUNCS: readonly Refusal[] = [
  ...["bpf_obj_new_impl", "bpf_percpu_obj_new_impl", "bpf_obj_drop_impl", "bpf_percpu_obj_drop_impl", "bpf_refcount_acquire_impl"].map((name) => ({ name, reason: OBJECTS })),
  ...["bpf_list_push_front_impl", "bpf_list_push_back_impl", "bpf_list_pop_front", "bpf_list_pop_back", "bpf_list_front", "bpf_list_back"].map((name) => ({ name, reason: `${OBJECTS}, in lists` })),
  ...["bpf_rbtree_remove", "bpf_rbtree_add_impl", "bpf_rbtree_first", "bpf_rbtree_root", "bpf_rbtree_left", "bpf_rbtree_right"].map((name) => ({ name, reason: `${OBJECTS}, in trees` })),
  ...["bpf_task_acquire", "bpf_task_release", "bpf_task_from_pid", "bpf_task_from_vpid", "bpf_task_under_cgroup", "bpf_task_get_cgroup1", "bpf_send_signal_task"].map((name) => ({ name, reason: TASK })),
  ...["bpf_cgroup_acquire", "bpf_cgroup_release", "bpf_cgroup_ancestor", "bpf_cgroup_from_id"].map((name) => ({ name, reason: CGROUP })),
  ...["bpf_iter_task_vma_new", "bpf_iter_task_vma_next", "bpf_iter_task_vma_destroy", "bpf_iter_css_task_new", "bpf_iter_css_task_next", "bpf_iter_css_task_destroy", "bpf_iter_css_new", "bpf_iter_css_next", "bpf_iter_css_destroy", "bpf_iter_task_new", "bpf_iter_task_next", "bpf_iter_task_destroy", "bpf_iter_kmem_cache_new", "bpf_iter_kmem_cache_next", "bpf_iter_kmem_cache_destroy", "bpf_get_kmem_cache"].map((name) => ({ name, reason: ITERATES })),
  ...["create", "release", "acquire", "first", "first_zero", "first_and", "set_cpu", "clear_cpu", "test_cpu", "test_and_set_cpu", "test_and_clear_cpu", "setall", "clear", "and", "or", "xor", "equal", "intersects", "subset", "empty", "full", "copy", "any_distribute", "any_and_distribute", "weight", "populate"].map((name) => ({ name: `bpf_cpumask_${name}`, reason: KERNEL_MASK })),
  ...["bpf_crypto_encrypt", "bpf_crypto_decrypt", "bpf_crypto_ctx_create", "bpf_crypto_ctx_acquire", "bpf_crypto_ctx_release"].map((name) => ({ name, reason: CRYPTO })),
  ...["bpf_cast_to_kern_ctx", "bpf_rdonly_cast"].map((name) => ({ name, reason: "it gives a pointer into the kernel's own structures (struct xdp_buff), whose layout is that of one kernel build" })),
  ...["bpf_wq_init", "bpf_wq_set_callback_impl", "bpf_wq_start"].map((name) => ({ name, reason: "it queues work for a process of the kernel" })),
  ...["bpf_copy_from_user_str", "bpf_copy_from_user_dynptr", "bpf_copy_from_user_str_dynptr", "bpf_probe_read_user_dynptr", "bpf_probe_read_user_str_dynptr"].map((name) => ({ name, reason: "it reads the memory of a process, and a device runs none" })),
  ...["bpf_xdp_ct_alloc", "bpf_ct_insert_entry", "bpf_ct_set_timeout", "bpf_ct_change_timeout", "bpf_ct_set_status", "bpf_ct_change_status", "bpf_ct_set_nat_info"].map((name) => ({ name, reason: "it makes or changes connections, and those of a scenario stay as they are" })),
  { name: "bpf_xdp_flow_lookup", reason: "it gives a pointer to an entry of the kernel's flow tables" },
  { name: "bpf_xdp_pull_data", reason: "it makes fragments of odd sizes, and those of Beeline's packets are pages" },
  { name: "bpf_throw", reason: "it unwinds the program's stack, which Beeline does not do" },
  { name: "bpf_map_sum_elem_count", reason: "it takes a pointer to the kernel's own struct bpf_map" },
  { name: "bpf_arena_alloc_pages", reason: "there are no arenas on a device" },
  { name: "bpf_arena_free_pages", reason: "there are no arenas on a device" },
  { name: "bpf_stream_vprintk", reason: "it prints to a stream of the kernel that belongs to the loaded program" },
  { name: "bpf_stream_vprintk_impl", reason: "it prints to a stream of the kernel that belongs to the loaded program" },
  { name: "crash_kexec", reason: "it ends the kernel" },
];

const helpers: ReadonlyMap<number, Refusal> = new Map(REFUSED_HELPERS.map((refusal) => [refusal.id, refusal]));
const kfuncs: ReadonlyMap<string, Refusal> = new Map(REFUSED_KFUNCS.map((refusal) => [refusal.name, refusal]));

/** Why helper `id` is refused; for those that are supported, undefined would be right, and nobody asks. */
export function whyNoHelper(id: number): string {
  return helpers.get(id)?.reason ?? NOT_FOR_XDP;
}

/** Why a kernel function is refused, where that is known. */
export function whyNoKfunc(name: string): string | undefined {
  return kfuncs.get(name)?.reason;
}
