/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the benchmark programs share. BODY is the program; TIMES of it run in one call of small ones, so that what an engine
 * needs for a packet besides (in BPF_PROG_TEST_RUN some 20 ns) does not swallow it. MAPS lists the maps, for the native build.
 */
#ifndef BENCH_H
#define BENCH_H

#ifndef NATIVE
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#endif
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#ifndef TIMES
#define TIMES 1
#endif

#ifdef NATIVE
#define XDP_PROGRAM(name)
#elif TIMES == 1
#define XDP_PROGRAM(name) SEC("xdp") int name(struct xdp_md *ctx) { return body(ctx); }
#else
/* Nothing is known of the context from one turn to the next: each does all its work. */
#define XDP_PROGRAM(name)                                                                                                  \
	SEC("xdp") int name(struct xdp_md *ctx)                                                                            \
	{                                                                                                                  \
		int ret = XDP_PASS;                                                                                        \
                                                                                                                           \
		_Pragma("clang loop unroll(disable)")                                                                      \
		for (int i = 0; i < TIMES; i++) {                                                                          \
			asm volatile("" : "+r"(ctx) : : "memory");                                                         \
			ret = body(ctx);                                                                                   \
		}                                                                                                          \
		return ret;                                                                                                \
	}
#endif

#define BODY static __always_inline int body(struct xdp_md *ctx)
#define DATA ((void *)(long)ctx->data)
#define DATA_END ((void *)(long)ctx->data_end)

/* The IPv4 header of the frame, or 0. */
static __always_inline struct iphdr *ipv4(void *data, void *end)
{
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);

	if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
		return 0;
	return ip;
}

#ifndef NATIVE
char LICENSE[] SEC("license") = "GPL";
#endif
#endif
