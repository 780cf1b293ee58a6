/* SPDX-License-Identifier: Apache-2.0 */
/* Load balancers: encapsulation, tail calls and their stack, maps of maps, locks, sockets, sizes that vary. Some are right and some nearly so; the kernel is asked which. */
#include "programs.h"

struct vip {
	union {
		__be32 v4;
		__be32 v6[4];
	};
	__u16 port;
	__u8 proto;
};

struct vmeta {
	__u32 flags, num;
};

struct real {
	union {
		__be32 v4;
		__be32 v6[4];
	};
	__u8 flags;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct vip);
	__type(value, struct vmeta);
	__uint(max_entries, 512);
} vips SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 65537*2);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct real);
	__uint(max_entries, 4096);
} reals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 8);
} jmp SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, __u64);
	__type(value, __u64);
	__uint(max_entries, 100);
} in1 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__type(key, __u32);
	__uint(max_entries, 8);
	__array(values, struct inner);
} outer SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 4);
} pc SEC(".maps");

struct locked {
	struct bpf_spin_lock l;
	__u64 n;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct locked);
	__uint(max_entries, 4);
} lk SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 4);
} dev SEC(".maps");

static __always_inline __u32 rol32(__u32 w, unsigned s)
{
	return (w << s) | (w >> (32 - s));
}

static __noinline __u32 jh(__u32 a, __u32 b, __u32 c)
{
	a -= c;
	a ^= rol32(c, 4);
	c += b;
	b -= a;
	b ^= rol32(a, 6);
	return a ^ b ^ c;
}

SEC("xdp") int katran(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = data + 14;
	struct udphdr *u = data + 34;
	if ((void *)(u + 1) > end) return XDP_PASS;
	struct vip v = { .v4 = ip->daddr, .port = u->dest, .proto = ip->protocol };
	struct vmeta *m = bpf_map_lookup_elem(&vips, &v);
	if (!m) {
		v.port = 0;
		m = bpf_map_lookup_elem(&vips, &v);
		if (!m) return XDP_PASS;
	}
	__u32 key = 2 * (m->num % 512) + jh(ip->saddr, u->source, 7) % 65537;
	__u32 *pos = bpf_map_lookup_elem(&ring, &key);
	if (!pos) return XDP_DROP;
	key = *pos;
	struct real *r = bpf_map_lookup_elem(&reals, &key);
	if (!r) return XDP_DROP;
	__u16 len = bpf_ntohs(ip->tot_len);
	__be32 src = ip->saddr;
	if (bpf_xdp_adjust_head(ctx, -20)) return XDP_DROP;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	struct ethhdr *ne = data, *oe = data + 20;
	ip = data + 14;
	if ((void *)(oe + 1) > end || (void *)(ip + 1) > end) return XDP_DROP;
	__builtin_memcpy(ne, oe, 14);
	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = bpf_htons(len + 20);
	ip->daddr = r->v4;
	ip->saddr = src;
	ip->check = 0;
	__u32 csum = 0;
	__u16 *p = (void *)ip;
	#pragma unroll
	for (int i = 0; i < 10; i++) csum += *p++;
	ip->check = ~((csum & 0xffff) + (csum >> 16));
	return XDP_TX;
}

SEC("xdp") int stale(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + 14;
	if ((void *)(ip + 1) > end) return 1;
	if (bpf_xdp_adjust_head(ctx, -20)) return XDP_DROP;
	return ip->ttl ? 1 : 2;
}

SEC("xdp") int tails(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &jmp, ctx->rx_queue_index);
	return 1;
}

static __noinline int sub_tail(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &jmp, 3);
	return 2;
}

SEC("xdp") int tails_sub(struct xdp_md *ctx)
{
	return sub_tail(ctx);
}

static __noinline int big_stack(struct xdp_md *ctx)
{
	volatile char b[250];
	b[0] = ctx->rx_queue_index;
	b[249] = 3;
	sub_tail(ctx);
	return b[ctx->rx_queue_index & 127];
}

