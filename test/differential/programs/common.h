/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the differential programs share: everything that a program finds out goes through mix(), and finish() writes the sum into the
 * packet, so that the first packet on which two engines differ shows it.
 */
#ifndef COMMON_H
#define COMMON_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define DATA(ctx) ((void *)(long)(ctx)->data)
#define DATA_END(ctx) ((void *)(long)(ctx)->data_end)
#define DATA_META(ctx) ((void *)(long)(ctx)->data_meta)
/* Keeps the compiler from seeing through a value. */
#define OPAQUE(x) asm volatile("" : "+r"(x))

/* Sum of all that programs of this object found out so far. */
static __u64 mixed;

static __always_inline void mix(__u64 value)
{
	__u64 sum = (mixed ^ value) * 0x9e3779b97f4a7c15ULL;

	mixed = sum ^ (sum >> 29);
}

/* Eight bytes of the packet at a fixed place, 0 where the packet is shorter. */
static __always_inline __u64 packet_u64(struct xdp_md *ctx, __u32 offset)
{
	void *at = DATA(ctx) + offset;
	__u64 value = 0;

	if (at + 8 <= DATA_END(ctx))
		__builtin_memcpy(&value, at, 8);
	return value;
}

static __always_inline int finish(struct xdp_md *ctx)
{
	void *data = DATA(ctx);
	__u64 sum = mixed;

	if (data + 8 > DATA_END(ctx))
		return XDP_ABORTED;
	__builtin_memcpy(data, &sum, 8);
	return (sum >> 32) % 5;
}

char LICENSE[] SEC("license") = "GPL";

#endif
