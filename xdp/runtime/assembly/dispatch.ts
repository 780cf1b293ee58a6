/** Helpers by number, for the interpreter. The JIT imports them by name. */
import { bpf_jiffies64, bpf_ktime_get_boot_ns, bpf_ktime_get_coarse_ns, bpf_ktime_get_ns, bpf_ktime_get_tai_ns } from "./helpers/clock";
import { bpf_csum_diff } from "./helpers/csum";
import { bpf_fib_lookup } from "./helpers/fib";
import { bpf_get_numa_node_id, bpf_get_prandom_u32, bpf_get_smp_processor_id } from "./helpers/machine";
import { bpf_map_delete_elem, bpf_map_lookup_elem, bpf_map_lookup_percpu_elem, bpf_map_update_elem } from "./helpers/map";
import { bpf_probe_read, bpf_probe_read_kernel, bpf_strncmp } from "./helpers/memory";
import {
  bpf_xdp_adjust_head,
  bpf_xdp_adjust_meta,
  bpf_xdp_adjust_tail,
  bpf_xdp_get_buff_len,
  bpf_xdp_load_bytes,
  bpf_xdp_store_bytes,
} from "./helpers/packet";
import { bpf_perf_event_output } from "./helpers/perf";
import { bpf_trace_printk, bpf_trace_vprintk } from "./helpers/printk";
import { bpf_map_peek_elem, bpf_map_pop_elem, bpf_map_push_elem } from "./helpers/queue";
import { bpf_redirect, bpf_redirect_map } from "./helpers/redirect";
import { bpf_ringbuf_discard, bpf_ringbuf_output, bpf_ringbuf_query, bpf_ringbuf_reserve, bpf_ringbuf_submit } from "./helpers/ringbuf";

/** Calls helper `id`, whose arguments have been checked. Programs that call others are not loaded. */
export function call_helper(env: u32, id: i32, r1: u64, r2: u64, r3: u64, r4: u64, r5: u64): u64 {
  switch (id) {
    case 1:
      return bpf_map_lookup_elem(env, r1, r2);
    case 2:
      return bpf_map_update_elem(env, r1, r2, r3, r4);
    case 3:
      return bpf_map_delete_elem(env, r1, r2);
    case 4:
      return bpf_probe_read(env, r1, r2, r3);
    case 5:
      return bpf_ktime_get_ns(env);
    case 6:
      return bpf_trace_printk(env, r1, r2, r3, r4, r5);
    case 7:
      return bpf_get_prandom_u32(env);
    case 8:
      return bpf_get_smp_processor_id(env);
    case 23:
      return bpf_redirect(env, r1, r2);
    case 25:
      return bpf_perf_event_output(env, r1, r2, r3, r4, r5);
    case 28:
      return bpf_csum_diff(env, r1, r2, r3, r4, r5);
    case 42:
      return bpf_get_numa_node_id(env);
    case 44:
      return bpf_xdp_adjust_head(env, r1, r2);
    case 51:
      return bpf_redirect_map(env, r1, r2, r3);
    case 54:
      return bpf_xdp_adjust_meta(env, r1, r2);
    case 65:
      return bpf_xdp_adjust_tail(env, r1, r2);
    case 69:
      return bpf_fib_lookup(env, r1, r2, r3, r4);
    case 87:
      return bpf_map_push_elem(env, r1, r2, r3);
    case 88:
      return bpf_map_pop_elem(env, r1, r2);
    case 89:
      return bpf_map_peek_elem(env, r1, r2);
    case 113:
      return bpf_probe_read_kernel(env, r1, r2, r3);
    case 118:
      return bpf_jiffies64(env);
    case 125:
      return bpf_ktime_get_boot_ns(env);
    case 130:
      return bpf_ringbuf_output(env, r1, r2, r3, r4);
    case 131:
      return bpf_ringbuf_reserve(env, r1, r2, r3);
    case 132:
      return bpf_ringbuf_submit(env, r1, r2);
    case 133:
      return bpf_ringbuf_discard(env, r1, r2);
    case 134:
      return bpf_ringbuf_query(env, r1, r2);
    case 160:
      return bpf_ktime_get_coarse_ns(env);
    case 177:
      return bpf_trace_vprintk(env, r1, r2, r3, r4);
    case 182:
      return bpf_strncmp(env, r1, r2, r3);
    case 188:
      return bpf_xdp_get_buff_len(env, r1);
    case 189:
      return bpf_xdp_load_bytes(env, r1, r2, r3, r4);
    case 190:
      return bpf_xdp_store_bytes(env, r1, r2, r3, r4);
    case 195:
      return bpf_map_lookup_percpu_elem(env, r1, r2, r3);
    case 208:
      return bpf_ktime_get_tai_ns(env);
    default:
      return u64(i64(-22));
  }
}
