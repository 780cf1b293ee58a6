// SPDX-License-Identifier: Apache-2.0
// build: -mcpu=v3
/* bpf_xdp_load_bytes, bpf_xdp_store_bytes and bpf_xdp_get_buff_len, inside, at and beyond the end; one program takes fragments. */
#include "common.h"

static __always_inline void exercise(struct xdp_md *ctx, __u32 offset, __u32 length)
{
	__u64 buffer[8] = {};

	if (length < 1 || length > 64)
		length = 64;
	mix(bpf_xdp_load_bytes(ctx, offset, buffer, length));
	for (int i = 0; i < 8; i++) {
		mix(buffer[i]);
		buffer[i] ^= mixed;
	}
	mix(bpf_xdp_store_bytes(ctx, offset, buffer, length));
	mix(bpf_xdp_get_buff_len(ctx));
}

static __always_inline int run(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	__u32 length = bpf_xdp_get_buff_len(ctx), size = random >> 12 & 63;

	mix(length);
	mix(ctx->data_end - ctx->data);
	exercise(ctx, random % (length + 8), size);
	exercise(ctx, length - size, size);
	exercise(ctx, length - size + 1, size);
	exercise(ctx, random, size);
	exercise(ctx, 0xffffffff - (random & 63), size);
	return finish(ctx);
}

SEC("xdp")
int bytes_linear(struct xdp_md *ctx)
{
	return run(ctx);
}

SEC("xdp.frags")
int bytes_frags(struct xdp_md *ctx)
{
	return run(ctx);
}

/* Around the border between the linear part and the fragments. */
SEC("xdp.frags")
int bytes_border(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);

	exercise(ctx, 3488 + (random & 63), random >> 6 & 63);
	exercise(ctx, 3520 + 4096 - 32 + (random >> 12 & 63), random >> 18 & 63);
	return finish(ctx);
}

/* Grows and shrinks with fragments. */
SEC("xdp.frags")
int bytes_frags_tail(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);

	mix(bpf_xdp_adjust_tail(ctx, -(__s32)(random & 0x3ff)));
	mix(bpf_xdp_get_buff_len(ctx));
	mix(ctx->data_end - ctx->data);
	return finish(ctx);
}

SEC("xdp.frags")
int bytes_frags_head(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);

	mix(bpf_xdp_adjust_head(ctx, (__s32)(random & 0xff) - 128));
	mix(bpf_xdp_get_buff_len(ctx));
	mix(ctx->data_end - ctx->data);
	return finish(ctx);
}
