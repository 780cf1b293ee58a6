// SPDX-License-Identifier: Apache-2.0
/* Drops packets whose IPv4 source is in a hash map of up to 1,048,576 addresses. */
#include "bench.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1048576);
	__type(key, __u32);
	__type(value, __u64);
} blocklist SEC(".maps");

#define MAPS(X) X(blocklist)

BODY
{
	struct iphdr *ip = ipv4(DATA, DATA_END);
	__u64 *hits;
	__u32 source;

	if (!ip)
		return XDP_PASS;
	source = ip->saddr;
	hits = bpf_map_lookup_elem(&blocklist, &source);
	if (!hits)
		return XDP_PASS;
	*hits += 1;
	return XDP_DROP;
}

XDP_PROGRAM(xdp_blocklist_hash)
