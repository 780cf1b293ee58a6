/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of map, what may be done with it and what not; timers, callbacks over maps, global variables, atomics. Some are right and some nearly so; the kernel is asked which. */
#include "programs.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 8);
} jmp SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u64[4]);
	__uint(max_entries, 8);
} h SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} rb SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 4);
} cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 4);
} xsks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__type(key, __u32);
	__type(value, struct bpf_devmap_val);
	__uint(max_entries, 4);
} devh SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, 1);
	__type(key, __u64);
	__type(value, __u32);
	__uint(max_entries, 4);
} lpm SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__type(value, __u32);
	__uint(max_entries, 4);
} q SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__type(value, __u32);
	__uint(max_entries, 4);
} bl SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
} pe SEC(".maps");
#define PKT __u8 *d = (void*)(long)ctx->data, *e = (void*)(long)ctx->data_end

SEC("xdp") int after_main(struct xdp_md *ctx)
{
	PKT;
	if (d + 1 > e) return 0;
	bpf_tail_call(ctx, &jmp, 1);
	return *d;
}

static __noinline int sub(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &jmp, 1);
	return 1;
}

SEC("xdp") int after_sub(struct xdp_md *ctx)
{
	PKT;
	if (d + 1 > e) return 0;
	sub(ctx);
	return *d;
}

static __noinline int sub2(struct xdp_md *ctx)
{
	PKT;
	if (d + 1 > e) return 0;
	bpf_tail_call(ctx, &jmp, 1);
	return *d;
}

SEC("xdp") int in_sub(struct xdp_md *ctx)
{
	return sub2(ctx);
}

SEC("xdp") int sub_value(struct xdp_md *ctx)
{
	__u32 k = 1;
	__u64 *v = bpf_map_lookup_elem(&h, &k);
	if (!v) return 0;
	return v[sub(ctx)];
}

SEC("xdp") int sub_value_masked(struct xdp_md *ctx)
{
	__u32 k = 1;
	__u64 *v = bpf_map_lookup_elem(&h, &k);
	if (!v) return 0;
	return v[sub(ctx) & 3];
}

__noinline int gsub(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &jmp, 1);
	return 1;
}

SEC("xdp") int after_gsub(struct xdp_md *ctx)
{
	PKT;
	if (d + 1 > e) return 0;
	gsub(ctx);
	return *d;
}

static __noinline int loopsub(struct xdp_md *ctx, int n)
{
	for (int i = 0; i < n; i++) bpf_tail_call(ctx, &jmp, i);
	return 1;
}

SEC("xdp") int loops(struct xdp_md *ctx)
{
	return loopsub(ctx, 3) & 1;
}

SEC("xdp") int ref_tail(struct xdp_md *ctx)
{
	void *p = bpf_ringbuf_reserve(&rb, 8, 0);
	if (!p) return 0;
	bpf_tail_call(ctx, &jmp, 1);
	bpf_ringbuf_discard(p, 0);
	return 1;
}

SEC("xdp") int cpu_upd(struct xdp_md *ctx)
{
	__u32 k = 1;
	bpf_map_update_elem(&cpus, &k, &k, 0);
	return 1;
}

SEC("xdp") int cpu_look(struct xdp_md *ctx)
{
	__u32 k = 1;
	return !!bpf_map_lookup_elem(&cpus, &k);
}

SEC("xdp") int xsk_look(struct xdp_md *ctx)
{
	__u32 k = 1;
	struct bpf_xdp_sock *s = bpf_map_lookup_elem(&xsks, &k);
	return s ? s->queue_id & 1 : 0;
}

SEC("xdp") int xsk_upd(struct xdp_md *ctx)
{
	__u32 k = 1;
	bpf_map_update_elem(&xsks, &k, &k, 0);
	return 1;
}

SEC("xdp") int devh_upd(struct xdp_md *ctx)
{
	__u32 k = 1;
	struct bpf_devmap_val v = {};
	bpf_map_update_elem(&devh, &k, &v, 0);
	return 1;
}

SEC("xdp") int devh_del(struct xdp_md *ctx)
{
	__u32 k = 1;
	bpf_map_delete_elem(&devh, &k);
	return 1;
}

SEC("xdp") int devh_write(struct xdp_md *ctx)
{
	__u32 k = 1;
	struct bpf_devmap_val *v = bpf_map_lookup_elem(&devh, &k);
	if (v) v->ifindex = 3;
	return 1;
}

SEC("xdp") int devh_read(struct xdp_md *ctx)
{
	__u32 k = 1;
	struct bpf_devmap_val *v = bpf_map_lookup_elem(&devh, &k);
	return v ? v->ifindex & 1 : 0;
}

SEC("xdp") int jmp_look(struct xdp_md *ctx)
{
	__u32 k = 1;
	return !!bpf_map_lookup_elem(&jmp, &k);
}

SEC("xdp") int lpm_ok(struct xdp_md *ctx)
{
	__u64 k = 32;
	__u32 *v = bpf_map_lookup_elem(&lpm, &k);
	return v ? *v & 1 : 0;
}

SEC("xdp") int q_ok(struct xdp_md *ctx)
{
	__u32 v = 1;
	bpf_map_push_elem(&q, &v, 0);
	__u32 w;
	bpf_map_pop_elem(&q, &w);
	return w & 1;
}

SEC("xdp") int q_uninit(struct xdp_md *ctx)
{
	__u32 v;
	bpf_map_push_elem(&q, &v, 0);
	return 0;
}

SEC("xdp") int q_look(struct xdp_md *ctx)
{
	__u32 k = 1;
	return !!bpf_map_lookup_elem(&q, &k);
}

