// SPDX-License-Identifier: Apache-2.0
// build: -mcpu=v3
/* Tail calls: to others, to itself until the limit, to empty and missing slots, and from functions. */
#include "common.h"

int tail_loop(struct xdp_md *ctx);
int tail_second(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 8);
	__uint(key_size, sizeof(__u32));
	__array(values, int(void *));
} jumps SEC(".maps") = {
	.values = {
		[0] = (void *)&tail_loop,
		[1] = (void *)&tail_second,
	},
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} depths SEC(".maps");

static __u32 depth;
static __u32 wanted;

SEC("xdp")
int tail_second(struct xdp_md *ctx)
{
	mix(2);
	return finish(ctx);
}

SEC("xdp")
int tail_loop(struct xdp_md *ctx)
{
	__u32 key = depth;
	__u64 *count = bpf_map_lookup_elem(&depths, &key);

	if (count)
		*count += 1;
	depth++;
	if (depth < wanted)
		bpf_tail_call(ctx, &jumps, 0);
	/* Reached when the chain is done, or cut at its limit. */
	mix(depth);
	return finish(ctx);
}

SEC("xdp")
int tail_start(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);

	depth = 0;
	wanted = random % 45;
	switch (random >> 8 & 7) {
	case 0: bpf_tail_call(ctx, &jumps, 1); break;
	case 1: bpf_tail_call(ctx, &jumps, 2); break;
	case 2: bpf_tail_call(ctx, &jumps, 8); break;
	case 3: bpf_tail_call(ctx, &jumps, 0xffffffff); break;
	default: bpf_tail_call(ctx, &jumps, 0); break;
	}
	mix(77);
	return finish(ctx);
}

static __noinline int leap(struct xdp_md *ctx, __u32 slot)
{
	volatile __u64 local = slot;

	bpf_tail_call(ctx, &jumps, slot);
	return local + 1;
}

/* A tail call from a function ends that function, not the program that called it. */
SEC("xdp")
int tail_from_function(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);

	depth = 0;
	wanted = random % 45;
	mix(leap(ctx, random >> 8 & 3));
	mix(packet_u64(ctx, 0));
	mix(leap(ctx, random >> 10 & 3));
	return finish(ctx);
}
