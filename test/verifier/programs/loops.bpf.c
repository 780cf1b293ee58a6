/* SPDX-License-Identifier: Apache-2.0 */
/* Loops, functions that helpers call, dynptrs, iterators, global functions. Some are right and some nearly so; the kernel is asked which. */
#include "programs.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} rb SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 4);
} cnt SEC(".maps");

struct lc {
	void *data, *end;
	__u32 sum;
};

static int step(__u32 i, struct lc *c)
{
	c->sum += i;
	return i > 10;
}

SEC("xdp") int loop_ok(struct xdp_md *ctx)
{
	struct lc c = { .sum = 0 };
	bpf_loop(100, step, &c, 0);
	return c.sum & 1;
}

static int step_pkt(__u32 i, struct lc *c)
{
	if (c->data + i + 1 > c->end) return 1;
	c->sum += *(__u8 *)(c->data + i);
	return 0;
}

SEC("xdp") int loop_pkt(struct xdp_md *ctx)
{
	struct lc c = { (void *)(long)ctx->data, (void *)(long)ctx->data_end, 0 };
	bpf_loop(64, step_pkt, &c, 0);
	return c.sum & 1;
}

static int step_bad(__u32 i, struct lc *c)
{
	return 7;
}

SEC("xdp") int loop_badret(struct xdp_md *ctx)
{
	struct lc c = {};
	bpf_loop(100, step_bad, &c, 0);
	return 1;
}

static int step_leak(__u32 i, void *c)
{
	void *p = bpf_ringbuf_reserve(&rb, 8, 0);
	return p ? 0 : 1;
}

SEC("xdp") int loop_leak(struct xdp_md *ctx)
{
	bpf_loop(10, step_leak, 0, 0);
	return 1;
}

SEC("xdp") int ring_leak(struct xdp_md *ctx)
{
	__u64 *p = bpf_ringbuf_reserve(&rb, 8, 0);
	if (!p) return 1;
	*p = 1;
	if (ctx->rx_queue_index == 3) return 2;
	bpf_ringbuf_submit(p, 0);
	return 1;
}

SEC("xdp") int ring_after(struct xdp_md *ctx)
{
	__u64 *p = bpf_ringbuf_reserve(&rb, 8, 0);
	if (!p) return 1;
	bpf_ringbuf_submit(p, 0);
	return *p;
}

SEC("xdp") int ring_oob(struct xdp_md *ctx)
{
	__u64 *p = bpf_ringbuf_reserve(&rb, 8, 0);
	if (!p) return 1;
	p[1] = 1;
	bpf_ringbuf_submit(p, 0);
	return 1;
}

SEC("xdp") int dyn_ok(struct xdp_md *ctx)
{
	struct bpf_dynptr d;
	bpf_ringbuf_reserve_dynptr(&rb, 64, 0, &d);
	__u64 v = 5;
	bpf_dynptr_write(&d, 0, &v, 8, 0);
	bpf_ringbuf_submit_dynptr(&d, 0);
	return 2;
}

SEC("xdp") int dyn_leak(struct xdp_md *ctx)
{
	struct bpf_dynptr d;
	bpf_ringbuf_reserve_dynptr(&rb, 64, 0, &d);
	return 2;
}

SEC("xdp") int dyn_twice(struct xdp_md *ctx)
{
	struct bpf_dynptr d;
	bpf_ringbuf_reserve_dynptr(&rb, 64, 0, &d);
	bpf_ringbuf_submit_dynptr(&d, 0);
	bpf_ringbuf_discard_dynptr(&d, 0);
	return 2;
}

SEC("xdp") int dyn_over(struct xdp_md *ctx)
{
	struct bpf_dynptr d;
	bpf_ringbuf_reserve_dynptr(&rb, 64, 0, &d);
	((char*)&d)[3] = ctx->rx_queue_index;
	bpf_ringbuf_submit_dynptr(&d, 0);
	return 2;
}
extern int bpf_dynptr_from_xdp(struct xdp_md *x, __u64 flags, struct bpf_dynptr *d) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *p, __u32 off, void *buf, __u32 szk) __ksym;
extern void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *p, __u32 off, void *buf, __u32 szk) __ksym;

SEC("xdp") int xdyn_ok(struct xdp_md *ctx)
{
	struct bpf_dynptr d;
	char b[14] = {};
	bpf_dynptr_from_xdp(ctx, 0, &d);
	struct ethhdr *e = bpf_dynptr_slice(&d, 0, b, 14);
	if (!e) return 1;
	return e->h_proto ? 2 : 1;
}

