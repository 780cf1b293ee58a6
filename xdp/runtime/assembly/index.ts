/** The wasm runtime's exports, all maps and helpers: everything a program calls, and everything the control plane calls to look at maps. */
import { MACHINE, MACHINE_CPUS } from "../../abi";

export * from "./maps/index";
export { copy_frame, init_env, load_batch, load_packet, store_result } from "./batch";
export { check_access, check_arguments, is_map, set_fault } from "./check";
export { interpreter_begin, interpreter_run_batch, interpreter_step } from "./interpreter";
export { callback_begin, callback_next, callback_reset } from "./helpers/callback";
export { bpf_jiffies64, bpf_ktime_get_boot_ns, bpf_ktime_get_coarse_ns, bpf_ktime_get_ns, bpf_ktime_get_tai_ns } from "./helpers/clock";
export { bpf_csum_diff } from "./helpers/csum";
export { bpf_fib_lookup } from "./helpers/fib";
export { bpf_get_numa_node_id, bpf_get_prandom_u32, bpf_get_smp_processor_id } from "./helpers/machine";
export { bpf_map_delete_elem, bpf_map_lookup_elem, bpf_map_lookup_percpu_elem, bpf_map_update_elem } from "./helpers/map";
export { bpf_probe_read, bpf_probe_read_kernel, bpf_strncmp } from "./helpers/memory";
export {
  bpf_xdp_adjust_head,
  bpf_xdp_adjust_meta,
  bpf_xdp_adjust_tail,
  bpf_xdp_get_buff_len,
  bpf_xdp_load_bytes,
  bpf_xdp_store_bytes,
} from "./helpers/packet";
export { bpf_perf_event_output } from "./helpers/perf";
export { bpf_trace_printk, bpf_trace_vprintk } from "./helpers/printk";
export { bpf_map_peek_elem, bpf_map_pop_elem, bpf_map_push_elem } from "./helpers/queue";
export { bpf_redirect, bpf_redirect_map } from "./helpers/redirect";
export { bpf_ringbuf_discard, bpf_ringbuf_output, bpf_ringbuf_query, bpf_ringbuf_reserve, bpf_ringbuf_submit } from "./helpers/ringbuf";
export { tail_call_target } from "./helpers/tail";

/** Possible CPUs of the machine. */
export function machine_cpus(): u32 {
  return load<u32>(MACHINE + MACHINE_CPUS);
}
