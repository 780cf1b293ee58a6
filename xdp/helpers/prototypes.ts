/**
 * Prototypes of the helpers that the kernel gives to XDP programs (6.18): what a verifier must know of each, in the kernel's
 * own names. Data only; which helpers run here, and what the engines check, is in {@link HELPERS}. A test holds the two
 * tables together. Facts: net/core/filter.c (xdp_func_proto), kernel/bpf/helpers.c (bpf_base_func_proto), and what a 6.18
 * kernel answers to a call of each helper.
 */

/** Prototype of one helper. */
export interface HelperPrototype {
  readonly id: number;
  readonly name: string;
  /** `RET_…` and flags, joined with ` | `. */
  readonly ret: string;
  /** `ARG_…` and flags of r1 to rN. */
  readonly args: readonly string[];
  /** Only for programs under a licence that the GPL takes. */
  readonly gplOnly?: boolean;
  /** Packet pointers may be given as memory. */
  readonly packetAccess?: boolean;
  /** Bytes behind an argument of fixed size, by number of the argument from 1. */
  readonly sizes?: Readonly<Record<number, number>>;
  readonly mightSleep?: boolean;
  /** Spills of caller-saved registers around the call are dropped (bpf_fastcall). */
  readonly fastcall?: boolean;
  /** Kernel structure that the returned pointer points to. */
  readonly returns?: string;
}

