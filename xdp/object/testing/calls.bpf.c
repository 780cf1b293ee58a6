/* SPDX-License-Identifier: Apache-2.0 */
/* Functions: static and global ones in .text, one that another calls, a callback. */
#include "bpf.h"

static __noinline __u32 mix(__u32 x)
{
	asm volatile("%0 ^= 0x55" : "+r"(x));
	return x * 31;
}

__noinline __u32 mixed_twice(__u32 x)
{
	return mix(mix(x) + 1);
}

static __noinline long add(__u32 i, __u32 *sum)
{
	*sum += mix(i);
	return 0;
}

SEC("xdp") int first(struct xdp_md *ctx)
{
	return mixed_twice(ctx->rx_queue_index) == 3 ? XDP_DROP : XDP_PASS;
}

SEC("xdp") int second(struct xdp_md *ctx)
{
	__u32 sum = mix(ctx->ingress_ifindex);

	bpf_loop(4, add, &sum, 0);
	return sum & 1 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
