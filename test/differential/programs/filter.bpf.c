// SPDX-License-Identifier: Apache-2.0
// build: -mcpu=v3
/* Filters as people write them: prefix lists for both families, ports, a limit a source by count, an LRU of recent sources. */
#include "common.h"

struct prefix4 {
	__u32 bits;
	__be32 address;
};

struct prefix6 {
	__u32 bits;
	struct in6_addr address;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, struct prefix4);
	__type(value, __u64);
} blocked4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, struct prefix6);
	__type(value, __u64);
} blocked6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u32);
} ports SEC(".maps");

struct source {
	__u32 seen;
	__u32 allowed;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __be32);
	__type(value, struct source);
} sources SEC(".maps");

const volatile __u32 limit = 4;

SEC("xdp")
int filter(struct xdp_md *ctx)
{
	struct ethhdr *eth = DATA(ctx);
	struct source *source;
	__u64 *hits;

	if ((void *)(eth + 1) > DATA_END(ctx))
		return XDP_ABORTED;
	if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip6 = (void *)(eth + 1);
		struct prefix6 key = { .bits = 128 };

		if ((void *)(ip6 + 1) > DATA_END(ctx))
			return XDP_DROP;
		key.address = ip6->saddr;
		hits = bpf_map_lookup_elem(&blocked6, &key);
		if (!hits)
			return XDP_PASS;
		__sync_fetch_and_add(hits, 1);
		return XDP_DROP;
	}
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = (void *)(eth + 1);
		struct prefix4 key = { .bits = 32 };
		__be32 address;

		if ((void *)(ip + 1) > DATA_END(ctx))
			return XDP_DROP;
		address = ip->saddr;
		key.address = address;
		hits = bpf_map_lookup_elem(&blocked4, &key);
		if (hits) {
			__sync_fetch_and_add(hits, 1);
			return XDP_DROP;
		}
		if (ip->protocol == IPPROTO_UDP && ip->ihl == 5) {
			struct udphdr *udp = (void *)(ip + 1);
			__u32 port, *count;

			if ((void *)(udp + 1) > DATA_END(ctx))
				return XDP_DROP;
			port = bpf_ntohs(udp->dest);
			count = bpf_map_lookup_elem(&ports, &port);
			if (count)
				*count += 1;
		}
		source = bpf_map_lookup_elem(&sources, &address);
		if (!source) {
			struct source fresh = { 1, 1 };

			bpf_map_update_elem(&sources, &address, &fresh, BPF_ANY);
			return XDP_PASS;
		}
		source->seen++;
		if (source->seen - source->allowed > limit) {
			source->allowed = source->seen;
			return XDP_TX;
		}
		return source->seen & 1 ? XDP_PASS : XDP_DROP;
	}
	return XDP_PASS;
}
