// SPDX-License-Identifier: Apache-2.0
/* Drops packets whose IPv4 source is in a trie of up to 1,048,576 prefixes. */
#include "bench.h"

struct prefix {
	__u32 bits;
	__u32 address;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1048576);
	__type(key, struct prefix);
	__type(value, __u32);
} blocklist SEC(".maps");

#define MAPS(X) X(blocklist)

BODY
{
	struct iphdr *ip = ipv4(DATA, DATA_END);
	struct prefix prefix = { .bits = 32 };

	if (!ip)
		return XDP_PASS;
	prefix.address = ip->saddr;
	return bpf_map_lookup_elem(&blocklist, &prefix) ? XDP_DROP : XDP_PASS;
}

XDP_PROGRAM(xdp_blocklist_lpm)