SEC("xdp") int tails_stack(struct xdp_md *ctx)
{
	volatile char b[64];
	b[1] = 1;
	return big_stack(ctx) + b[1];
}

static __noinline int st3(__u32 x)
{
	volatile char b[300];
	b[x & 255] = 3;
	return b[(x + 1) & 255];
}

SEC("xdp") int deep(struct xdp_md *ctx)
{
	volatile char b[300];
	b[ctx->rx_queue_index & 255] = 1;
	return st3(ctx->rx_queue_index) + b[3];
}

SEC("xdp") int mim(struct xdp_md *ctx)
{
	__u32 k = 0;
	void *m = bpf_map_lookup_elem(&outer, &k);
	if (!m) return 1;
	__u64 kk = 5, *v = bpf_map_lookup_elem(m, &kk);
	return v ? *v & 1 : 2;
}

SEC("xdp") int mim_null(struct xdp_md *ctx)
{
	__u32 k = 0;
	void *m = bpf_map_lookup_elem(&outer, &k);
	__u64 kk = 5, *v = bpf_map_lookup_elem(m, &kk);
	return v ? *v & 1 : 2;
}

SEC("xdp") int lock_ok(struct xdp_md *ctx)
{
	__u32 k = 0;
	struct locked *v = bpf_map_lookup_elem(&lk, &k);
	if (!v) return 1;
	bpf_spin_lock(&v->l);
	v->n++;
	bpf_spin_unlock(&v->l);
	return 2;
}

SEC("xdp") int lock_leak(struct xdp_md *ctx)
{
	__u32 k = 0;
	struct locked *v = bpf_map_lookup_elem(&lk, &k);
	if (!v) return 1;
	bpf_spin_lock(&v->l);
	v->n++;
	if (v->n == 9) return 2;
	bpf_spin_unlock(&v->l);
	return 2;
}

SEC("xdp") int lock_call(struct xdp_md *ctx)
{
	__u32 k = 0;
	struct locked *v = bpf_map_lookup_elem(&lk, &k);
	if (!v) return 1;
	bpf_spin_lock(&v->l);
	v->n = bpf_ktime_get_ns();
	bpf_spin_unlock(&v->l);
	return 2;
}

SEC("xdp") int lock_direct(struct xdp_md *ctx)
{
	__u32 k = 0;
	struct locked *v = bpf_map_lookup_elem(&lk, &k);
	if (!v) return 1;
	return *(__u32 *)&v->l;
}

SEC("xdp") int redirect(struct xdp_md *ctx)
{
	return bpf_redirect_map(&dev, ctx->rx_queue_index, XDP_PASS);
}

SEC("xdp") int devlookup(struct xdp_md *ctx)
{
	__u32 k = 0;
	__u32 *v = bpf_map_lookup_elem(&dev, &k);
	return v ? 1 : 2;
}

SEC("xdp") int devupdate(struct xdp_md *ctx)
{
	__u32 k = 0;
	bpf_map_update_elem(&dev, &k, &k, 0);
	return 2;
}

SEC("xdp") int ctxw(struct xdp_md *ctx)
{
	ctx->rx_queue_index = 3;
	return 2;
}

SEC("xdp") int ctxb(struct xdp_md *ctx)
{
	return *(volatile __u8 *)&ctx->rx_queue_index;
}

SEC("xdp") int ctxe(struct xdp_md *ctx)
{
	return ctx->egress_ifindex;
}

SEC("xdp") int meta(struct xdp_md *ctx)
{
	if (bpf_xdp_adjust_meta(ctx, -8)) return 1;
	void *m = (void*)(long)ctx->data_meta, *d = (void*)(long)ctx->data;
	if (m + 8 > d) return 1;
	*(__u64 *)m = 1;
	return 2;
}

SEC("xdp") int meta_bad(struct xdp_md *ctx)
{
	void *m = (void*)(long)ctx->data_meta, *d = (void*)(long)ctx->data_end;
	if (m + 8 > d) return 1;
	*(__u64 *)m = 1;
	return 2;
}

