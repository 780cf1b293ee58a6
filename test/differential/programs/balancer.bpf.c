// SPDX-License-Identifier: Apache-2.0
// build: -mcpu=v3
/* A layer 4 load balancer: services, a ring of backends, remembered connections, IP-in-IP and IPv6 encapsulation, pings answered. */
#include "common.h"

#define RING 251

struct service {
	__be32 address;
	__be16 port;
	__u8 protocol;
	__u8 spare;
};

struct connection {
	__be32 source;
	__be32 destination;
	__be16 ports[2];
	__u32 protocol;
};

struct echo {
	__u8 type;
	__u8 code;
	__u16 checksum;
	__u32 rest;
};

struct backend {
	__be32 address;
	__u32 flags;
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 512);
	__type(key, struct service);
	__type(value, __u32);
} services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RING * 4);
	__type(key, __u32);
	__type(value, __u32);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct backend);
} backends SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 100000);
	__type(key, struct connection);
	__type(value, __u32);
} connections SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} statistics SEC(".maps");

static __always_inline void count(__u32 what)
{
	__u64 *value = bpf_map_lookup_elem(&statistics, &what);

	if (value)
		*value += 1;
}

static __always_inline __u32 rotate(__u32 x, __u32 by)
{
	return x << by | x >> (32 - by);
}

/* Bob Jenkins' lookup3 over three words. */
static __always_inline __u32 hash3(__u32 a, __u32 b, __u32 c)
{
	a += 0xdeadbef7;
	b += 0xdeadbef7;
	c += 0xdeadbef7;
	c ^= b; c -= rotate(b, 14);
	a ^= c; a -= rotate(c, 11);
	b ^= a; b -= rotate(a, 25);
	c ^= b; c -= rotate(b, 16);
	a ^= c; a -= rotate(c, 4);
	b ^= a; b -= rotate(a, 14);
	c ^= b; c -= rotate(b, 24);
	return c;
}

static __always_inline __u16 header_sum(void *header, int words)
{
	__u16 *at = header;
	__u32 sum = 0;

#pragma unroll
	for (int i = 0; i < words; i++)
		sum += at[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~((sum & 0xffff) + (sum >> 16));
}

static __always_inline int encapsulate(struct xdp_md *ctx, __be32 to, __u32 flow)
{
	struct ethhdr *eth, *old;
	struct iphdr *ip;
	__u16 length = ctx->data_end - ctx->data - sizeof(*eth);

	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(*ip)))
		return XDP_DROP;
	eth = DATA(ctx);
	ip = (void *)(eth + 1);
	old = (void *)eth + sizeof(*ip);
	if ((void *)(old + 1) > DATA_END(ctx))
		return XDP_DROP;
	__builtin_memcpy(eth->h_source, old->h_dest, 6);
	__builtin_memcpy(eth->h_dest, old->h_source, 6);
	eth->h_proto = bpf_htons(ETH_P_IP);
	ip->version = 4;
	ip->ihl = 5;
	ip->tos = 0;
	ip->tot_len = bpf_htons(length + sizeof(*ip));
	ip->id = 0;
	ip->frag_off = 0;
	ip->ttl = 64;
	ip->protocol = IPPROTO_IPIP;
	ip->check = 0;
	ip->saddr = bpf_htonl(0xac100000 | (flow & 0xffff));
	ip->daddr = to;
	ip->check = header_sum(ip, 10);
	return XDP_TX;
}

static __always_inline int answer_ping(struct xdp_md *ctx, struct ethhdr *eth, struct iphdr *ip)
{
	struct echo *icmp = (void *)(ip + 1);
	__u8 mac[6];
	__be32 address = ip->saddr;
	__u32 sum;

	if ((void *)(icmp + 1) > DATA_END(ctx))
		return XDP_DROP;
	if (icmp->type != 8 || icmp->code != 0)
		return XDP_PASS;
	icmp->type = 0;
	sum = (__u16)icmp->checksum + 8;
	icmp->checksum = sum + (sum >> 16);
	ip->saddr = ip->daddr;
	ip->daddr = address;
	__builtin_memcpy(mac, eth->h_source, 6);
	__builtin_memcpy(eth->h_source, eth->h_dest, 6);
	__builtin_memcpy(eth->h_dest, mac, 6);
	return XDP_TX;
}

SEC("xdp")
int balancer(struct xdp_md *ctx)
{
	struct ethhdr *eth = DATA(ctx);
	struct iphdr *ip = (void *)(eth + 1);
	struct connection connection = {};
	struct service service = {};
	struct backend *backend;
	__u32 *found, *known, slot, number, flow;
	__be16 *ports;

	if ((void *)(ip + 1) > DATA_END(ctx) || eth->h_proto != bpf_htons(ETH_P_IP)) {
		count(0);
		return XDP_PASS;
	}
	if (ip->ihl != 5 || ip->frag_off & bpf_htons(0x3fff)) {
		count(1);
		return XDP_DROP;
	}
	if (ip->protocol == IPPROTO_ICMP)
		return answer_ping(ctx, eth, ip);
	if (ip->protocol != IPPROTO_TCP && ip->protocol != IPPROTO_UDP)
		return XDP_PASS;
	ports = (void *)(ip + 1);
	if ((void *)(ports + 2) > DATA_END(ctx)) {
		count(2);
		return XDP_DROP;
	}
	service.address = ip->daddr;
	service.port = ports[1];
	service.protocol = ip->protocol;
	found = bpf_map_lookup_elem(&services, &service);
	if (!found) {
		service.port = 0;
		found = bpf_map_lookup_elem(&services, &service);
	}
	if (!found) {
		count(3);
		return XDP_PASS;
	}
	connection.source = ip->saddr;
	connection.destination = ip->daddr;
	connection.ports[0] = ports[0];
	connection.ports[1] = ports[1];
	connection.protocol = ip->protocol;
	flow = hash3(connection.source, connection.destination, (__u32)ports[0] << 16 | ports[1]);
	known = bpf_map_lookup_elem(&connections, &connection);
	if (known) {
		number = *known;
		count(4);
	} else {
		slot = (*found & 3) * RING + flow % RING;
		known = bpf_map_lookup_elem(&ring, &slot);
		if (!known)
			return XDP_ABORTED;
		number = *known;
		bpf_map_update_elem(&connections, &connection, &number, BPF_ANY);
		count(5);
	}
	backend = bpf_map_lookup_elem(&backends, &number);
	if (!backend || !backend->address) {
		count(6);
		return XDP_DROP;
	}
	__sync_fetch_and_add(&backend->packets, 1);
	__sync_fetch_and_add(&backend->bytes, ctx->data_end - ctx->data);
	return encapsulate(ctx, backend->address, flow);
}
