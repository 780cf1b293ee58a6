// SPDX-License-Identifier: Apache-2.0
/*
 * A UDP flood filter: what one would put in front of a resolver or a game server.
 * In the order of the rules: blocked prefixes (IPv4 and IPv6), UDP fragments behind the first (what is left of large
 * amplified answers), answers of amplifiers that are larger than a service's normal answers, and UDP sources that send
 * faster than a token bucket refills.
 * Every packet counts under exactly one rule.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

enum rule {
	RULE_PASS,
	RULE_BLOCKLIST_V4,
	RULE_BLOCKLIST_V6,
	RULE_FRAGMENT,
	RULE_AMPLIFICATION,
	RULE_RATE_LIMIT,
	RULE_MALFORMED,
	RULE_COUNT,
};

struct hits {
	__u64 packets;
	__u64 bytes;
};

struct prefix_v4 {
	__u32 bits;
	__u8 address[4];
};

struct prefix_v6 {
	__u32 bits;
	__u8 address[16];
};

/* One source, IPv4 mapped into IPv6 (::ffff:a.b.c.d). */
struct source {
	__u32 address[4];
};

struct bucket {
	__u64 refilled_ns;
	__u64 credit_ns;
};

struct vlan_header {
	__be16 tci;
	__be16 protocol;
};

struct fragment_header {
	__u8 nexthdr;
	__u8 reserved;
	__be16 offset;
	__be32 identification;
};

/* A source may send RATE_PPS packets a second, and BURST packets at once. */
const volatile __u64 rate_pps = 2000;
const volatile __u64 burst = 64;
/* Fragments behind the first have no UDP header to judge: 1 drops them. */
const volatile __u32 drop_fragments = 1;

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct prefix_v4);
	__type(value, __u32);
} blocklist_v4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct prefix_v6);
	__type(value, __u32);
} blocklist_v6 SEC(".maps");

/* UDP source port of an amplifiable service (network order) -> longest answer that is still normal, bytes of UDP. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __be16);
	__type(value, __u32);
} amplification_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct source);
	__type(value, struct bucket);
} buckets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, RULE_COUNT);
	__type(key, __u32);
	__type(value, struct hits);
} rule_hits SEC(".maps");

static __always_inline int verdict(struct xdp_md *ctx, __u32 rule, int action)
{
	struct hits *hits = bpf_map_lookup_elem(&rule_hits, &rule);

	if (hits) {
		hits->packets++;
		hits->bytes += ctx->data_end - ctx->data;
	}
	return action;
}

/* The bucket holds time: a packet costs 1/rate seconds of credit, of which at most burst packets' worth is kept. */
static __always_inline int over_rate(const struct source *source)
{
	__u64 now = bpf_ktime_get_ns();
	__u64 cost = 1000000000ULL / rate_pps;
	__u64 most = cost * burst;
	struct bucket *bucket = bpf_map_lookup_elem(&buckets, source);
	__u64 credit;

	if (!bucket) {
		struct bucket fresh = { .refilled_ns = now, .credit_ns = most - cost };

		bpf_map_update_elem(&buckets, source, &fresh, BPF_ANY);
		return 0;
	}
	credit = bucket->credit_ns;
	/* Another CPU may have refilled it at a later time than ours. */
	if (now > bucket->refilled_ns) {
		credit += now - bucket->refilled_ns;
		bucket->refilled_ns = now;
	}
	if (credit > most)
		credit = most;
	if (credit < cost) {
		bucket->credit_ns = credit;
		return 1;
	}
	bucket->credit_ns = credit - cost;
	return 0;
}

static __always_inline int filter_udp(struct xdp_md *ctx, struct udphdr *udp, void *end, const struct source *source)
{
	__u32 *longest;

	if ((void *)(udp + 1) > end)
		return verdict(ctx, RULE_MALFORMED, XDP_DROP);
	longest = bpf_map_lookup_elem(&amplification_ports, &udp->source);
	if (longest && bpf_ntohs(udp->len) > *longest)
		return verdict(ctx, RULE_AMPLIFICATION, XDP_DROP);
	if (over_rate(source))
		return verdict(ctx, RULE_RATE_LIMIT, XDP_DROP);
	return verdict(ctx, RULE_PASS, XDP_PASS);
}

