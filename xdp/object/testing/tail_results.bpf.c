/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that make tail calls: what their callers know afterwards. */
#include "bpf.h"

struct {
	__uint(type, PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__uint(value_size, 4);
} jumps SEC(".maps");

static __noinline int leave(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &jumps, 1);
	return ctx->rx_queue_index & 3;
}

static __noinline int stay(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;

	if (data + 1 > (__u8 *)(long)ctx->data_end)
		return 0;
	bpf_tail_call(ctx, &jumps, 1);
	return *data;
}

/* The function may have ended with another program, which moved the packet. */
SEC("xdp") int packet_after(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;

	if (data + 1 > (__u8 *)(long)ctx->data_end)
		return 0;
	leave(ctx);
	return *data;
}

/* Its result may be another program's. */
SEC("xdp") int result_after(struct xdp_md *ctx)
{
	volatile __u8 bytes[4] = {};

	return bytes[leave(ctx)];
}

/* Where the tail call failed, nothing happened. */
SEC("xdp") int packet_inside(struct xdp_md *ctx)
{
	return stay(ctx);
}

char _license[] SEC("license") = "GPL";
