/* SPDX-License-Identifier: Apache-2.0 */
/* A program to run second: maps and data of the same names as chain_first.bpf.c, a tail call, a callback. */
#include "bpf.h"

struct {
	__uint(type, ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} stats SEC(".maps");

struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
	__uint(pinning, 1);
} shared SEC(".maps");

int last(struct xdp_md *ctx);

struct {
	__uint(type, PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, int (struct xdp_md *));
} jumps SEC(".maps") = { .values = { [1] = &last } };

const volatile __u32 threshold = 3;
__u64 seen = 100;

static long add(__u32 index, __u32 *sum)
{
	*sum += index;
	return 0;
}

SEC("xdp") int second(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	__u32 key = 2, sum = 0;
	__u32 *value = bpf_map_lookup_elem(&stats, &key);
	__u32 zero = 0;
	__u64 *both = bpf_map_lookup_elem(&shared, &zero);

	seen += 2;
	if (both)
		*both += 10;
	bpf_loop(4, add, &sum, 0);
	if (value)
		*value += sum;
	if (data + 20 > (__u8 *)(long)ctx->data_end)
		return XDP_ABORTED;
	data[17] = data[19];
	if (data[19] > threshold)
		bpf_tail_call(ctx, &jumps, 1);
	return XDP_PASS;
}

SEC("?xdp") int last(struct xdp_md *ctx)
{
	__u32 key = 3;
	__u32 *value = bpf_map_lookup_elem(&stats, &key);

	if (value)
		*value += 1;
	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