static __always_inline int filter_fragment(struct xdp_md *ctx)
{
	if (drop_fragments)
		return verdict(ctx, RULE_FRAGMENT, XDP_DROP);
	return verdict(ctx, RULE_PASS, XDP_PASS);
}

static __always_inline int filter_v4(struct xdp_md *ctx, struct iphdr *ip, void *end)
{
	struct prefix_v4 prefix = { .bits = 32 };
	struct source source = {};
	__u32 header;

	if ((void *)(ip + 1) > end || ip->version != 4 || ip->ihl < 5)
		return verdict(ctx, RULE_MALFORMED, XDP_DROP);
	__builtin_memcpy(prefix.address, &ip->saddr, 4);
	if (bpf_map_lookup_elem(&blocklist_v4, &prefix))
		return verdict(ctx, RULE_BLOCKLIST_V4, XDP_DROP);
	if (ip->protocol != IPPROTO_UDP)
		return verdict(ctx, RULE_PASS, XDP_PASS);
	if (ip->frag_off & bpf_htons(0x1fff))
		return filter_fragment(ctx);
	source.address[2] = bpf_htonl(0xffff);
	source.address[3] = ip->saddr;
	header = ip->ihl * 4;
	return filter_udp(ctx, (void *)ip + header, end, &source);
}

static __always_inline int filter_v6(struct xdp_md *ctx, struct ipv6hdr *ip, void *end)
{
	struct prefix_v6 prefix = { .bits = 128 };
	struct source source;

	if ((void *)(ip + 1) > end || ip->version != 6)
		return verdict(ctx, RULE_MALFORMED, XDP_DROP);
	__builtin_memcpy(prefix.address, &ip->saddr, 16);
	if (bpf_map_lookup_elem(&blocklist_v6, &prefix))
		return verdict(ctx, RULE_BLOCKLIST_V6, XDP_DROP);
	if (ip->nexthdr == IPPROTO_FRAGMENT) {
		const struct fragment_header *fragment = (void *)(ip + 1);

		if ((void *)(fragment + 1) > end)
			return verdict(ctx, RULE_MALFORMED, XDP_DROP);
		if (fragment->nexthdr != IPPROTO_UDP)
			return verdict(ctx, RULE_PASS, XDP_PASS);
		if (fragment->offset & bpf_htons(0xfff8))
			return filter_fragment(ctx);
		__builtin_memcpy(source.address, &ip->saddr, 16);
		return filter_udp(ctx, (void *)(fragment + 1), end, &source);
	}
	if (ip->nexthdr != IPPROTO_UDP)
		return verdict(ctx, RULE_PASS, XDP_PASS);
	__builtin_memcpy(source.address, &ip->saddr, 16);
	return filter_udp(ctx, (void *)(ip + 1), end, &source);
}

SEC("xdp")
int xdp_dos_filter(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct vlan_header *vlan;
	void *network = eth + 1;
	__be16 protocol;

	if (network > end)
		return verdict(ctx, RULE_MALFORMED, XDP_DROP);
	protocol = eth->h_proto;
#pragma unroll
	for (int tag = 0; tag < 2; tag++) {
		if (protocol != bpf_htons(ETH_P_8021Q) && protocol != bpf_htons(ETH_P_8021AD))
			break;
		vlan = network;
		if ((void *)(vlan + 1) > end)
			return verdict(ctx, RULE_MALFORMED, XDP_DROP);
		protocol = vlan->protocol;
		network = vlan + 1;
	}
	if (protocol == bpf_htons(ETH_P_IP))
		return filter_v4(ctx, network, end);
	if (protocol == bpf_htons(ETH_P_IPV6))
		return filter_v6(ctx, network, end);
	return verdict(ctx, RULE_PASS, XDP_PASS);
}

char LICENSE[] SEC("license") = "Apache-2.0";
