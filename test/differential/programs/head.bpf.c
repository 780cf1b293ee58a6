// SPDX-License-Identifier: Apache-2.0
// build: -mcpu=v3
/* bpf_xdp_adjust_head, _tail and _meta with whatever the packet says, VLAN tags pushed and popped, IP in IP, metadata. */
#include "common.h"

/* Sums the bytes that a program sees after a change: fresh ones must be zero or what was there before. */
static __always_inline void mix_ends(struct xdp_md *ctx)
{
	mix(ctx->data_end - ctx->data);
	mix(ctx->data - ctx->data_meta);
	mix(packet_u64(ctx, 0));
	mix(packet_u64(ctx, 8));
}

SEC("xdp")
int head_any(struct xdp_md *ctx)
{
	__s32 delta = (__s32)(packet_u64(ctx, 4) & 0x3ff) - 512;

	mix(bpf_xdp_adjust_head(ctx, delta));
	mix_ends(ctx);
	return finish(ctx);
}

SEC("xdp")
int head_limits(struct xdp_md *ctx)
{
	__u32 choice = packet_u64(ctx, 4) % 12;
	__s32 length = ctx->data_end - ctx->data;
	__s32 delta = 0;

	switch (choice) {
	case 0: delta = -216; break;
	case 1: delta = -217; break;
	case 2: delta = -215; break;
	case 3: delta = length - 14; break;
	case 4: delta = length - 13; break;
	case 5: delta = length; break;
	case 6: delta = 0; break;
	case 7: delta = -4; break;
	case 8: delta = 1; break;
	case 9: delta = 0x7fffffff; break;
	case 10: delta = -0x7fffffff - 1; break;
	case 11: delta = -8; break;
	}
	mix(choice);
	mix(bpf_xdp_adjust_head(ctx, delta));
	mix_ends(ctx);
	mix(bpf_xdp_adjust_head(ctx, -delta));
	mix_ends(ctx);
	return finish(ctx);
}

SEC("xdp")
int tail_any(struct xdp_md *ctx)
{
	__s32 delta = (__s32)(packet_u64(ctx, 4) & 0xfff) - 2048;
	__u32 last;

	mix(bpf_xdp_adjust_tail(ctx, delta));
	mix_ends(ctx);
	/* The last bytes, which are zero where the packet grew. */
	last = ctx->data_end - ctx->data - 8;
	if (last < 4096)
		mix(packet_u64(ctx, last));
	return finish(ctx);
}

SEC("xdp")
int tail_limits(struct xdp_md *ctx)
{
	__u32 choice = packet_u64(ctx, 4) % 9;
	__s32 length = ctx->data_end - ctx->data;
	__s32 delta = 0;

	switch (choice) {
	case 0: delta = 3520 - length; break;
	case 1: delta = 3521 - length; break;
	case 2: delta = 14 - length; break;
	case 3: delta = 13 - length; break;
	case 4: delta = -length; break;
	case 5: delta = 0; break;
	case 6: delta = 0x7fffffff; break;
	case 7: delta = -0x7fffffff - 1; break;
	case 8: delta = 1; break;
	}
	mix(choice);
	mix(bpf_xdp_adjust_tail(ctx, delta));
	mix_ends(ctx);
	return finish(ctx);
}

/* Shrinks and grows again: what was cut off must not come back. */
SEC("xdp")
int tail_clears(struct xdp_md *ctx)
{
	__s32 less = packet_u64(ctx, 4) & 63;
	__u8 *at, *end;

	mix(bpf_xdp_adjust_tail(ctx, -less));
	mix(bpf_xdp_adjust_tail(ctx, less));
	at = DATA(ctx);
	end = DATA_END(ctx);
	for (int i = 0; i < 200; i++) {
		if (at + i + 1 > end)
			break;
		mix(at[i]);
	}
	return finish(ctx);
}

