// SPDX-License-Identifier: Apache-2.0
// build: -mcpu=v3
/* Takes packets apart down to the ports, through VLAN tags, IPv4 options, IPv6 extension headers, GRE, IP in IP and VXLAN. */
#include "common.h"

struct vlan_header {
	__be16 tci;
	__be16 protocol;
};

struct flow {
	__u8 source[16];
	__u8 destination[16];
	__be16 ports[2];
	__u8 protocol;
	__u8 depth;
	__u8 spare[2];
};

struct counters {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct flow);
	__type(value, struct counters);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct counters);
} protocols SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} outcomes SEC(".maps");

enum outcome {
	PARSED,
	SHORT_ETHERNET,
	SHORT_VLAN,
	NOT_IP,
	SHORT_IP,
	BAD_IP,
	SHORT_EXTENSION,
	FRAGMENT,
	SHORT_PORTS,
	TOO_DEEP,
};

static __always_inline void count_outcome(__u32 outcome)
{
	__u64 *count = bpf_map_lookup_elem(&outcomes, &outcome);

	if (count)
		__sync_fetch_and_add(count, 1);
}

static __always_inline int is_extension(__u8 protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING || protocol == IPPROTO_DSTOPTS;
}

static __always_inline enum outcome take_apart(struct xdp_md *ctx, struct flow *flow)
{
	void *end = DATA_END(ctx);
	struct ethhdr *eth = DATA(ctx);
	void *at = eth + 1;
	__be16 protocol;

	if (at > end)
		return SHORT_ETHERNET;
	protocol = eth->h_proto;
#pragma unroll
	for (int i = 0; i < 2; i++) {
		struct vlan_header *vlan = at;

		if (protocol != bpf_htons(ETH_P_8021Q) && protocol != bpf_htons(ETH_P_8021AD))
			break;
		if ((void *)(vlan + 1) > end)
			return SHORT_VLAN;
		protocol = vlan->protocol;
		at = vlan + 1;
	}
	for (int depth = 0; depth < 2; depth++) {
		__u8 next;

		flow->depth = depth;
		if (protocol == bpf_htons(ETH_P_IP)) {
			struct iphdr *ip = at;

			if ((void *)(ip + 1) > end)
				return SHORT_IP;
			if (ip->version != 4 || ip->ihl < 5)
				return BAD_IP;
			__builtin_memset(flow->source, 0, 32);
			__builtin_memcpy(flow->source + 12, &ip->saddr, 4);
			__builtin_memcpy(flow->destination + 12, &ip->daddr, 4);
			next = ip->protocol;
			if (ip->frag_off & bpf_htons(0x1fff)) {
				flow->protocol = next;
				return FRAGMENT;
			}
			at += ip->ihl * 4;
		} else if (protocol == bpf_htons(ETH_P_IPV6)) {
			struct ipv6hdr *ip6 = at;

			if ((void *)(ip6 + 1) > end)
				return SHORT_IP;
			if (ip6->version != 6)
				return BAD_IP;
			__builtin_memcpy(flow->source, &ip6->saddr, 32);
			next = ip6->nexthdr;
			at = ip6 + 1;
			for (int i = 0; i < 2 && is_extension(next); i++) {
				__u8 *extension = at;

				if ((void *)(extension + 8) > end)
					return SHORT_EXTENSION;
				next = extension[0];
				at += (extension[1] + 1) * 8;
			}
			if (next == IPPROTO_FRAGMENT) {
				flow->protocol = next;
				return FRAGMENT;
			}
		} else {
			return NOT_IP;
		}
		flow->protocol = next;
		if (next == IPPROTO_IPIP) {
			protocol = bpf_htons(ETH_P_IP);
			continue;
		}
		if (next == IPPROTO_IPV6) {
			protocol = bpf_htons(ETH_P_IPV6);
			continue;
		}
		if (next == IPPROTO_GRE) {
			__be16 *gre = at;

			if ((void *)(gre + 2) > end)
				return SHORT_PORTS;
			protocol = gre[1];
			at += 4;
			if (gre[0] & bpf_htons(0x2000))
				at += 4;
			continue;
		}
		if (next == IPPROTO_TCP || next == IPPROTO_UDP) {
			__be16 *ports = at;

			if ((void *)(ports + 4) > end)
				return SHORT_PORTS;
			flow->ports[0] = ports[0];
			flow->ports[1] = ports[1];
			if (next == IPPROTO_UDP && ports[1] == bpf_htons(4789)) {
				struct ethhdr *inner = at + 16;

				if ((void *)(inner + 1) > end)
					return SHORT_PORTS;
				protocol = inner->h_proto;
				at = inner + 1;
				continue;
			}
		}
		return PARSED;
	}
	return TOO_DEEP;
}

SEC("xdp")
int parse(struct xdp_md *ctx)
{
	__u64 length = ctx->data_end - ctx->data;
	struct flow flow = {};
	struct counters *counters;
	enum outcome outcome = take_apart(ctx, &flow);
	__u32 protocol = flow.protocol;

	count_outcome(outcome);
	mix(outcome);
	counters = bpf_map_lookup_elem(&protocols, &protocol);
	if (counters) {
		counters->packets++;
		counters->bytes += length;
	}
	counters = bpf_map_lookup_elem(&flows, &flow);
	if (counters) {
		__sync_fetch_and_add(&counters->packets, 1);
		__sync_fetch_and_add(&counters->bytes, length);
		mix(counters->bytes);
	} else {
		struct counters first = { 1, length };

		mix(bpf_map_update_elem(&flows, &flow, &first, BPF_NOEXIST));
	}
	return finish(ctx);
}
