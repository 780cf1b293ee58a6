// SPDX-License-Identifier: Apache-2.0
// build: -mcpu=v3
/* bpf_csum_diff of all sizes and seeds, and an address translation that mends checksums with it. */
#include "common.h"

static __always_inline __u16 fold(__s64 sum)
{
	__u64 folded = sum & 0xffffffff;

	folded = (folded & 0xffff) + (folded >> 16);
	folded = (folded & 0xffff) + (folded >> 16);
	return ~folded;
}

SEC("xdp")
int csum_sizes(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	__be32 from[16], to[16];
	__u32 from_size = random & 0x3c, to_size = random >> 8 & 0x3c;

	for (int i = 0; i < 8; i++) {
		*(__u64 *)&from[i * 2] = packet_u64(ctx, i * 3);
		*(__u64 *)&to[i * 2] = packet_u64(ctx, 20 + i * 5);
	}
	mix(bpf_csum_diff(from, from_size, to, to_size, random >> 16));
	mix(bpf_csum_diff(0, 0, to, to_size, 0));
	mix(bpf_csum_diff(from, from_size, 0, 0, (__u32)random));
	mix(bpf_csum_diff(from, 64, to, 64, 0xffffffff));
	mix(bpf_csum_diff(0, 0, 0, 0, random >> 3));
	mix(fold(bpf_csum_diff(0, 0, to, 40, 0)));
	return finish(ctx);
}

/* Sizes that are not multiples of 4. */
SEC("xdp")
int csum_odd(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	__be32 from[16], to[16];

	for (int i = 0; i < 8; i++) {
		*(__u64 *)&from[i * 2] = packet_u64(ctx, i * 3);
		*(__u64 *)&to[i * 2] = packet_u64(ctx, 20 + i * 5);
	}
	mix(bpf_csum_diff(from, random & 0x3f, to, random >> 8 & 0x3f, random >> 16));
	mix(bpf_csum_diff(0, 0, to, random >> 16 & 0x3f, random >> 24));
	mix(bpf_csum_diff(from, random >> 24 & 0x3f, 0, 0, random >> 30));
	return finish(ctx);
}

SEC("xdp")
int csum_translate(struct xdp_md *ctx)
{
	struct ethhdr *eth = DATA(ctx);
	struct iphdr *ip = (void *)(eth + 1);
	__be32 old, new;

	if ((void *)(ip + 1) > DATA_END(ctx) || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5)
		return XDP_PASS;
	old = ip->daddr;
	new = old ^ bpf_htonl(0x00010203);
	ip->daddr = new;
	ip->check = fold(bpf_csum_diff(&old, 4, &new, 4, ~ip->check));
	if (ip->protocol == IPPROTO_TCP) {
		struct tcphdr *tcp = (void *)(ip + 1);

		if ((void *)(tcp + 1) > DATA_END(ctx))
			return XDP_DROP;
		tcp->check = fold(bpf_csum_diff(&old, 4, &new, 4, ~tcp->check));
	} else if (ip->protocol == IPPROTO_UDP) {
		struct udphdr *udp = (void *)(ip + 1);

		if ((void *)(udp + 1) > DATA_END(ctx))
			return XDP_DROP;
		if (udp->check)
			udp->check = fold(bpf_csum_diff(&old, 4, &new, 4, ~udp->check));
	}
	return XDP_TX;
}

/* The whole header straight from the packet. */
SEC("xdp")
int csum_packet(struct xdp_md *ctx)
{
	struct iphdr *ip = DATA(ctx) + sizeof(struct ethhdr);

	if ((void *)(ip + 1) > DATA_END(ctx))
		return XDP_DROP;
	mix(bpf_csum_diff(0, 0, (__be32 *)ip, sizeof(*ip), 0));
	ip->check = 0;
	ip->check = fold(bpf_csum_diff(0, 0, (__be32 *)ip, sizeof(*ip), 0));
	return finish(ctx);
}
