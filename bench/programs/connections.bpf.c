// SPDX-License-Identifier: Apache-2.0
/* A connection table: packets and bytes by five-tuple, in an LRU map. */
#include "bench.h"

struct flow {
	__be32 source;
	__be32 destination;
	__be16 source_port;
	__be16 destination_port;
	__u8 protocol;
	__u8 pad[3];
};

struct connection {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct flow);
	__type(value, struct connection);
} table SEC(".maps");

#define MAPS(X) X(table)

BODY
{
	void *data = DATA, *end = DATA_END;
	struct iphdr *ip = ipv4(data, end);
	struct connection *known;
	struct flow flow = {};
	struct udphdr *udp;

	if (!ip || (ip->protocol != IPPROTO_UDP && ip->protocol != IPPROTO_TCP))
		return XDP_PASS;
	udp = (void *)(ip + 1);
	if ((void *)(udp + 1) > end)
		return XDP_PASS;
	flow.source = ip->saddr;
	flow.destination = ip->daddr;
	flow.source_port = udp->source;
	flow.destination_port = udp->dest;
	flow.protocol = ip->protocol;
	known = bpf_map_lookup_elem(&table, &flow);
	if (known) {
		known->packets++;
		known->bytes += end - data;
	} else {
		struct connection fresh = { .packets = 1, .bytes = end - data };

		bpf_map_update_elem(&table, &flow, &fresh, BPF_ANY);
	}
	return XDP_PASS;
}

XDP_PROGRAM(xdp_connections)
