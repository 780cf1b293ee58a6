/** The wasm runtime's exports, all maps and helpers: everything a program calls, and everything the control plane calls to look at maps. */
import { MACHINE, MACHINE_CPUS } from "../../abi";

export * from "./maps/index";
export { copy_frame, init_env, load_packet, store_result } from "./batch";
export { check_access, check_arguments, is_map, set_fault } from "./check";
export { interpreter_begin, interpreter_run_batch, interpreter_step } from "./interpreter";
export { callback_begin, callback_next, callback_reset } from "./helpers/callback";
export { bpf_jiffies64, bpf_ktime_get_boot_ns, bpf_ktime_get_coarse_ns, bpf_ktime_get_ns, bpf_ktime_get_tai_ns } from "./helpers/clock";
export { bpf_csum_diff } from "./helpers/csum";
export { bpf_fib_lookup } from "./helpers/fib";
export { bpf_get_numa_node_id, bpf_get_prandom_u32, bpf_get_smp_processor_id } from "./helpers/machine";
export { bpf_map_delete_elem, bpf_map_lookup_elem, bpf_map_lookup_percpu_elem, bpf_map_update_elem } from "./helpers/map";
export { bpf_probe_read_kernel, bpf_probe_read_kernel_str, bpf_strncmp } from "./helpers/memory";
export {
  bpf_xdp_adjust_head,
  bpf_xdp_adjust_meta,
  bpf_xdp_adjust_tail,
  bpf_xdp_get_buff_len,
  bpf_xdp_load_bytes,
  bpf_xdp_store_bytes,
} from "./helpers/packet";
export { bpf_perf_event_output } from "./helpers/perf";
export { bpf_snprintf, bpf_trace_printk, bpf_trace_vprintk } from "./helpers/printk";
export { bpf_map_peek_elem, bpf_map_pop_elem, bpf_map_push_elem } from "./helpers/queue";
export { bpf_redirect, bpf_redirect_map } from "./helpers/redirect";
export {
  bpf_ringbuf_discard,
  bpf_ringbuf_discard_dynptr,
  bpf_ringbuf_output,
  bpf_ringbuf_query,
  bpf_ringbuf_reserve,
  bpf_ringbuf_reserve_dynptr,
  bpf_ringbuf_submit,
  bpf_ringbuf_submit_dynptr,
} from "./helpers/ringbuf";
export {
  bpf_dynptr_adjust,
  bpf_dynptr_clone,
  bpf_dynptr_copy,
  bpf_dynptr_data,
  bpf_dynptr_from_mem,
  bpf_dynptr_from_xdp,
  bpf_dynptr_is_null,
  bpf_dynptr_is_rdonly,
  bpf_dynptr_memset,
  bpf_dynptr_read,
  bpf_dynptr_size,
  bpf_dynptr_slice,
  bpf_dynptr_slice_rdwr,
  bpf_dynptr_write,
} from "./helpers/dynptr";
export {
  bpf_iter_bits_destroy,
  bpf_iter_bits_new,
  bpf_iter_bits_next,
  bpf_iter_num_destroy,
  bpf_iter_num_new,
  bpf_iter_num_next,
  bpf_local_irq_restore,
  bpf_local_irq_save,
  bpf_preempt_disable,
  bpf_preempt_enable,
  bpf_rcu_read_lock,
  bpf_rcu_read_unlock,
} from "./helpers/iterator";
export { bpf_xdp_metadata_rx_hash, bpf_xdp_metadata_rx_timestamp, bpf_xdp_metadata_rx_vlan_tag } from "./helpers/metadata";
export { bpf_check_mtu } from "./helpers/mtu";
export { bpf_strtol, bpf_strtoul } from "./helpers/number";
export { bpf_sk_lookup_tcp, bpf_sk_lookup_udp, bpf_sk_release, bpf_skc_lookup_tcp, bpf_tcp_check_syncookie, bpf_tcp_gen_syncookie } from "./helpers/socket";
export {
  bpf_res_spin_lock,
  bpf_res_spin_lock_irqsave,
  bpf_res_spin_unlock,
  bpf_res_spin_unlock_irqrestore,
  bpf_spin_lock,
  bpf_spin_unlock,
} from "./helpers/spin_lock";
export {
  bpf_strcasecmp,
  bpf_strchr,
  bpf_strchrnul,
  bpf_strcmp,
  bpf_strcspn,
  bpf_strlen,
  bpf_strnchr,
  bpf_strnlen,
  bpf_strnstr,
  bpf_strrchr,
  bpf_strspn,
  bpf_strstr,
} from "./helpers/string";
export {
  bpf_tcp_raw_check_syncookie_ipv4,
  bpf_tcp_raw_check_syncookie_ipv6,
  bpf_tcp_raw_gen_syncookie_ipv4,
  bpf_tcp_raw_gen_syncookie_ipv6,
} from "./helpers/syncookie";
export { bpf_ct_release, bpf_xdp_ct_lookup } from "./helpers/conntrack";
export { bpf_timer_cancel, bpf_timer_init, bpf_timer_set_callback, bpf_timer_start, timer_pop } from "./helpers/timer";
export { bpf_xdp_get_xfrm_state, bpf_xdp_xfrm_state_release } from "./helpers/xfrm";
export { tail_call_target } from "./helpers/tail";
export { second_program, second_result } from "./second";

/** Possible CPUs of the machine. */
export function machine_cpus(): u32 {
  return load<u32>(MACHINE + MACHINE_CPUS);
}
