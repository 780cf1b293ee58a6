/* SPDX-License-Identifier: Apache-2.0 */
/* A program to run first: counts by action, changes a byte, stops what its list holds. */
#include "bpf.h"

struct {
	__uint(type, ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} stats SEC(".maps");

struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
	__uint(pinning, 1);
} shared SEC(".maps");

/* Next to run after XDP_PASS and XDP_DROP, not after XDP_TX. */
struct {
	__uint(priority, 10);
	__uint(XDP_PASS, 1);
	__uint(XDP_DROP, 1);
} _first SEC(".xdp_run_config");

__u64 seen;

static __noinline int count(__u32 action)
{
	__u64 *value = bpf_map_lookup_elem(&stats, &action);

	if (value)
		*value += 1;
	return action;
}

SEC("xdp") int first(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	__u32 zero = 0;
	__u64 *both = bpf_map_lookup_elem(&shared, &zero);

	seen++;
	if (both)
		*both += 1;
	if (data + 20 > (__u8 *)(long)ctx->data_end)
		return count(XDP_ABORTED);
	data[19] += 1;
	switch (data[18] & 3) {
	case 0:
		return count(XDP_TX);
	case 1:
		return count(XDP_DROP);
	case 2:
		return count(7);
	default:
		return count(XDP_PASS);
	}
}

char _license[] SEC("license") = "GPL";
