/**
 * The helpers that programs may call: number, kernel name and what each argument must be. The one place where a helper is
 * described: the engines check arguments by it, and the wasm runtime exports a function of each name (bpf_tail_call is
 * control flow, so the engines do it themselves). Prototypes: net/core/filter.c and kernel/bpf/helpers.c.
 */
import {
  ARG_ANYTHING,
  ARG_CALLBACK,
  ARG_CTX,
  ARG_FIXED_READ,
  ARG_FIXED_WRITE,
  ARG_MAP,
  ARG_MAP_KEY,
  ARG_MAP_VALUE,
  ARG_MAP_VALUE_WRITE,
  ARG_MEM_READ,
  ARG_MEM_READ_OR_NULL,
  ARG_MEM_WRITE,
  ARG_MEM_WRITE_OR_NULL,
  ARG_RINGBUF_MEM,
  ARG_SIZE,
  ARG_SIZE_OR_ZERO,
  ARG_SOCKET,
  ARG_STRING,
} from "../abi.js";
import { KFUNCS } from "./kfuncs.js";

/** One helper. */
export interface HelperSpec {
  readonly id: number;
  /** Kernel name, which is also the runtime's export: `(env: i32, r1: i64, …, rN: i64) -> i64`, N the number of arguments. */
  readonly name: string;
  /** `ARG_*` of r1 to rN. */
  readonly args: readonly number[];
  /** The call may change where the packet's data lies: pointers and lengths taken before it are stale. */
  readonly changesPacket?: boolean;
  /** Calls the function of the program whose address is in r2 again and again; the engines do it, with the runtime's callback_begin and callback_next. */
  readonly callsBack?: boolean;
}

export const BPF_FUNC_map_lookup_elem = 1;
export const BPF_FUNC_map_update_elem = 2;
export const BPF_FUNC_map_delete_elem = 3;
export const BPF_FUNC_tail_call = 12;
export const BPF_FUNC_xdp_adjust_head = 44;
export const BPF_FUNC_xdp_adjust_meta = 54;
export const BPF_FUNC_redirect_map = 51;

const U32_WRITE = ARG_FIXED_WRITE + 1;
const U64_WRITE = ARG_FIXED_WRITE + 2;
const TIMER = ARG_FIXED_WRITE + 4;
const DYNPTR = ARG_FIXED_READ + 4;
const DYNPTR_WRITE = ARG_FIXED_WRITE + 4;
const IPV4_HEADER = ARG_FIXED_READ + 5;
const TCP_HEADER = ARG_FIXED_READ + 5;
const IPV6_HEADER = ARG_FIXED_READ + 10;

