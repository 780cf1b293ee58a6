/* SPDX-License-Identifier: Apache-2.0 */
/* The other half of linked_a.bpf.c. */
#include "bpf.h"

struct sk_buff { unsigned int data_len; } __attribute__((preserve_access_index));

__noinline int pick(struct xdp_md *ctx)
{
	return __builtin_preserve_field_info(((struct sk_buff *)0)->data_len, 0) + ctx->ingress_ifindex;
}

__noinline int elsewhere(int x)
{
	asm volatile("" : "+r"(x));
	return x * 3;
}

static volatile __u32 state = 9;
static const char text[] = "hello %d";

SEC("xdp") int from_b(struct xdp_md *ctx)
{
	bpf_trace_printk(text, sizeof(text), state++);
	return pick(ctx) + elsewhere(2);
}

SEC("xdp.frags") int from_b_too(struct xdp_md *ctx)
{
	return elsewhere(state);
}

char _license[] SEC("license") = "GPL";
