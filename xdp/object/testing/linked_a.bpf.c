/* SPDX-License-Identifier: Apache-2.0 */
/* Linked with linked_b.bpf.c: a weak function that gives way, a function, a map and data of the same names elsewhere. */
#include "bpf.h"

#define __weak __attribute__((weak))

struct sk_buff { unsigned int len; } __attribute__((preserve_access_index));

__weak __noinline int pick(struct xdp_md *ctx)
{
	return __builtin_preserve_field_info(((struct sk_buff *)0)->len, 0) + ctx->rx_queue_index;
}

extern int elsewhere(int x);

struct {
	__uint(type, ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} common SEC(".maps");

__u32 mine = 5;
static volatile __u32 state = 7;

SEC("xdp") int from_a(struct xdp_md *ctx)
{
	__u32 key = 1;
	__u64 *value = bpf_map_lookup_elem(&common, &key);

	if (value)
		*value += 1;
	return pick(ctx) + elsewhere(mine) + state++;
}

char _license[] SEC("license") = "GPL";