/** All supported helpers. */
export const HELPERS: readonly HelperSpec[] = [
  { id: 1, name: "bpf_map_lookup_elem", args: [ARG_MAP, ARG_MAP_KEY] },
  { id: 2, name: "bpf_map_update_elem", args: [ARG_MAP, ARG_MAP_KEY, ARG_MAP_VALUE, ARG_ANYTHING] },
  { id: 3, name: "bpf_map_delete_elem", args: [ARG_MAP, ARG_MAP_KEY] },
  { id: 5, name: "bpf_ktime_get_ns", args: [] },
  { id: 6, name: "bpf_trace_printk", args: [ARG_MEM_READ, ARG_SIZE, ARG_ANYTHING, ARG_ANYTHING, ARG_ANYTHING] },
  { id: 7, name: "bpf_get_prandom_u32", args: [] },
  { id: 8, name: "bpf_get_smp_processor_id", args: [] },
  { id: 12, name: "bpf_tail_call", args: [ARG_CTX, ARG_MAP, ARG_ANYTHING] },
  { id: 23, name: "bpf_redirect", args: [ARG_ANYTHING, ARG_ANYTHING] },
  { id: 25, name: "bpf_perf_event_output", args: [ARG_CTX, ARG_MAP, ARG_ANYTHING, ARG_MEM_READ, ARG_SIZE_OR_ZERO] },
  { id: 28, name: "bpf_csum_diff", args: [ARG_MEM_READ_OR_NULL, ARG_SIZE_OR_ZERO, ARG_MEM_READ_OR_NULL, ARG_SIZE_OR_ZERO, ARG_ANYTHING] },
  { id: 42, name: "bpf_get_numa_node_id", args: [] },
  { id: 44, name: "bpf_xdp_adjust_head", args: [ARG_CTX, ARG_ANYTHING], changesPacket: true },
  { id: 51, name: "bpf_redirect_map", args: [ARG_MAP, ARG_ANYTHING, ARG_ANYTHING] },
  { id: 54, name: "bpf_xdp_adjust_meta", args: [ARG_CTX, ARG_ANYTHING], changesPacket: true },
  { id: 65, name: "bpf_xdp_adjust_tail", args: [ARG_CTX, ARG_ANYTHING], changesPacket: true },
  { id: 69, name: "bpf_fib_lookup", args: [ARG_CTX, ARG_MEM_WRITE, ARG_SIZE, ARG_ANYTHING] },
  { id: 84, name: "bpf_sk_lookup_tcp", args: [ARG_CTX, ARG_MEM_READ, ARG_SIZE_OR_ZERO, ARG_ANYTHING, ARG_ANYTHING] },
  { id: 85, name: "bpf_sk_lookup_udp", args: [ARG_CTX, ARG_MEM_READ, ARG_SIZE_OR_ZERO, ARG_ANYTHING, ARG_ANYTHING] },
  { id: 86, name: "bpf_sk_release", args: [ARG_SOCKET] },
  { id: 87, name: "bpf_map_push_elem", args: [ARG_MAP, ARG_MAP_VALUE, ARG_ANYTHING] },
  { id: 88, name: "bpf_map_pop_elem", args: [ARG_MAP, ARG_MAP_VALUE_WRITE] },
  { id: 89, name: "bpf_map_peek_elem", args: [ARG_MAP, ARG_MAP_VALUE_WRITE] },
  { id: 93, name: "bpf_spin_lock", args: [U32_WRITE] },
  { id: 94, name: "bpf_spin_unlock", args: [U32_WRITE] },
  { id: 99, name: "bpf_skc_lookup_tcp", args: [ARG_CTX, ARG_MEM_READ, ARG_SIZE_OR_ZERO, ARG_ANYTHING, ARG_ANYTHING] },
  { id: 100, name: "bpf_tcp_check_syncookie", args: [ARG_SOCKET, ARG_MEM_READ, ARG_SIZE, ARG_MEM_READ, ARG_SIZE] },
  { id: 105, name: "bpf_strtol", args: [ARG_MEM_READ, ARG_SIZE, ARG_ANYTHING, U64_WRITE] },
  { id: 106, name: "bpf_strtoul", args: [ARG_MEM_READ, ARG_SIZE, ARG_ANYTHING, U64_WRITE] },
  { id: 110, name: "bpf_tcp_gen_syncookie", args: [ARG_SOCKET, ARG_MEM_READ, ARG_SIZE, ARG_MEM_READ, ARG_SIZE] },
  { id: 113, name: "bpf_probe_read_kernel", args: [ARG_MEM_WRITE, ARG_SIZE_OR_ZERO, ARG_ANYTHING] },
  { id: 115, name: "bpf_probe_read_kernel_str", args: [ARG_MEM_WRITE, ARG_SIZE_OR_ZERO, ARG_ANYTHING] },
  { id: 118, name: "bpf_jiffies64", args: [] },
  { id: 125, name: "bpf_ktime_get_boot_ns", args: [] },
  { id: 130, name: "bpf_ringbuf_output", args: [ARG_MAP, ARG_MEM_READ, ARG_SIZE_OR_ZERO, ARG_ANYTHING] },
  { id: 131, name: "bpf_ringbuf_reserve", args: [ARG_MAP, ARG_ANYTHING, ARG_ANYTHING] },
  { id: 132, name: "bpf_ringbuf_submit", args: [ARG_RINGBUF_MEM, ARG_ANYTHING] },
  { id: 133, name: "bpf_ringbuf_discard", args: [ARG_RINGBUF_MEM, ARG_ANYTHING] },
  { id: 134, name: "bpf_ringbuf_query", args: [ARG_MAP, ARG_ANYTHING] },
  { id: 160, name: "bpf_ktime_get_coarse_ns", args: [] },
  { id: 163, name: "bpf_check_mtu", args: [ARG_CTX, ARG_ANYTHING, U32_WRITE, ARG_ANYTHING, ARG_ANYTHING] },
  { id: 164, name: "bpf_for_each_map_elem", args: [ARG_MAP, ARG_CALLBACK, ARG_ANYTHING, ARG_ANYTHING], callsBack: true },
  { id: 165, name: "bpf_snprintf", args: [ARG_MEM_WRITE_OR_NULL, ARG_SIZE_OR_ZERO, ARG_STRING, ARG_MEM_READ_OR_NULL, ARG_SIZE_OR_ZERO] },
  { id: 169, name: "bpf_timer_init", args: [TIMER, ARG_MAP, ARG_ANYTHING] },
  { id: 170, name: "bpf_timer_set_callback", args: [TIMER, ARG_CALLBACK] },
  { id: 171, name: "bpf_timer_start", args: [TIMER, ARG_ANYTHING, ARG_ANYTHING] },
  { id: 172, name: "bpf_timer_cancel", args: [TIMER] },
  { id: 177, name: "bpf_trace_vprintk", args: [ARG_MEM_READ, ARG_SIZE, ARG_MEM_READ_OR_NULL, ARG_SIZE_OR_ZERO] },
  { id: 181, name: "bpf_loop", args: [ARG_ANYTHING, ARG_CALLBACK, ARG_ANYTHING, ARG_ANYTHING], callsBack: true },
  { id: 182, name: "bpf_strncmp", args: [ARG_MEM_READ, ARG_SIZE, ARG_STRING] },
  { id: 188, name: "bpf_xdp_get_buff_len", args: [ARG_CTX] },
  { id: 189, name: "bpf_xdp_load_bytes", args: [ARG_CTX, ARG_ANYTHING, ARG_MEM_WRITE, ARG_SIZE] },
  { id: 190, name: "bpf_xdp_store_bytes", args: [ARG_CTX, ARG_ANYTHING, ARG_MEM_READ, ARG_SIZE] },
  { id: 195, name: "bpf_map_lookup_percpu_elem", args: [ARG_MAP, ARG_MAP_KEY, ARG_ANYTHING] },
  { id: 197, name: "bpf_dynptr_from_mem", args: [ARG_MEM_WRITE, ARG_SIZE_OR_ZERO, ARG_ANYTHING, DYNPTR_WRITE] },
  { id: 198, name: "bpf_ringbuf_reserve_dynptr", args: [ARG_MAP, ARG_ANYTHING, ARG_ANYTHING, DYNPTR_WRITE] },
  { id: 199, name: "bpf_ringbuf_submit_dynptr", args: [DYNPTR_WRITE, ARG_ANYTHING] },
  { id: 200, name: "bpf_ringbuf_discard_dynptr", args: [DYNPTR_WRITE, ARG_ANYTHING] },
  { id: 201, name: "bpf_dynptr_read", args: [ARG_MEM_WRITE, ARG_SIZE_OR_ZERO, DYNPTR, ARG_ANYTHING, ARG_ANYTHING] },
  { id: 202, name: "bpf_dynptr_write", args: [DYNPTR, ARG_ANYTHING, ARG_MEM_READ, ARG_SIZE_OR_ZERO, ARG_ANYTHING] },
  { id: 203, name: "bpf_dynptr_data", args: [DYNPTR, ARG_ANYTHING, ARG_ANYTHING] },
  { id: 204, name: "bpf_tcp_raw_gen_syncookie_ipv4", args: [IPV4_HEADER, ARG_MEM_READ, ARG_SIZE_OR_ZERO] },
  { id: 205, name: "bpf_tcp_raw_gen_syncookie_ipv6", args: [IPV6_HEADER, ARG_MEM_READ, ARG_SIZE_OR_ZERO] },
  { id: 206, name: "bpf_tcp_raw_check_syncookie_ipv4", args: [IPV4_HEADER, TCP_HEADER] },
  { id: 207, name: "bpf_tcp_raw_check_syncookie_ipv6", args: [IPV6_HEADER, TCP_HEADER] },
  { id: 209, name: "bpf_user_ringbuf_drain", args: [ARG_MAP, ARG_CALLBACK, ARG_ANYTHING, ARG_ANYTHING], callsBack: true },
  { id: 208, name: "bpf_ktime_get_tai_ns", args: [] },
];

/** {@link HELPERS} and {@link KFUNCS} by number. */
export const HELPER_BY_ID: ReadonlyMap<number, HelperSpec> = new Map([...HELPERS, ...KFUNCS].map((helper) => [helper.id, helper]));
