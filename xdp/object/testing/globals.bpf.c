/* SPDX-License-Identifier: Apache-2.0 */
/* Global data in every kind of section, named by variable and by section. */
#include "bpf.h"

const volatile __u32 limit = 42;
const volatile __u16 ports[4] = { 53, 123, 1900, 11211 };
static volatile const __u8 quiet = 1;
__u64 hits = 0x1122334455667788;
static volatile __u32 state = 5;
__u64 total;
struct pair { __u32 a; __u16 b; } last;
__u32 tuning SEC(".data.tuning") = 9;
static const char format[] = "port %u";

SEC("xdp") int counted(struct xdp_md *ctx)
{
	__u32 queue = ctx->rx_queue_index;

	total += hits + tuning;
	last.b = ports[queue & 3];
	last.a = state++;
	if (!quiet)
		bpf_trace_printk(format, sizeof(format), last.b);
	return queue > limit ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
