// SPDX-License-Identifier: Apache-2.0
/* Counts packets and bytes by IP protocol, on each CPU. */
#include "bench.h"

struct counts {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct counts);
} protocols SEC(".maps");

#define MAPS(X) X(protocols)

BODY
{
	void *data = DATA, *end = DATA_END;
	struct iphdr *ip = ipv4(data, end);
	struct counts *counts;
	__u32 protocol;

	if (!ip)
		return XDP_PASS;
	protocol = ip->protocol;
	counts = bpf_map_lookup_elem(&protocols, &protocol);
	if (!counts)
		return XDP_PASS;
	counts->packets++;
	counts->bytes += end - data;
	return XDP_DROP;
}

XDP_PROGRAM(xdp_protocol_counter)