export const HELPER_PROTOTYPES: readonly HelperPrototype[] = [
  { id: 1, name: "bpf_map_lookup_elem", ret: "RET_PTR_TO_MAP_VALUE | PTR_MAYBE_NULL", args: ["ARG_CONST_MAP_PTR", "ARG_PTR_TO_MAP_KEY"], packetAccess: true },
  { id: 2, name: "bpf_map_update_elem", ret: "RET_INTEGER", args: ["ARG_CONST_MAP_PTR", "ARG_PTR_TO_MAP_KEY", "ARG_PTR_TO_MAP_VALUE", "ARG_ANYTHING"], packetAccess: true },
  { id: 3, name: "bpf_map_delete_elem", ret: "RET_INTEGER", args: ["ARG_CONST_MAP_PTR", "ARG_PTR_TO_MAP_KEY"], packetAccess: true },
  { id: 5, name: "bpf_ktime_get_ns", ret: "RET_INTEGER", args: [] },
  { id: 6, name: "bpf_trace_printk", ret: "RET_INTEGER", args: ["ARG_PTR_TO_MEM | MEM_RDONLY", "ARG_CONST_SIZE"], gplOnly: true },
  { id: 7, name: "bpf_get_prandom_u32", ret: "RET_INTEGER", args: [] },
  { id: 8, name: "bpf_get_smp_processor_id", ret: "RET_INTEGER", args: [], fastcall: true },
  { id: 12, name: "bpf_tail_call", ret: "RET_VOID", args: ["ARG_PTR_TO_CTX", "ARG_CONST_MAP_PTR", "ARG_ANYTHING"] },
  { id: 14, name: "bpf_get_current_pid_tgid", ret: "RET_INTEGER", args: [] },
  { id: 15, name: "bpf_get_current_uid_gid", ret: "RET_INTEGER", args: [] },
  { id: 16, name: "bpf_get_current_comm", ret: "RET_INTEGER", args: ["ARG_PTR_TO_MEM | MEM_UNINIT | MEM_WRITE", "ARG_CONST_SIZE"] },
  { id: 17, name: "bpf_get_cgroup_classid", ret: "RET_INTEGER", args: [] },
  { id: 22, name: "bpf_perf_event_read", ret: "RET_INTEGER", args: ["ARG_CONST_MAP_PTR", "ARG_ANYTHING"], gplOnly: true },
  { id: 23, name: "bpf_redirect", ret: "RET_INTEGER", args: ["ARG_ANYTHING", "ARG_ANYTHING"] },
  { id: 25, name: "bpf_perf_event_output", ret: "RET_INTEGER", args: ["ARG_PTR_TO_CTX", "ARG_CONST_MAP_PTR", "ARG_ANYTHING", "ARG_PTR_TO_MEM | MEM_RDONLY", "ARG_CONST_SIZE_OR_ZERO"], gplOnly: true },
  { id: 28, name: "bpf_csum_diff", ret: "RET_INTEGER", args: ["ARG_PTR_TO_MEM | PTR_MAYBE_NULL | MEM_RDONLY", "ARG_CONST_SIZE_OR_ZERO", "ARG_PTR_TO_MEM | PTR_MAYBE_NULL | MEM_RDONLY", "ARG_CONST_SIZE_OR_ZERO", "ARG_ANYTHING"], packetAccess: true },
  { id: 35, name: "bpf_get_current_task", ret: "RET_INTEGER", args: [], gplOnly: true },
  { id: 37, name: "bpf_current_task_under_cgroup", ret: "RET_INTEGER", args: ["ARG_CONST_MAP_PTR", "ARG_ANYTHING"] },
  { id: 42, name: "bpf_get_numa_node_id", ret: "RET_INTEGER", args: [] },
  { id: 44, name: "bpf_xdp_adjust_head", ret: "RET_INTEGER", args: ["ARG_PTR_TO_CTX", "ARG_ANYTHING"] },
  { id: 51, name: "bpf_redirect_map", ret: "RET_INTEGER", args: ["ARG_CONST_MAP_PTR", "ARG_ANYTHING", "ARG_ANYTHING"] },
  { id: 54, name: "bpf_xdp_adjust_meta", ret: "RET_INTEGER", args: ["ARG_PTR_TO_CTX", "ARG_ANYTHING"] },
  { id: 55, name: "bpf_perf_event_read_value", ret: "RET_INTEGER", args: ["ARG_CONST_MAP_PTR", "ARG_ANYTHING", "ARG_PTR_TO_MEM | MEM_UNINIT | MEM_WRITE", "ARG_CONST_SIZE"], gplOnly: true },
  { id: 65, name: "bpf_xdp_adjust_tail", ret: "RET_INTEGER", args: ["ARG_PTR_TO_CTX", "ARG_ANYTHING"] },
  { id: 69, name: "bpf_fib_lookup", ret: "RET_INTEGER", args: ["ARG_PTR_TO_CTX", "ARG_PTR_TO_MEM", "ARG_CONST_SIZE", "ARG_ANYTHING"], gplOnly: true },
  { id: 80, name: "bpf_get_current_cgroup_id", ret: "RET_INTEGER", args: [] },
  { id: 84, name: "bpf_sk_lookup_tcp", ret: "RET_PTR_TO_SOCKET | PTR_MAYBE_NULL", args: ["ARG_PTR_TO_CTX", "ARG_PTR_TO_MEM | MEM_RDONLY", "ARG_CONST_SIZE_OR_ZERO", "ARG_ANYTHING", "ARG_ANYTHING"], packetAccess: true },
  { id: 85, name: "bpf_sk_lookup_udp", ret: "RET_PTR_TO_SOCKET | PTR_MAYBE_NULL", args: ["ARG_PTR_TO_CTX", "ARG_PTR_TO_MEM | MEM_RDONLY", "ARG_CONST_SIZE_OR_ZERO", "ARG_ANYTHING", "ARG_ANYTHING"], packetAccess: true },
  { id: 86, name: "bpf_sk_release", ret: "RET_INTEGER", args: ["ARG_PTR_TO_BTF_ID_SOCK_COMMON | OBJ_RELEASE"] },
  { id: 87, name: "bpf_map_push_elem", ret: "RET_INTEGER", args: ["ARG_CONST_MAP_PTR", "ARG_PTR_TO_MAP_VALUE", "ARG_ANYTHING"], packetAccess: true },
  { id: 88, name: "bpf_map_pop_elem", ret: "RET_INTEGER", args: ["ARG_CONST_MAP_PTR", "ARG_PTR_TO_MAP_VALUE | MEM_UNINIT | MEM_WRITE"] },
  { id: 89, name: "bpf_map_peek_elem", ret: "RET_INTEGER", args: ["ARG_CONST_MAP_PTR", "ARG_PTR_TO_MAP_VALUE | MEM_UNINIT | MEM_WRITE"] },
  { id: 93, name: "bpf_spin_lock", ret: "RET_VOID", args: ["ARG_PTR_TO_SPIN_LOCK"] },
  { id: 94, name: "bpf_spin_unlock", ret: "RET_VOID", args: ["ARG_PTR_TO_SPIN_LOCK"] },
  { id: 99, name: "bpf_skc_lookup_tcp", ret: "RET_PTR_TO_SOCK_COMMON | PTR_MAYBE_NULL", args: ["ARG_PTR_TO_CTX", "ARG_PTR_TO_MEM | MEM_RDONLY", "ARG_CONST_SIZE_OR_ZERO", "ARG_ANYTHING", "ARG_ANYTHING"], packetAccess: true },
  { id: 100, name: "bpf_tcp_check_syncookie", ret: "RET_INTEGER", args: ["ARG_PTR_TO_BTF_ID_SOCK_COMMON", "ARG_PTR_TO_MEM | MEM_RDONLY", "ARG_CONST_SIZE", "ARG_PTR_TO_MEM | MEM_RDONLY", "ARG_CONST_SIZE"], gplOnly: true, packetAccess: true },
  { id: 105, name: "bpf_strtol", ret: "RET_INTEGER", args: ["ARG_PTR_TO_MEM | MEM_RDONLY", "ARG_CONST_SIZE", "ARG_ANYTHING", "ARG_PTR_TO_MEM | MEM_FIXED_SIZE | MEM_UNINIT | MEM_WRITE | MEM_ALIGNED"], sizes: { 4: 8 } },
  { id: 106, name: "bpf_strtoul", ret: "RET_INTEGER", args: ["ARG_PTR_TO_MEM | MEM_RDONLY", "ARG_CONST_SIZE", "ARG_ANYTHING", "ARG_PTR_TO_MEM | MEM_FIXED_SIZE | MEM_UNINIT | MEM_WRITE | MEM_ALIGNED"], sizes: { 4: 8 } },
  { id: 109, name: "bpf_send_signal", ret: "RET_INTEGER", args: ["ARG_ANYTHING"] },
  { id: 110, name: "bpf_tcp_gen_syncookie", ret: "RET_INTEGER", args: ["ARG_PTR_TO_BTF_ID_SOCK_COMMON", "ARG_PTR_TO_MEM | MEM_RDONLY", "ARG_CONST_SIZE", "ARG_PTR_TO_MEM | MEM_RDONLY", "ARG_CONST_SIZE"], gplOnly: true, packetAccess: true },
  { id: 112, name: "bpf_probe_read_user", ret: "RET_INTEGER", args: ["ARG_PTR_TO_MEM | MEM_UNINIT | MEM_WRITE", "ARG_CONST_SIZE_OR_ZERO", "ARG_ANYTHING"], gplOnly: true },
  { id: 113, name: "bpf_probe_read_kernel", ret: "RET_INTEGER", args: ["ARG_PTR_TO_MEM | MEM_UNINIT | MEM_WRITE", "ARG_CONST_SIZE_OR_ZERO", "ARG_ANYTHING"], gplOnly: true },
  { id: 114, name: "bpf_probe_read_user_str", ret: "RET_INTEGER", args: ["ARG_PTR_TO_MEM | MEM_UNINIT | MEM_WRITE", "ARG_CONST_SIZE_OR_ZERO", "ARG_ANYTHING"], gplOnly: true },
  { id: 115, name: "bpf_probe_read_kernel_str", ret: "RET_INTEGER", args: ["ARG_PTR_TO_MEM | MEM_UNINIT | MEM_WRITE", "ARG_CONST_SIZE_OR_ZERO", "ARG_ANYTHING"], gplOnly: true },
  { id: 117, name: "bpf_send_signal_thread", ret: "RET_INTEGER", args: ["ARG_ANYTHING"] },
  { id: 118, name: "bpf_jiffies64", ret: "RET_INTEGER", args: [] },
  { id: 120, name: "bpf_get_ns_current_pid_tgid", ret: "RET_INTEGER", args: ["ARG_ANYTHING", "ARG_ANYTHING", "ARG_PTR_TO_MEM | MEM_UNINIT | MEM_WRITE", "ARG_CONST_SIZE"] },
  { id: 123, name: "bpf_get_current_ancestor_cgroup_id", ret: "RET_INTEGER", args: ["ARG_ANYTHING"] },
  { id: 125, name: "bpf_ktime_get_boot_ns", ret: "RET_INTEGER", args: [] },
  { id: 130, name: "bpf_ringbuf_output", ret: "RET_INTEGER", args: ["ARG_CONST_MAP_PTR", "ARG_PTR_TO_MEM | MEM_RDONLY", "ARG_CONST_SIZE_OR_ZERO", "ARG_ANYTHING"] },
  { id: 131, name: "bpf_ringbuf_reserve", ret: "RET_PTR_TO_MEM | PTR_MAYBE_NULL | MEM_RINGBUF", args: ["ARG_CONST_MAP_PTR", "ARG_CONST_ALLOC_SIZE_OR_ZERO", "ARG_ANYTHING"] },
  { id: 132, name: "bpf_ringbuf_submit", ret: "RET_VOID", args: ["ARG_PTR_TO_RINGBUF_MEM | OBJ_RELEASE", "ARG_ANYTHING"] },
  { id: 133, name: "bpf_ringbuf_discard", ret: "RET_VOID", args: ["ARG_PTR_TO_RINGBUF_MEM | OBJ_RELEASE", "ARG_ANYTHING"] },
  { id: 134, name: "bpf_ringbuf_query", ret: "RET_INTEGER", args: ["ARG_CONST_MAP_PTR", "ARG_ANYTHING"] },
  { id: 136, name: "bpf_skc_to_tcp6_sock", ret: "RET_PTR_TO_BTF_ID | PTR_MAYBE_NULL", args: ["ARG_PTR_TO_BTF_ID_SOCK_COMMON"], returns: "tcp6_sock" },
  { id: 137, name: "bpf_skc_to_tcp_sock", ret: "RET_PTR_TO_BTF_ID | PTR_MAYBE_NULL", args: ["ARG_PTR_TO_BTF_ID_SOCK_COMMON"], returns: "tcp_sock" },
  { id: 138, name: "bpf_skc_to_tcp_timewait_sock", ret: "RET_PTR_TO_BTF_ID | PTR_MAYBE_NULL", args: ["ARG_PTR_TO_BTF_ID_SOCK_COMMON"], returns: "tcp_timewait_sock" },
  { id: 139, name: "bpf_skc_to_tcp_request_sock", ret: "RET_PTR_TO_BTF_ID | PTR_MAYBE_NULL", args: ["ARG_PTR_TO_BTF_ID_SOCK_COMMON"], returns: "tcp_request_sock" },
  { id: 140, name: "bpf_skc_to_udp6_sock", ret: "RET_PTR_TO_BTF_ID | PTR_MAYBE_NULL", args: ["ARG_PTR_TO_BTF_ID_SOCK_COMMON"], returns: "udp6_sock" },
  { id: 141, name: "bpf_get_task_stack", ret: "RET_INTEGER", args: ["ARG_PTR_TO_BTF_ID", "ARG_PTR_TO_MEM | MEM_UNINIT | MEM_WRITE", "ARG_CONST_SIZE_OR_ZERO", "ARG_ANYTHING"] },
  { id: 148, name: "bpf_copy_from_user", ret: "RET_INTEGER", args: ["ARG_PTR_TO_MEM | MEM_UNINIT | MEM_WRITE", "ARG_CONST_SIZE_OR_ZERO", "ARG_ANYTHING"], mightSleep: true },
  { id: 149, name: "bpf_snprintf_btf", ret: "RET_INTEGER", args: ["ARG_PTR_TO_MEM", "ARG_CONST_SIZE", "ARG_PTR_TO_MEM | MEM_RDONLY", "ARG_CONST_SIZE", "ARG_ANYTHING"], gplOnly: true },
  { id: 153, name: "bpf_per_cpu_ptr", ret: "RET_PTR_TO_MEM_OR_BTF_ID | PTR_MAYBE_NULL | MEM_RDONLY", args: ["ARG_PTR_TO_PERCPU_BTF_ID", "ARG_ANYTHING"] },
  { id: 154, name: "bpf_this_cpu_ptr", ret: "RET_PTR_TO_MEM_OR_BTF_ID | MEM_RDONLY", args: ["ARG_PTR_TO_PERCPU_BTF_ID"] },
  { id: 156, name: "bpf_task_storage_get", ret: "RET_PTR_TO_MAP_VALUE | PTR_MAYBE_NULL", args: ["ARG_CONST_MAP_PTR", "ARG_PTR_TO_BTF_ID | PTR_MAYBE_NULL", "ARG_PTR_TO_MAP_VALUE | PTR_MAYBE_NULL", "ARG_ANYTHING"] },
  { id: 157, name: "bpf_task_storage_delete", ret: "RET_INTEGER", args: ["ARG_CONST_MAP_PTR", "ARG_PTR_TO_BTF_ID | PTR_MAYBE_NULL"] },
  { id: 158, name: "bpf_get_current_task_btf", ret: "RET_PTR_TO_BTF_ID | PTR_TRUSTED", args: [], gplOnly: true, returns: "task_struct" },
  { id: 160, name: "bpf_ktime_get_coarse_ns", ret: "RET_INTEGER", args: [] },
  { id: 163, name: "bpf_check_mtu", ret: "RET_INTEGER", args: ["ARG_PTR_TO_CTX", "ARG_ANYTHING", "ARG_PTR_TO_MEM | MEM_FIXED_SIZE | MEM_WRITE | MEM_ALIGNED", "ARG_ANYTHING", "ARG_ANYTHING"], gplOnly: true, sizes: { 3: 4 } },
  { id: 164, name: "bpf_for_each_map_elem", ret: "RET_INTEGER", args: ["ARG_CONST_MAP_PTR", "ARG_PTR_TO_FUNC", "ARG_PTR_TO_STACK | PTR_MAYBE_NULL", "ARG_ANYTHING"] },
  { id: 165, name: "bpf_snprintf", ret: "RET_INTEGER", args: ["ARG_PTR_TO_MEM | PTR_MAYBE_NULL", "ARG_CONST_SIZE_OR_ZERO", "ARG_PTR_TO_CONST_STR", "ARG_PTR_TO_MEM | PTR_MAYBE_NULL | MEM_RDONLY", "ARG_CONST_SIZE_OR_ZERO"], gplOnly: true },
  { id: 169, name: "bpf_timer_init", ret: "RET_INTEGER", args: ["ARG_PTR_TO_TIMER", "ARG_CONST_MAP_PTR", "ARG_ANYTHING"], gplOnly: true },
  { id: 170, name: "bpf_timer_set_callback", ret: "RET_INTEGER", args: ["ARG_PTR_TO_TIMER", "ARG_PTR_TO_FUNC"], gplOnly: true },
  { id: 171, name: "bpf_timer_start", ret: "RET_INTEGER", args: ["ARG_PTR_TO_TIMER", "ARG_ANYTHING", "ARG_ANYTHING"], gplOnly: true },
  { id: 172, name: "bpf_timer_cancel", ret: "RET_INTEGER", args: ["ARG_PTR_TO_TIMER"], gplOnly: true },
  { id: 175, name: "bpf_task_pt_regs", ret: "RET_PTR_TO_BTF_ID | PTR_TRUSTED", args: ["ARG_PTR_TO_BTF_ID"], gplOnly: true, returns: "pt_regs" },
  { id: 176, name: "bpf_get_branch_snapshot", ret: "RET_INTEGER", args: ["ARG_PTR_TO_MEM | MEM_UNINIT | MEM_WRITE", "ARG_CONST_SIZE_OR_ZERO"], gplOnly: true },
  { id: 177, name: "bpf_trace_vprintk", ret: "RET_INTEGER", args: ["ARG_PTR_TO_MEM | MEM_RDONLY", "ARG_CONST_SIZE", "ARG_PTR_TO_MEM | PTR_MAYBE_NULL | MEM_RDONLY", "ARG_CONST_SIZE_OR_ZERO"], gplOnly: true },
  { id: 178, name: "bpf_skc_to_unix_sock", ret: "RET_PTR_TO_BTF_ID | PTR_MAYBE_NULL", args: ["ARG_PTR_TO_BTF_ID_SOCK_COMMON"], returns: "unix_sock" },
  { id: 180, name: "bpf_find_vma", ret: "RET_INTEGER", args: ["ARG_PTR_TO_BTF_ID", "ARG_ANYTHING", "ARG_PTR_TO_FUNC", "ARG_PTR_TO_STACK | PTR_MAYBE_NULL", "ARG_ANYTHING"] },
  { id: 181, name: "bpf_loop", ret: "RET_INTEGER", args: ["ARG_ANYTHING", "ARG_PTR_TO_FUNC", "ARG_PTR_TO_STACK | PTR_MAYBE_NULL", "ARG_ANYTHING"] },
  { id: 182, name: "bpf_strncmp", ret: "RET_INTEGER", args: ["ARG_PTR_TO_MEM | MEM_RDONLY", "ARG_CONST_SIZE", "ARG_PTR_TO_CONST_STR"] },
  { id: 188, name: "bpf_xdp_get_buff_len", ret: "RET_INTEGER", args: ["ARG_PTR_TO_CTX"] },
  { id: 189, name: "bpf_xdp_load_bytes", ret: "RET_INTEGER", args: ["ARG_PTR_TO_CTX", "ARG_ANYTHING", "ARG_PTR_TO_MEM | MEM_UNINIT | MEM_WRITE", "ARG_CONST_SIZE"] },
  { id: 190, name: "bpf_xdp_store_bytes", ret: "RET_INTEGER", args: ["ARG_PTR_TO_CTX", "ARG_ANYTHING", "ARG_PTR_TO_MEM | MEM_RDONLY", "ARG_CONST_SIZE"] },
  { id: 191, name: "bpf_copy_from_user_task", ret: "RET_INTEGER", args: ["ARG_PTR_TO_MEM | MEM_UNINIT | MEM_WRITE", "ARG_CONST_SIZE_OR_ZERO", "ARG_ANYTHING", "ARG_PTR_TO_BTF_ID", "ARG_ANYTHING"], gplOnly: true, mightSleep: true },
  { id: 194, name: "bpf_kptr_xchg", ret: "RET_PTR_TO_BTF_ID | PTR_MAYBE_NULL", args: ["ARG_KPTR_XCHG_DEST", "ARG_PTR_TO_BTF_ID | PTR_MAYBE_NULL | OBJ_RELEASE"] },
  { id: 195, name: "bpf_map_lookup_percpu_elem", ret: "RET_PTR_TO_MAP_VALUE | PTR_MAYBE_NULL", args: ["ARG_CONST_MAP_PTR", "ARG_PTR_TO_MAP_KEY", "ARG_ANYTHING"], packetAccess: true },
  { id: 196, name: "bpf_skc_to_mptcp_sock", ret: "RET_PTR_TO_BTF_ID | PTR_MAYBE_NULL", args: ["ARG_PTR_TO_SOCK_COMMON"], returns: "mptcp_sock" },
  { id: 197, name: "bpf_dynptr_from_mem", ret: "RET_INTEGER", args: ["ARG_PTR_TO_MEM | MEM_UNINIT | MEM_WRITE", "ARG_CONST_SIZE_OR_ZERO", "ARG_ANYTHING", "ARG_PTR_TO_DYNPTR | DYNPTR_TYPE_LOCAL | MEM_UNINIT | MEM_WRITE"] },
  { id: 198, name: "bpf_ringbuf_reserve_dynptr", ret: "RET_INTEGER", args: ["ARG_CONST_MAP_PTR", "ARG_ANYTHING", "ARG_ANYTHING", "ARG_PTR_TO_DYNPTR | DYNPTR_TYPE_RINGBUF | MEM_UNINIT | MEM_WRITE"] },
  { id: 199, name: "bpf_ringbuf_submit_dynptr", ret: "RET_VOID", args: ["ARG_PTR_TO_DYNPTR | DYNPTR_TYPE_RINGBUF | OBJ_RELEASE", "ARG_ANYTHING"] },
  { id: 200, name: "bpf_ringbuf_discard_dynptr", ret: "RET_VOID", args: ["ARG_PTR_TO_DYNPTR | DYNPTR_TYPE_RINGBUF | OBJ_RELEASE", "ARG_ANYTHING"] },
  { id: 201, name: "bpf_dynptr_read", ret: "RET_INTEGER", args: ["ARG_PTR_TO_MEM | MEM_UNINIT | MEM_WRITE", "ARG_CONST_SIZE_OR_ZERO", "ARG_PTR_TO_DYNPTR | MEM_RDONLY", "ARG_ANYTHING", "ARG_ANYTHING"] },
  { id: 202, name: "bpf_dynptr_write", ret: "RET_INTEGER", args: ["ARG_PTR_TO_DYNPTR | MEM_RDONLY", "ARG_ANYTHING", "ARG_PTR_TO_MEM | MEM_RDONLY", "ARG_CONST_SIZE_OR_ZERO", "ARG_ANYTHING"] },
  { id: 203, name: "bpf_dynptr_data", ret: "RET_PTR_TO_MEM | PTR_MAYBE_NULL", args: ["ARG_PTR_TO_DYNPTR | MEM_RDONLY", "ARG_ANYTHING", "ARG_CONST_ALLOC_SIZE_OR_ZERO"] },
  { id: 204, name: "bpf_tcp_raw_gen_syncookie_ipv4", ret: "RET_INTEGER", args: ["ARG_PTR_TO_MEM | MEM_FIXED_SIZE", "ARG_PTR_TO_MEM", "ARG_CONST_SIZE_OR_ZERO"], gplOnly: true, packetAccess: true, sizes: { 1: 20 } },
  { id: 205, name: "bpf_tcp_raw_gen_syncookie_ipv6", ret: "RET_INTEGER", args: ["ARG_PTR_TO_MEM | MEM_FIXED_SIZE", "ARG_PTR_TO_MEM", "ARG_CONST_SIZE_OR_ZERO"], gplOnly: true, packetAccess: true, sizes: { 1: 40 } },
  { id: 206, name: "bpf_tcp_raw_check_syncookie_ipv4", ret: "RET_INTEGER", args: ["ARG_PTR_TO_MEM | MEM_FIXED_SIZE", "ARG_PTR_TO_MEM | MEM_FIXED_SIZE"], gplOnly: true, packetAccess: true, sizes: { 1: 20, 2: 20 } },
  { id: 207, name: "bpf_tcp_raw_check_syncookie_ipv6", ret: "RET_INTEGER", args: ["ARG_PTR_TO_MEM | MEM_FIXED_SIZE", "ARG_PTR_TO_MEM | MEM_FIXED_SIZE"], gplOnly: true, packetAccess: true, sizes: { 1: 40, 2: 20 } },
  { id: 208, name: "bpf_ktime_get_tai_ns", ret: "RET_INTEGER", args: [] },
  { id: 209, name: "bpf_user_ringbuf_drain", ret: "RET_INTEGER", args: ["ARG_CONST_MAP_PTR", "ARG_PTR_TO_FUNC", "ARG_PTR_TO_STACK | PTR_MAYBE_NULL", "ARG_ANYTHING"] },
  { id: 210, name: "bpf_cgrp_storage_get", ret: "RET_PTR_TO_MAP_VALUE | PTR_MAYBE_NULL", args: ["ARG_CONST_MAP_PTR", "ARG_PTR_TO_BTF_ID | PTR_MAYBE_NULL", "ARG_PTR_TO_MAP_VALUE | PTR_MAYBE_NULL", "ARG_ANYTHING"] },
  { id: 211, name: "bpf_cgrp_storage_delete", ret: "RET_INTEGER", args: ["ARG_CONST_MAP_PTR", "ARG_PTR_TO_BTF_ID | PTR_MAYBE_NULL"] },
];

/** {@link HELPER_PROTOTYPES} by number. */
export const HELPER_PROTOTYPE_BY_ID: ReadonlyMap<number, HelperPrototype> = new Map(HELPER_PROTOTYPES.map((helper) => [helper.id, helper]));

/** Helpers after which every pointer into the packet is stale. */
export const CHANGES_PACKET: ReadonlySet<number> = new Set([12, 44, 54, 65]);
