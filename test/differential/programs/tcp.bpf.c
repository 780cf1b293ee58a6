// SPDX-License-Identifier: Apache-2.0
// build: -mcpu=v3
/* TCP: options in a loop, a SipHash of the connection, SYNs answered in place, a histogram of sizes, a parser in tail calls. */
#include "common.h"

struct options {
	__u16 mss;
	__u8 scale;
	__u8 flags;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} sizes SEC(".maps");

struct scratch {
	__u64 offset;
	__u32 protocol;
	__u32 depth;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

#define ROTATE(x, b) ((x) << (b) | (x) >> (64 - (b)))
#define ROUND                                                                  \
	v0 += v1; v1 = ROTATE(v1, 13); v1 ^= v0; v0 = ROTATE(v0, 32);          \
	v2 += v3; v3 = ROTATE(v3, 16); v3 ^= v2;                               \
	v0 += v3; v3 = ROTATE(v3, 21); v3 ^= v0;                               \
	v2 += v1; v1 = ROTATE(v1, 17); v1 ^= v2; v2 = ROTATE(v2, 32)

/* SipHash-2-4 of two words, with a fixed key. */
static __noinline __u64 siphash(__u64 a, __u64 b)
{
	__u64 k0 = 0x0706050403020100, k1 = 0x0f0e0d0c0b0a0908;
	__u64 v0 = k0 ^ 0x736f6d6570736575, v1 = k1 ^ 0x646f72616e646f6d, v2 = k0 ^ 0x6c7967656e657261, v3 = k1 ^ 0x7465646279746573;

	v3 ^= a; ROUND; ROUND; v0 ^= a;
	v3 ^= b; ROUND; ROUND; v0 ^= b;
	v3 ^= 16ULL << 56; ROUND; ROUND; v0 ^= 16ULL << 56;
	v2 ^= 0xff; ROUND; ROUND; ROUND; ROUND;
	return v0 ^ v1 ^ v2 ^ v3;
}

static __always_inline __u32 log2_of(__u32 v)
{
	__u32 shift, result;

	result = (v > 0xffff) << 4; v >>= result;
	shift = (v > 0xff) << 3; v >>= shift; result |= shift;
	shift = (v > 0xf) << 2; v >>= shift; result |= shift;
	shift = (v > 0x3) << 1; v >>= shift; result |= shift;
	return result | v >> 1;
}

static __always_inline void read_options(struct xdp_md *ctx, __u8 *at, __u32 length, struct options *options)
{
	__u8 *end = DATA_END(ctx);
	__u32 used = 0;

	for (int i = 0; i < 10 && used < length && used < 40; i++) {
		__u8 *option = at + used;
		__u8 kind, size;

		if (option + 1 > end)
			return;
		kind = option[0];
		if (kind == 0)
			return;
		if (kind == 1) {
			used++;
			continue;
		}
		if (option + 2 > end)
			return;
		size = option[1];
		if (size < 2 || size > 40)
			return;
		if (kind == 2 && size == 4 && option + 4 <= end)
			options->mss = option[2] << 8 | option[3];
		if (kind == 3 && size == 3 && option + 3 <= end)
			options->scale = option[2];
		if (kind == 4)
			options->flags |= 1;
		if (kind == 8)
			options->flags |= 2;
		used += size;
	}
}

SEC("xdp")
int tcp_answer(struct xdp_md *ctx)
{
	struct ethhdr *eth = DATA(ctx);
	struct iphdr *ip = (void *)(eth + 1);
	struct tcphdr *tcp = (void *)(ip + 1);
	struct options options = {};
	__u32 bucket = log2_of(ctx->data_end - ctx->data), sequence;
	__u64 *size = bpf_map_lookup_elem(&sizes, &bucket), cookie;
	__be32 address;
	__be16 port;

	if (size)
		*size += 1;
	if ((void *)(tcp + 1) > DATA_END(ctx) || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5 || ip->protocol != IPPROTO_TCP)
		return XDP_PASS;
	if (tcp->doff > 5)
		read_options(ctx, (void *)(tcp + 1), tcp->doff * 4 - 20, &options);
	mix(options.mss);
	mix(options.scale);
	mix(options.flags);
	cookie = siphash((__u64)ip->saddr << 32 | ip->daddr, (__u64)tcp->source << 48 | (__u64)tcp->dest << 32 | tcp->seq);
	mix(cookie);
	if (!tcp->syn || tcp->ack) {
		if (tcp->ack && bpf_ntohl(tcp->ack_seq) == (__u32)cookie + 1)
			return XDP_PASS;
		return finish(ctx);
	}
	sequence = bpf_ntohl(tcp->seq);
	address = ip->saddr;
	ip->saddr = ip->daddr;
	ip->daddr = address;
	port = tcp->source;
	tcp->source = tcp->dest;
	tcp->dest = port;
	tcp->ack_seq = bpf_htonl(sequence + 1);
	tcp->seq = bpf_htonl(cookie);
	tcp->ack = 1;
	tcp->doff = 5;
	tcp->window = 0;
	tcp->check = 0;
	mix(bpf_xdp_adjust_tail(ctx, 54 - (int)(ctx->data_end - ctx->data)));
	return finish(ctx) == 0 ? XDP_DROP : XDP_TX;
}

int tcp_stage_ip(struct xdp_md *ctx);
int tcp_stage_ipv6(struct xdp_md *ctx);
int tcp_stage_ports(struct xdp_md *ctx);
int tcp_stage_vlan(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 300);
	__uint(key_size, sizeof(__u32));
	__array(values, int(void *));
} stages SEC(".maps") = {
	.values = {
		[4] = (void *)&tcp_stage_ip,
		[41] = (void *)&tcp_stage_ipv6,
		[6] = (void *)&tcp_stage_ports,
		[17] = (void *)&tcp_stage_ports,
		[256] = (void *)&tcp_stage_vlan,
	},
};

