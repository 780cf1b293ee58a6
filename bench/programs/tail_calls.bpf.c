// SPDX-License-Identifier: Apache-2.0
/* A chain of eight tail calls, each program of which counts. */
#include "bench.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} steps SEC(".maps");

#define MAPS(X) X(steps)

static __always_inline void count(__u32 step)
{
	__u64 *steps_taken = bpf_map_lookup_elem(&steps, &step);

	if (steps_taken)
		*steps_taken += 1;
}

#ifdef NATIVE
/* Calls that a compiler cannot see through, in tail position. */
typedef int (*program)(struct xdp_md *);
static volatile program chain[9];
#define TAIL_CALL(n) return chain[n](ctx)
#define STEP(n, next) static int step_##n(struct xdp_md *ctx) { count(n - 1); next; }
#else
int step_1(struct xdp_md *ctx);
int step_2(struct xdp_md *ctx);
int step_3(struct xdp_md *ctx);
int step_4(struct xdp_md *ctx);
int step_5(struct xdp_md *ctx);
int step_6(struct xdp_md *ctx);
int step_7(struct xdp_md *ctx);
int step_8(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 9);
	__uint(key_size, 4);
	__array(values, int(struct xdp_md *));
} chain SEC(".maps") = {
	.values = {
		[1] = (void *)step_1, [2] = (void *)step_2, [3] = (void *)step_3, [4] = (void *)step_4,
		[5] = (void *)step_5, [6] = (void *)step_6, [7] = (void *)step_7, [8] = (void *)step_8,
	},
};

#define TAIL_CALL(n)                                                                                                       \
	bpf_tail_call(ctx, &chain, n);                                                                                     \
	return XDP_ABORTED
#define STEP(n, next) SEC("xdp") int step_##n(struct xdp_md *ctx) { count(n - 1); next; }
#endif

STEP(1, TAIL_CALL(2))
STEP(2, TAIL_CALL(3))
STEP(3, TAIL_CALL(4))
STEP(4, TAIL_CALL(5))
STEP(5, TAIL_CALL(6))
STEP(6, TAIL_CALL(7))
STEP(7, TAIL_CALL(8))
STEP(8, return XDP_DROP)

#ifdef NATIVE
#define NATIVE_SETUP                                                                                                       \
	chain[1] = step_1; chain[2] = step_2; chain[3] = step_3; chain[4] = step_4;                                        \
	chain[5] = step_5; chain[6] = step_6; chain[7] = step_7; chain[8] = step_8;
#endif

BODY
{
	TAIL_CALL(1);
}

XDP_PROGRAM(xdp_tail_calls)