SEC("xdp") int bl_ok(struct xdp_md *ctx)
{
	__u32 v = 1;
	return !!bpf_map_peek_elem(&bl, &v);
}

SEC("xdp") int bl_pop(struct xdp_md *ctx)
{
	__u32 v = 1;
	return !!bpf_map_pop_elem(&bl, &v);
}

SEC("xdp") int pe_ok(struct xdp_md *ctx)
{
	__u64 v[2] = {1, 2};
	bpf_perf_event_output(ctx, &pe, 0xffffffffULL | (64ULL << 32), v, 16);
	return 2;
}

SEC("xdp") int pe_short(struct xdp_md *ctx)
{
	__u64 v[2] = {1, 2};
	bpf_perf_event_output(ctx, &pe, 0xffffffffULL, v, 24);
	return 2;
}

SEC("xdp") int pe_pkt(struct xdp_md *ctx)
{
	PKT;
	if (d + 16 > e) return 0;
	bpf_perf_event_output(ctx, &pe, 0xffffffffULL, d, 16);
	return 2;
}

SEC("xdp") int foreach_cb(struct xdp_md *ctx);

static long cb(void *map, __u32 *key, __u64 *val, __u64 *c)
{
	*c += val[0];
	val[1] = *key;
	return 0;
}

SEC("xdp") int foreach(struct xdp_md *ctx)
{
	__u64 c = 0;
	bpf_for_each_map_elem(&h, cb, &c, 0);
	return c & 1;
}

static long cb2(void *map, __u32 *key, __u64 *val, __u64 *c)
{
	*key = 3;
	return 0;
}

SEC("xdp") int foreach_key(struct xdp_md *ctx)
{
	__u64 c = 0;
	bpf_for_each_map_elem(&h, cb2, &c, 0);
	return c & 1;
}

static long cb3(void *map, __u32 *key, __u64 *val, __u64 *c)
{
	return val[4];
}

SEC("xdp") int foreach_oob(struct xdp_md *ctx)
{
	__u64 c = 0;
	bpf_for_each_map_elem(&h, cb3, &c, 0);
	return c & 1;
}

static long cb4(void *map, __u32 *key, __u64 *val, void *c)
{
	bpf_map_delete_elem(map, key);
	return 0;
}

SEC("xdp") int foreach_del(struct xdp_md *ctx)
{
	bpf_for_each_map_elem(&h, cb4, 0, 0);
	return 1;
}

struct tv {
	struct bpf_timer t;
	__u64 x;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct tv);
	__uint(max_entries, 4);
} tm SEC(".maps");

static int tcb(void *map, __u32 *key, struct tv *v)
{
	v->x++;
	return 0;
}

SEC("xdp") int timer_ok(struct xdp_md *ctx)
{
	__u32 k = 0;
	struct tv *v = bpf_map_lookup_elem(&tm, &k);
	if (!v) return 1;
	bpf_timer_init(&v->t, &tm, 1);
	bpf_timer_set_callback(&v->t, tcb);
	bpf_timer_start(&v->t, 1000, 0);
	return 2;
}

static int tcb1(void *map, __u32 *key, struct tv *v)
{
	return v->x;
}

SEC("xdp") int timer_ret(struct xdp_md *ctx)
{
	__u32 k = 0;
	struct tv *v = bpf_map_lookup_elem(&tm, &k);
	if (!v) return 1;
	bpf_timer_set_callback(&v->t, tcb1);
	return 2;
}

SEC("xdp") int timer_direct(struct xdp_md *ctx)
{
	__u32 k = 0;
	struct tv *v = bpf_map_lookup_elem(&tm, &k);
	if (!v) return 1;
	*(__u64*)&v->t = 1;
	return 2;
}

SEC("xdp") int timer_wrongmap(struct xdp_md *ctx)
{
	__u32 k = 0;
	struct tv *v = bpf_map_lookup_elem(&tm, &k);
	if (!v) return 1;
	bpf_timer_init(&v->t, &h, 1);
	return 2;
}

int gvar = 3;
const volatile int cvar = 4;
static int svar[8];
const char msg[] = "hi";

SEC("xdp") int globals(struct xdp_md *ctx)
{
	gvar++;
	svar[ctx->rx_queue_index & 7] = cvar;
	return gvar & 1;
}

SEC("xdp") int globals_oob(struct xdp_md *ctx)
{
	svar[ctx->rx_queue_index & 15] = cvar;
	return gvar & 1;
}

SEC("xdp") int ro_write(struct xdp_md *ctx)
{
	*(volatile int *)&cvar = 3;
	return 1;
}

SEC("xdp") int dead(struct xdp_md *ctx)
{
	PKT;
	if (cvar == 5) return d[100];
	return 1;
}

SEC("xdp") int atomics(struct xdp_md *ctx)
{
	__sync_fetch_and_add(&gvar, 1);
	return 1;
}

SEC("xdp") int atomic_pkt(struct xdp_md *ctx)
{
	PKT;
	if (d + 8 > e) return 0;
	__sync_fetch_and_add((__u64*)d, 1);
	return 1;
}

SEC("xdp") int atomic_stack(struct xdp_md *ctx)
{
	volatile __u64 x = 0;
	__sync_fetch_and_add(&x, 1);
	return x & 1;
}

SEC("xdp/devmap") int dm(struct xdp_md *ctx)
{
	return ctx->egress_ifindex & 1;
}

SEC("xdp/cpumap") int cm(struct xdp_md *ctx)
{
	return ctx->egress_ifindex & 1;
}

SEC("xdp.frags") int fr(struct xdp_md *ctx)
{
	return bpf_xdp_get_buff_len(ctx) & 1;
}