static __always_inline struct scratch *scratch_of(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratches, &zero);
}

static __always_inline int leave(struct xdp_md *ctx, struct scratch *scratch)
{
	mix(scratch->offset);
	mix(scratch->protocol);
	mix(scratch->depth);
	return finish(ctx);
}

static __always_inline int follow(struct xdp_md *ctx, struct scratch *scratch, __u32 next)
{
	scratch->protocol = next;
	scratch->depth++;
	bpf_tail_call(ctx, &stages, next);
	return leave(ctx, scratch);
}

/* The next stage of an EtherType. */
static __always_inline __u32 stage_of(__be16 protocol)
{
	if (protocol == bpf_htons(ETH_P_IP))
		return 4;
	if (protocol == bpf_htons(ETH_P_IPV6))
		return 41;
	if (protocol == bpf_htons(ETH_P_8021Q) || protocol == bpf_htons(ETH_P_8021AD))
		return 256;
	return 299;
}

SEC("xdp")
int tcp_pipeline(struct xdp_md *ctx)
{
	struct ethhdr *eth = DATA(ctx);
	struct scratch *scratch = scratch_of();

	if (!scratch || (void *)(eth + 1) > DATA_END(ctx))
		return XDP_ABORTED;
	scratch->offset = sizeof(*eth);
	scratch->depth = 0;
	return follow(ctx, scratch, stage_of(eth->h_proto));
}

SEC("xdp")
int tcp_stage_vlan(struct xdp_md *ctx)
{
	struct scratch *scratch = scratch_of();
	__be16 tag[2];

	if (!scratch)
		return XDP_ABORTED;
	if (bpf_xdp_load_bytes(ctx, scratch->offset, tag, 4))
		return leave(ctx, scratch);
	scratch->offset += 4;
	return follow(ctx, scratch, stage_of(tag[1]));
}

SEC("xdp")
int tcp_stage_ip(struct xdp_md *ctx)
{
	struct scratch *scratch = scratch_of();
	struct iphdr ip;

	if (!scratch)
		return XDP_ABORTED;
	if (bpf_xdp_load_bytes(ctx, scratch->offset, &ip, sizeof(ip)))
		return leave(ctx, scratch);
	scratch->offset += ip.ihl * 4;
	return follow(ctx, scratch, ip.protocol);
}

SEC("xdp")
int tcp_stage_ipv6(struct xdp_md *ctx)
{
	struct scratch *scratch = scratch_of();
	struct ipv6hdr ip6;

	if (!scratch)
		return XDP_ABORTED;
	if (bpf_xdp_load_bytes(ctx, scratch->offset, &ip6, sizeof(ip6)))
		return leave(ctx, scratch);
	scratch->offset += sizeof(ip6);
	return follow(ctx, scratch, ip6.nexthdr);
}

SEC("xdp")
int tcp_stage_ports(struct xdp_md *ctx)
{
	struct scratch *scratch = scratch_of();
	__be16 ports[2];

	if (!scratch)
		return XDP_ABORTED;
	if (!bpf_xdp_load_bytes(ctx, scratch->offset, ports, 4)) {
		mix(ports[0]);
		mix(ports[1]);
		ports[0] ^= 0xffff;
		mix(bpf_xdp_store_bytes(ctx, scratch->offset, ports, 4));
	}
	return leave(ctx, scratch);
}