SEC("xdp") int sk(struct xdp_md *ctx)
{
	struct bpf_sock_tuple t = {};
	struct bpf_sock *s = bpf_sk_lookup_tcp(ctx, &t, sizeof(t.ipv4), -1, 0);
	if (!s) return 1;
	int r = s->state == 10;
	bpf_sk_release(s);
	return r;
}

SEC("xdp") int sk_leak(struct xdp_md *ctx)
{
	struct bpf_sock_tuple t = {};
	struct bpf_sock *s = bpf_sk_lookup_tcp(ctx, &t, sizeof(t.ipv4), -1, 0);
	return s ? 1 : 2;
}

SEC("xdp") int sk_uaf(struct xdp_md *ctx)
{
	struct bpf_sock_tuple t = {};
	struct bpf_sock *s = bpf_sk_lookup_tcp(ctx, &t, sizeof(t.ipv4), -1, 0);
	if (!s) return 1;
	bpf_sk_release(s);
	return s->state;
}

SEC("xdp") int fib(struct xdp_md *ctx)
{
	struct bpf_fib_lookup f = {};
	f.ifindex = ctx->ingress_ifindex;
	int r = bpf_fib_lookup(ctx, &f, sizeof(f), 0);
	return r ? 1 : bpf_redirect(f.ifindex, 0);
}

SEC("xdp") int fib_small(struct xdp_md *ctx)
{
	struct bpf_fib_lookup f;
	f.ifindex = ctx->ingress_ifindex;
	int r = bpf_fib_lookup(ctx, &f, sizeof(f), 0);
	return r ? 1 : 2;
}

SEC("xdp") int csum(struct xdp_md *ctx)
{
	__u32 *d = (void*)(long)ctx->data, *e = (void*)(long)ctx->data_end;
	if (d + 5 > e) return 1;
	return bpf_csum_diff(0, 0, d, 20, 0) & 1;
}

SEC("xdp") int csum_var(struct xdp_md *ctx)
{
	__u32 *d = (void*)(long)ctx->data, *e = (void*)(long)ctx->data_end;
	if (d + 5 > e) return 1;
	__u32 n = *d & 0x3c;
	return bpf_csum_diff(0, 0, d, n, 0) & 1;
}

SEC("xdp") int ldb(struct xdp_md *ctx)
{
	char b[32];
	__u32 n = ctx->rx_queue_index & 63;
	if (bpf_xdp_load_bytes(ctx, 0, b, n)) return 1;
	return b[0] & 1;
}

SEC("xdp") int ldb0(struct xdp_md *ctx)
{
	char b[64];
	__u32 n = ctx->rx_queue_index & 63;
	if (bpf_xdp_load_bytes(ctx, 0, b, n)) return 1;
	return b[0] & 1;
}

SEC("xdp") int ldbok(struct xdp_md *ctx)
{
	char b[64];
	__u32 n = ctx->rx_queue_index & 63;
	if (!n || bpf_xdp_load_bytes(ctx, 0, b, n)) return 1;
	return b[0] & 1;
}

SEC("xdp") int wrong_helper(struct xdp_md *ctx)
{
	char b[16];
	return bpf_get_current_comm(b, 16) & 1;
}

SEC("xdp") int probe(struct xdp_md *ctx)
{
	char b[16];
	return bpf_probe_read_kernel(b, 16, (void*)0x1000) & 1;
}

SEC("xdp") int ptr_leak(struct xdp_md *ctx)
{
	__u32 k = 0;
	__u64 *v = bpf_map_lookup_elem(&pc, &k);
	if (!v) return 1;
	*v = (long)ctx;
	return 2;
}

SEC("xdp") int ptr_ret(struct xdp_md *ctx)
{
	return (long)bpf_map_lookup_elem(&pc, &(__u32){0});
}

SEC("xdp") int fmt(struct xdp_md *ctx)
{
	bpf_printk("%d %s", 1, "a");
	return 2;
}

SEC("xdp") int fmt4(struct xdp_md *ctx)
{
	bpf_printk("%d %d %d %d", 1, 2, 3, ctx->rx_queue_index);
	return 2;
}
