/* SPDX-License-Identifier: Apache-2.0 */
/* As of 2018 and 2019: the kernel samples' map definitions with types annotated, the first form of .maps, a static program. */
#include "bpf.h"

struct bpf_map_def {
	__u32 type, key_size, value_size, max_entries, map_flags, inner_map_idx, numa_node;
};

struct counters { __u64 packets, bytes; };

struct bpf_map_def SEC("maps") plain = { .type = HASH, .key_size = 4, .value_size = 16, .max_entries = 64, .map_flags = 1 };
struct bpf_map_def SEC("maps") nested = { .type = ARRAY_OF_MAPS, .key_size = 4, .value_size = 4, .max_entries = 2, .inner_map_idx = 0 };

struct ____btf_map_plain { __u32 key; struct counters value; };
struct ____btf_map_plain __attribute__((section(".maps.plain"), used)) ____btf_map_plain = {};

struct {
	__u32 type, max_entries;
	__u32 *key;
	struct counters *value;
} first_form SEC(".maps") = { .type = ARRAY, .max_entries = 9 };

SEC("prog") static int from_2018(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;

	if (bpf_map_lookup_elem(&plain, &key) && bpf_map_lookup_elem(&nested, &key))
		return XDP_DROP;
	return bpf_map_lookup_elem(&first_form, &key) ? XDP_PASS : XDP_ABORTED;
}

char _license[] SEC("license") = "GPL";