SEC("xdp") int xdyn_write_ro(struct xdp_md *ctx)
{
	struct bpf_dynptr d;
	char b[14] = {};
	bpf_dynptr_from_xdp(ctx, 0, &d);
	struct ethhdr *e = bpf_dynptr_slice(&d, 0, b, 14);
	if (!e) return 1;
	e->h_proto = 1;
	return 2;
}

SEC("xdp") int xdyn_short(struct xdp_md *ctx)
{
	struct bpf_dynptr d;
	char b[8] = {};
	bpf_dynptr_from_xdp(ctx, 0, &d);
	struct ethhdr *e = bpf_dynptr_slice_rdwr(&d, 0, b, 14);
	if (!e) return 1;
	e->h_proto = 1;
	return 2;
}

SEC("xdp") int xdyn_null(struct xdp_md *ctx)
{
	struct bpf_dynptr d;
	char b[14] = {};
	bpf_dynptr_from_xdp(ctx, 0, &d);
	struct ethhdr *e = bpf_dynptr_slice_rdwr(&d, 0, b, 14);
	e->h_proto = 1;
	return 2;
}

SEC("xdp") int xdyn_adjust(struct xdp_md *ctx)
{
	struct bpf_dynptr d;
	char b[14] = {};
	bpf_dynptr_from_xdp(ctx, 0, &d);
	struct ethhdr *e = bpf_dynptr_slice_rdwr(&d, 0, b, 14);
	if (!e) return 1;
	bpf_xdp_adjust_head(ctx, 4);
	e->h_proto = 1;
	return 2;
}

__noinline int glob(struct xdp_md *ctx, __u32 *v)
{
	if (!v) return 0;
	*v += ctx->rx_queue_index;
	return *v;
}

SEC("xdp") int glob_ok(struct xdp_md *ctx)
{
	__u32 v = 1;
	return glob(ctx, &v) & 1;
}

__noinline int glob_bad(struct xdp_md *ctx, __u32 *v)
{
	*v += ctx->rx_queue_index;
	return *v;
}

SEC("xdp") int glob_nonull(struct xdp_md *ctx)
{
	__u32 v = 1;
	return glob_bad(ctx, &v) & 1;
}

__noinline int glob_mem(__u64 *v, int n)
{
	if (v) return v[n & 1];
	return 0;
}

SEC("xdp") int glob_var(struct xdp_md *ctx)
{
	__u64 v[2] = {1,2};
	return glob_mem(v, ctx->rx_queue_index) & 1;
}

__noinline int glob_pkt(struct xdp_md *ctx)
{
	return bpf_xdp_adjust_head(ctx, 8);
}

SEC("xdp") int glob_inval(struct xdp_md *ctx)
{
	__u8 *d = (void*)(long)ctx->data, *e = (void*)(long)ctx->data_end;
	if (d + 1 > e) return 0;
	glob_pkt(ctx);
	return *d;
}

SEC("xdp") int forever(struct xdp_md *ctx)
{
	__u32 s = 0;
	for (;;) {
		if (ctx->rx_queue_index == 77) s++;
		asm volatile("" ::: "memory");
	}
	return s;
}

SEC("xdp") int iter_ok(struct xdp_md *ctx)
{
	int i, s = 0;
	bpf_for(i, 0, 100) {
		s += i;
		if (s > 1000) break;
	}
	return s & 1;
}

SEC("xdp") int iter_arr(struct xdp_md *ctx)
{
	__u64 v[8] = {};
	int i;
	bpf_for(i, 0, 8) v[i] = i;
	return v[ctx->rx_queue_index & 7] & 1;
}

SEC("xdp") int iter_arr_bad(struct xdp_md *ctx)
{
	__u64 v[8] = {};
	int i;
	bpf_for(i, 0, 9) v[i] = i;
	return v[ctx->rx_queue_index & 7] & 1;
}
extern int bpf_iter_num_new(struct bpf_iter_num *it, int a, int b) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;

SEC("xdp") int iter_leak(struct xdp_md *ctx)
{
	struct bpf_iter_num it;
	bpf_iter_num_new(&it, 0, 4);
	int *p = bpf_iter_num_next(&it);
	return p ? *p & 1 : 0;
}

SEC("xdp") int iter_null(struct xdp_md *ctx)
{
	struct bpf_iter_num it;
	bpf_iter_num_new(&it, 0, 4);
	int *p = bpf_iter_num_next(&it);
	int v = *p;
	bpf_iter_num_destroy(&it);
	return v & 1;
}
