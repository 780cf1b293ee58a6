// SPDX-License-Identifier: Apache-2.0
/*
 * What a layer 4 load balancer does to a packet: looks up the VIP, hashes the flow, looks up the backend, puts an outer IPv4
 * header with its checksum before the packet. Then it takes it off again, so that the same packet can be run again.
 */
#include "bench.h"

#define RING 4096
#define BACKENDS 64

struct vip {
	__be32 address;
	__be16 port;
	__u8 protocol;
	__u8 pad;
};

struct vip_info {
	__u32 flags;
	__u32 number;
};

struct backend {
	__be32 address;
	__u32 flags;
};

struct counts {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 512);
	__type(key, struct vip);
	__type(value, struct vip_info);
} vips SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RING);
	__type(key, __u32);
	__type(value, __u32);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BACKENDS);
	__type(key, __u32);
	__type(value, struct backend);
} backends SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 512);
	__type(key, __u32);
	__type(value, struct counts);
} counters SEC(".maps");

#define MAPS(X) X(vips) X(ring) X(backends) X(counters)

static __always_inline __u32 rotate(__u32 word, __u32 bits)
{
	return (word << bits) | (word >> (32 - bits));
}

/* Three words into one, as the last round of Bob Jenkins's hash. */
static __always_inline __u32 mix(__u32 a, __u32 b, __u32 c)
{
	c ^= b; c -= rotate(b, 14);
	a ^= c; a -= rotate(c, 11);
	b ^= a; b -= rotate(a, 25);
	c ^= b; c -= rotate(b, 16);
	a ^= c; a -= rotate(c, 4);
	b ^= a; b -= rotate(a, 14);
	c ^= b; c -= rotate(b, 24);
	return c;
}

static __always_inline __u16 checksum(const struct iphdr *ip)
{
	const __u16 *words = (const __u16 *)ip;
	__u32 sum = 0;

#pragma unroll
	for (int i = 0; i < 10; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

BODY
{
	void *data = DATA, *end = DATA_END;
	struct iphdr *ip = ipv4(data, end), *outer;
	struct ethhdr *eth, saved;
	struct counts *counts;
	struct vip_info *info;
	struct backend *real;
	struct udphdr *udp;
	struct vip vip = {};
	__u32 at, *index;
	__u16 length;

	if (!ip || (ip->protocol != IPPROTO_UDP && ip->protocol != IPPROTO_TCP))
		return XDP_PASS;
	udp = (void *)(ip + 1);
	if ((void *)(udp + 1) > end)
		return XDP_PASS;
	vip.address = ip->daddr;
	vip.port = udp->dest;
	vip.protocol = ip->protocol;
	info = bpf_map_lookup_elem(&vips, &vip);
	if (!info)
		return XDP_PASS;
	at = mix(ip->saddr, (__u32)udp->source << 16 | udp->dest, info->number) % RING;
	index = bpf_map_lookup_elem(&ring, &at);
	if (!index)
		return XDP_DROP;
	real = bpf_map_lookup_elem(&backends, index);
	if (!real)
		return XDP_DROP;
	counts = bpf_map_lookup_elem(&counters, &info->number);
	if (counts) {
		counts->packets++;
		counts->bytes += end - data;
	}
	length = bpf_ntohs(ip->tot_len);
	saved = *(struct ethhdr *)data;

	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(*outer)))
		return XDP_DROP;
	data = DATA;
	end = DATA_END;
	eth = data;
	outer = (void *)(eth + 1);
	if ((void *)(outer + 1) > end)
		return XDP_DROP;
	*eth = saved;
	eth->h_proto = bpf_htons(ETH_P_IP);
	outer->version = 4;
	outer->ihl = 5;
	outer->tos = 0;
	outer->tot_len = bpf_htons(length + sizeof(*outer));
	outer->id = 0;
	outer->frag_off = 0;
	outer->ttl = 64;
	outer->protocol = IPPROTO_IPIP;
	outer->check = 0;
	outer->saddr = bpf_htonl(0x0a000001);
	outer->daddr = real->address;
	outer->check = checksum(outer);

	if (bpf_xdp_adjust_head(ctx, sizeof(*outer)))
		return XDP_DROP;
	data = DATA;
	end = DATA_END;
	eth = data;
	if ((void *)(eth + 1) > end)
		return XDP_DROP;
	*eth = saved;
	return XDP_TX;
}

XDP_PROGRAM(xdp_encapsulate)
