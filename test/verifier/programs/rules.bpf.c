/* SPDX-License-Identifier: Apache-2.0 */
/* Firewalls: lookups, lists of rules, offsets from the packet, results out of range. Some are right and some nearly so; the kernel is asked which. */
#include "programs.h"

struct flow {
	__u32 saddr, daddr;
	__u16 sport, dport;
	__u8 proto;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct flow);
	__type(value, __u64);
	__uint(max_entries, 1024);
} flows SEC(".maps");

struct rule {
	__u32 addr, mask;
	__u16 lo, hi;
	__u32 action;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct rule);
	__uint(max_entries, 64);
} rules SEC(".maps");
static __always_inline int parse(struct xdp_md *ctx, struct flow *f)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	if ((void *)(eth + 1) > end) return -1;
	if (eth->h_proto != bpf_htons(ETH_P_IP)) return -1;
	struct iphdr *ip = (void *)(eth + 1);
	if ((void *)(ip + 1) > end) return -1;
	__u32 ihl = ip->ihl * 4;
	if (ihl < 20) return -1;
	void *l4 = (void *)ip + ihl;
	f->saddr = ip->saddr;
	f->daddr = ip->daddr;
	f->proto = ip->protocol;
	struct udphdr *u = l4;
	if ((void *)(u + 1) > end) return -1;
	f->sport = u->source;
	f->dport = u->dest;
	return 0;
}

SEC("xdp") int ok_rules(struct xdp_md *ctx)
{
	struct flow f = {};
	if (parse(ctx, &f)) return XDP_PASS;
	for (__u32 i = 0; i < 64; i++) {
		__u32 k = i;
		struct rule *r = bpf_map_lookup_elem(&rules, &k);
		if (!r) break;
		if ((f.saddr & r->mask) == r->addr && f.dport >= r->lo && f.dport <= r->hi) return r->action & 7;
	}
	__u64 one = 1, *c = bpf_map_lookup_elem(&flows, &f);
	if (c) __sync_fetch_and_add(c, 1);
	else bpf_map_update_elem(&flows, &f, &one, BPF_ANY);
	return XDP_PASS;
}

SEC("xdp") int bad_uninit_key(struct xdp_md *ctx)
{
	struct flow f;
	f.saddr = 1;
	__u64 *c = bpf_map_lookup_elem(&flows, &f);
	return c ? *c & 1 : XDP_PASS;
}

SEC("xdp") int bad_null(struct xdp_md *ctx)
{
	__u32 k = ctx->rx_queue_index;
	struct rule *r = bpf_map_lookup_elem(&rules, &k);
	return r->action & 3;
}

SEC("xdp") int bad_vlan_loop(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	if ((void *)(eth + 1) > end) return XDP_DROP;
	__u16 proto = eth->h_proto;
	void *p = eth + 1;
	#pragma unroll
	for (int i = 0; i < 3; i++) {
		if (proto != bpf_htons(ETH_P_8021Q)) break;
		struct {
			__be16 tci, proto;
		}
		*v = p;
		if (p + 2 > end) return XDP_DROP;
		proto = v->proto;
		p += 4;
	}
	return proto == bpf_htons(ETH_P_IP) ? XDP_PASS : XDP_DROP;
}

SEC("xdp") int var_off(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	if (data + 64 > end) return XDP_DROP;
	__u8 off = *(__u8 *)data;
	__u8 *p = data + off;
	if (p + 1 > (__u8*)end) return XDP_DROP;
	return p[1] ? XDP_PASS : XDP_TX;
}

SEC("xdp") int big_off(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	if (data + 64 > end) return XDP_DROP;
	__u32 off = *(__u32 *)data;
	__u8 *p = data + (off & 0x1ffff);
	if (p + 1 > (__u8*)end) return XDP_DROP;
	return p[0] ? XDP_PASS : XDP_TX;
}

SEC("xdp") int ret_range(struct xdp_md *ctx)
{
	__u32 k = 0;
	struct rule *r = bpf_map_lookup_elem(&rules, &k);
	if (!r) return 17;
	r->lo = 0xffff;
	return r->action;
}

SEC("xdp") int oob_value(struct xdp_md *ctx)
{
	__u32 k = 0;
	struct rule *r = bpf_map_lookup_elem(&rules, &k);
	if (!r) return 0;
	return ((__u8*)r)[sizeof(*r) + (ctx->rx_queue_index & 1)];
}

SEC("xdp") int idx_value(struct xdp_md *ctx)
{
	__u32 k = 0, i = ctx->rx_queue_index;
	struct rule *r = bpf_map_lookup_elem(&rules, &k);
	if (!r) return 0;
	if (i > sizeof(*r)) return 0;
	return ((__u8*)r)[i];
}

SEC("xdp") int idx_signed(struct xdp_md *ctx)
{
	__u32 k = 0;
	int i = ctx->rx_queue_index;
	struct rule *r = bpf_map_lookup_elem(&rules, &k);
	if (!r) return 0;
	if (i >= (int)sizeof(*r)) return 0;
	return ((__u8*)r)[i];
}
