/* SPDX-License-Identifier: Apache-2.0 */
/* A prog array that the object fills, and one that declaration tags fill. */
#include "bpf.h"

int drop(struct xdp_md *ctx);
int pass(struct xdp_md *ctx);

struct {
	__uint(type, PROG_ARRAY);
	__uint(max_entries, 8);
	__uint(key_size, 4);
	__array(values, int(void *));
} jumps SEC(".maps") = { .values = { [1] = (void *)&drop, [5] = (void *)&pass } };

struct {
	__uint(type, PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 4);
} tagged SEC(".maps");

SEC("xdp") int drop(struct xdp_md *ctx)
{
	return XDP_DROP;
}

__attribute__((btf_decl_tag("tail:tagged/1"))) SEC("xdp") int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp") int entry(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &jumps, ctx->rx_queue_index);
	bpf_tail_call(ctx, &tagged, 1);
	return XDP_ABORTED;
}

char _license[] SEC("license") = "GPL";
