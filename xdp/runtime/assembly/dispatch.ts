/** Helpers by number, for the interpreter. The JIT imports them by name. */
import { bpf_jiffies64, bpf_ktime_get_boot_ns, bpf_ktime_get_coarse_ns, bpf_ktime_get_ns, bpf_ktime_get_tai_ns } from "./helpers/clock";
import { bpf_ct_release, bpf_xdp_ct_lookup } from "./helpers/conntrack";
import { bpf_csum_diff } from "./helpers/csum";
import {
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
import { bpf_fib_lookup } from "./helpers/fib";
import {
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
import { bpf_get_numa_node_id, bpf_get_prandom_u32, bpf_get_smp_processor_id } from "./helpers/machine";
import { bpf_map_delete_elem, bpf_map_lookup_elem, bpf_map_lookup_percpu_elem, bpf_map_update_elem } from "./helpers/map";
import { bpf_probe_read_kernel, bpf_probe_read_kernel_str, bpf_strncmp } from "./helpers/memory";
import { bpf_xdp_metadata_rx_hash, bpf_xdp_metadata_rx_timestamp, bpf_xdp_metadata_rx_vlan_tag } from "./helpers/metadata";
import { bpf_check_mtu } from "./helpers/mtu";
import { bpf_strtol, bpf_strtoul } from "./helpers/number";
import { bpf_xdp_adjust_head, bpf_xdp_adjust_meta, bpf_xdp_adjust_tail, bpf_xdp_get_buff_len, bpf_xdp_load_bytes, bpf_xdp_store_bytes } from "./helpers/packet";
import { bpf_perf_event_output } from "./helpers/perf";
import { bpf_snprintf, bpf_trace_printk, bpf_trace_vprintk } from "./helpers/printk";
import { bpf_map_peek_elem, bpf_map_pop_elem, bpf_map_push_elem } from "./helpers/queue";
import { bpf_redirect, bpf_redirect_map } from "./helpers/redirect";
import {
  bpf_ringbuf_discard,
  bpf_ringbuf_discard_dynptr,
  bpf_ringbuf_output,
  bpf_ringbuf_query,
  bpf_ringbuf_reserve,
  bpf_ringbuf_reserve_dynptr,
  bpf_ringbuf_submit,
  bpf_ringbuf_submit_dynptr,
} from "./helpers/ringbuf";
import { bpf_sk_lookup_tcp, bpf_sk_lookup_udp, bpf_sk_release, bpf_skc_lookup_tcp, bpf_tcp_check_syncookie, bpf_tcp_gen_syncookie } from "./helpers/socket";
import {
  bpf_res_spin_lock,
  bpf_res_spin_lock_irqsave,
  bpf_res_spin_unlock,
  bpf_res_spin_unlock_irqrestore,
  bpf_spin_lock,
  bpf_spin_unlock,
} from "./helpers/spin_lock";
import {
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
import {
  bpf_tcp_raw_check_syncookie_ipv4,
  bpf_tcp_raw_check_syncookie_ipv6,
  bpf_tcp_raw_gen_syncookie_ipv4,
  bpf_tcp_raw_gen_syncookie_ipv6,
} from "./helpers/syncookie";
import { bpf_timer_cancel, bpf_timer_init, bpf_timer_set_callback, bpf_timer_start } from "./helpers/timer";
import { bpf_xdp_get_xfrm_state, bpf_xdp_xfrm_state_release } from "./helpers/xfrm";

const FIRST_KFUNC: i32 = 512;

/** Calls helper `id`, whose arguments have been checked. Programs that call others are not loaded. */
export function call_helper(env: u32, id: i32, r1: u64, r2: u64, r3: u64, r4: u64, r5: u64): u64 {
  switch (id) {
    case 1:
      return bpf_map_lookup_elem(env, r1, r2);
    case 2:
      return bpf_map_update_elem(env, r1, r2, r3, r4);
    case 3:
      return bpf_map_delete_elem(env, r1, r2);
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
    case 84:
      return bpf_sk_lookup_tcp(env, r1, r2, r3, r4, r5);
    case 85:
      return bpf_sk_lookup_udp(env, r1, r2, r3, r4, r5);
    case 86:
      return bpf_sk_release(env, r1);
    case 87:
      return bpf_map_push_elem(env, r1, r2, r3);
    case 88:
      return bpf_map_pop_elem(env, r1, r2);
    case 89:
      return bpf_map_peek_elem(env, r1, r2);
    case 93:
      return bpf_spin_lock(env, r1);
    case 94:
      return bpf_spin_unlock(env, r1);
    case 99:
      return bpf_skc_lookup_tcp(env, r1, r2, r3, r4, r5);
    case 100:
      return bpf_tcp_check_syncookie(env, r1, r2, r3, r4, r5);
    case 105:
      return bpf_strtol(env, r1, r2, r3, r4);
    case 106:
      return bpf_strtoul(env, r1, r2, r3, r4);
    case 110:
      return bpf_tcp_gen_syncookie(env, r1, r2, r3, r4, r5);
    case 113:
      return bpf_probe_read_kernel(env, r1, r2, r3);
    case 115:
      return bpf_probe_read_kernel_str(env, r1, r2, r3);
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
    case 163:
      return bpf_check_mtu(env, r1, r2, r3, r4, r5);
    case 165:
      return bpf_snprintf(env, r1, r2, r3, r4, r5);
    case 169:
      return bpf_timer_init(env, r1, r2, r3);
    case 170:
      return bpf_timer_set_callback(env, r1, r2);
    case 171:
      return bpf_timer_start(env, r1, r2, r3);
    case 172:
      return bpf_timer_cancel(env, r1);
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
    case 197:
      return bpf_dynptr_from_mem(env, r1, r2, r3, r4);
    case 198:
      return bpf_ringbuf_reserve_dynptr(env, r1, r2, r3, r4);
    case 199:
      return bpf_ringbuf_submit_dynptr(env, r1, r2);
    case 200:
      return bpf_ringbuf_discard_dynptr(env, r1, r2);
    case 201:
      return bpf_dynptr_read(env, r1, r2, r3, r4, r5);
    case 202:
      return bpf_dynptr_write(env, r1, r2, r3, r4, r5);
    case 203:
      return bpf_dynptr_data(env, r1, r2, r3);
    case 204:
      return bpf_tcp_raw_gen_syncookie_ipv4(env, r1, r2, r3);
    case 205:
      return bpf_tcp_raw_gen_syncookie_ipv6(env, r1, r2, r3);
    case 206:
      return bpf_tcp_raw_check_syncookie_ipv4(env, r1, r2);
    case 207:
      return bpf_tcp_raw_check_syncookie_ipv6(env, r1, r2);
    case 208:
      return bpf_ktime_get_tai_ns(env);
    default:
      return id >= FIRST_KFUNC ? call_kfunc(env, id, r1, r2, r3, r4, r5) : u64(i64(-22));
  }
}

/** The same for kernel functions (helpers/kfuncs.ts has the numbers). */
function call_kfunc(env: u32, id: i32, r1: u64, r2: u64, r3: u64, r4: u64, r5: u64): u64 {
  switch (id) {
    case 512:
      return bpf_dynptr_from_xdp(env, r1, r2, r3);
    case 513:
      return bpf_dynptr_slice(env, r1, r2, r3, r4);
    case 514:
      return bpf_dynptr_slice_rdwr(env, r1, r2, r3, r4);
    case 515:
      return bpf_dynptr_adjust(env, r1, r2, r3);
    case 516:
      return bpf_dynptr_is_null(env, r1);
    case 517:
      return bpf_dynptr_is_rdonly(env, r1);
    case 518:
      return bpf_dynptr_size(env, r1);
    case 519:
      return bpf_dynptr_clone(env, r1, r2);
    case 520:
      return bpf_dynptr_copy(env, r1, r2, r3, r4, r5);
    case 521:
      return bpf_dynptr_memset(env, r1, r2, r3, r4);
    case 522:
      return bpf_iter_num_new(env, r1, r2, r3);
    case 523:
      return bpf_iter_num_next(env, r1);
    case 524:
      return bpf_iter_num_destroy(env, r1);
    case 525:
      return bpf_rcu_read_lock(env);
    case 526:
      return bpf_rcu_read_unlock(env);
    case 527:
      return bpf_preempt_disable(env);
    case 528:
      return bpf_preempt_enable(env);
    case 529:
      return bpf_local_irq_save(env, r1);
    case 530:
      return bpf_local_irq_restore(env, r1);
    case 531:
      return bpf_res_spin_lock(env, r1);
    case 532:
      return bpf_res_spin_unlock(env, r1);
    case 533:
      return bpf_res_spin_lock_irqsave(env, r1, r2);
    case 534:
      return bpf_res_spin_unlock_irqrestore(env, r1, r2);
    case 535:
      return bpf_xdp_metadata_rx_timestamp(env, r1, r2);
    case 536:
      return bpf_xdp_metadata_rx_hash(env, r1, r2, r3);
    case 537:
      return bpf_xdp_metadata_rx_vlan_tag(env, r1, r2, r3);
    case 538:
      return bpf_strcmp(env, r1, r2);
    case 539:
      return bpf_strcasecmp(env, r1, r2);
    case 540:
      return bpf_strlen(env, r1);
    case 541:
      return bpf_strnlen(env, r1, r2);
    case 542:
      return bpf_strchr(env, r1, r2);
    case 543:
      return bpf_strnchr(env, r1, r2, r3);
    case 544:
      return bpf_strchrnul(env, r1, r2);
    case 545:
      return bpf_strrchr(env, r1, r2);
    case 546:
      return bpf_strspn(env, r1, r2);
    case 547:
      return bpf_strcspn(env, r1, r2);
    case 548:
      return bpf_strstr(env, r1, r2);
    case 549:
      return bpf_strnstr(env, r1, r2, r3);
    case 550:
      return bpf_iter_bits_new(env, r1, r2, r3);
    case 551:
      return bpf_iter_bits_next(env, r1);
    case 552:
      return bpf_iter_bits_destroy(env, r1);
    case 553:
      return bpf_xdp_ct_lookup(env, r1, r2, r3, r4, r5);
    case 554:
      return bpf_ct_release(env, r1);
    case 555:
      return bpf_xdp_get_xfrm_state(env, r1, r2, r3);
    case 556:
      return bpf_xdp_xfrm_state_release(env, r1);
    default:
      return u64(i64(-22));
  }
}
