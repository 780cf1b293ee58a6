/* SPDX-License-Identifier: Apache-2.0 */
/* Maps of maps: one filled by the object, one with a template only. */
#include "bpf.h"

struct inner {
	__uint(type, ARRAY);
	__uint(max_entries, 4);
	__uint(map_flags, 0x1000);
	__type(key, __u32);
	__type(value, __u64);
} red SEC(".maps"), blue SEC(".maps");

struct {
	__uint(type, ARRAY_OF_MAPS);
	__uint(max_entries, 3);
	__type(key, __u32);
	__array(values, struct inner);
} by_index SEC(".maps") = { .values = { [0] = &blue, [2] = &red } };

struct {
	__uint(type, HASH_OF_MAPS);
	__uint(max_entries, 16);
	__type(key, __u32);
	__uint(value_size, 4);
	__array(values, struct {
		__uint(type, HASH);
		__uint(max_entries, 32);
		__type(key, __u64);
		__uint(value_size, 16);
	});
} by_hash SEC(".maps");

SEC("xdp") int nested(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	__u64 flow = key;
	void *map = bpf_map_lookup_elem(&by_index, &key);
	__u64 *value = map ? bpf_map_lookup_elem(map, &key) : 0;

	if (value)
		*value += 1;
	map = bpf_map_lookup_elem(&by_hash, &key);
	return map && bpf_map_lookup_elem(map, &flow) ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