SEC("xdp")
int meta_any(struct xdp_md *ctx)
{
	__s32 delta = (__s32)(packet_u64(ctx, 4) & 0x1ff) - 300;
	__u32 *meta, *data;

	mix(bpf_xdp_adjust_meta(ctx, delta));
	mix_ends(ctx);
	mix(bpf_xdp_adjust_meta(ctx, -(__s32)(packet_u64(ctx, 5) & 0x3c)));
	meta = DATA_META(ctx);
	data = DATA(ctx);
	if (meta + 1 <= data) {
		mix(*meta);
		*meta = 0xfeedface;
	}
	mix_ends(ctx);
	return finish(ctx);
}

/* Metadata moves with the head where it fits, and limits how far the head may go. */
SEC("xdp")
int meta_and_head(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 4);
	__u32 *meta, *data;

	mix(bpf_xdp_adjust_meta(ctx, -(__s32)(random & 0xfc)));
	meta = DATA_META(ctx);
	data = DATA(ctx);
	if (meta + 2 <= data) {
		meta[0] = random;
		meta[1] = random >> 32;
	}
	mix_ends(ctx);
	mix(bpf_xdp_adjust_head(ctx, (__s32)((random >> 8) & 0x1ff) - 256));
	mix_ends(ctx);
	mix(bpf_xdp_adjust_meta(ctx, (__s32)((random >> 17) & 0x3f) - 32));
	mix_ends(ctx);
	mix(bpf_xdp_adjust_tail(ctx, (__s32)((random >> 23) & 0xff) - 128));
	mix_ends(ctx);
	mix(bpf_xdp_adjust_head(ctx, (__s32)((random >> 31) & 0x7f) - 64));
	mix_ends(ctx);
	return finish(ctx);
}

struct vlan_tagged {
	__u8 addresses[12];
	__be16 tag;
	__be16 tci;
	__be16 protocol;
};

SEC("xdp")
int vlan_push_pop(struct xdp_md *ctx)
{
	struct vlan_tagged *frame = DATA(ctx);
	__u8 addresses[12];
	__be16 tci = bpf_htons(packet_u64(ctx, 6) & 0xfff);

	if ((void *)(frame + 1) > DATA_END(ctx))
		return XDP_DROP;
	__builtin_memcpy(addresses, frame->addresses, 12);
	if (frame->tag == bpf_htons(ETH_P_8021Q)) {
		if (bpf_xdp_adjust_head(ctx, 4))
			return XDP_ABORTED;
		if (DATA(ctx) + 12 > DATA_END(ctx))
			return XDP_ABORTED;
		__builtin_memcpy(DATA(ctx), addresses, 12);
		return XDP_PASS;
	}
	if (bpf_xdp_adjust_head(ctx, -4))
		return XDP_ABORTED;
	frame = DATA(ctx);
	if ((void *)(frame + 1) > DATA_END(ctx))
		return XDP_ABORTED;
	__builtin_memcpy(frame->addresses, addresses, 12);
	frame->tag = bpf_htons(ETH_P_8021Q);
	frame->tci = tci;
	return XDP_TX;
}

/* IPv4 in IPv4 with a computed header checksum. */
SEC("xdp")
int encapsulate(struct xdp_md *ctx)
{
	struct ethhdr *eth = DATA(ctx), saved;
	struct iphdr *ip = (void *)(eth + 1);
	__u16 *words;
	__u32 sum = 0, length;

	if ((void *)(ip + 1) > DATA_END(ctx))
		return XDP_DROP;
	if (eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	saved = *eth;
	length = ctx->data_end - ctx->data - sizeof(*eth);
	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(*ip)))
		return XDP_ABORTED;
	eth = DATA(ctx);
	ip = (void *)(eth + 1);
	if ((void *)(ip + 1) > DATA_END(ctx))
		return XDP_ABORTED;
	*eth = saved;
	__builtin_memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = bpf_htons(length + sizeof(*ip));
	ip->ttl = 64;
	ip->protocol = IPPROTO_IPIP;
	ip->saddr = bpf_htonl(0xac100001);
	ip->daddr = bpf_htonl(0x0a000000 | (length & 0xff));
	words = (__u16 *)ip;
#pragma unroll
	for (int i = 0; i < 10; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = ~sum;
	return XDP_TX;
}
