/* SPDX-License-Identifier: Apache-2.0 */
/* Parsers: options, extension headers, names, offsets that may be below 0, ends of packets written in every way. Some are right and some nearly so; the kernel is asked which. */
#include "programs.h"
#define PKT void *d = (void*)(long)ctx->data, *e = (void*)(long)ctx->data_end

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, char[32]);
	__type(value, __u64);
	__uint(max_entries, 8);
} names SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, char[256]);
	__uint(max_entries, 1);
} scratch SEC(".maps");

SEC("xdp") int tcpopt_noend(struct xdp_md *ctx) {
	PKT;
	struct tcphdr *t = d + 34;
	if ((void*)(t + 1) > e) return 2;
	__u8 *p = (void*)(t + 1);
	__u32 mss = 0;
	for (int i = 0; i < 20; i++) {
		if (p + 1 > (__u8*)e) break;
		__u8 k = *p;
		if (k == 0) break;
		if (k == 1) {
			p++;
			continue;
		}
		__u8 l = p[1];
		if (l < 2) break;
		p += l;
		mss++;
	}
	return mss > 3 ? 1 : 2;
}

SEC("xdp") int v6ext(struct xdp_md *ctx) {
	PKT;
	struct ipv6hdr *h = d + 14;
	if ((void*)(h + 1) > e) return 2;
	__u8 nh = h->nexthdr;
	void *p = h + 1;
	#pragma clang loop unroll(disable)
	for (int i = 0; i < 8; i++) {
		if (nh != 0 && nh != 43 && nh != 60) break;
		struct {
			__u8 n, l;
		} *x = p;
		if ((void*)(x + 1) > e) return 1;
		nh = x->n;
		p += (x->l + 1) * 8;
	}
	if (p + 8 > e) return 1;
	return nh == 17 ? 2 : 1;
}

SEC("xdp") int dns(struct xdp_md *ctx) {
	PKT;
	char key[32] = {};
	__u8 *p = d + 54;
	for (int i = 0; i < 31; i++) {
		if (p + 1 > (__u8*)e) break;
		if (!*p) break;
		key[i] = *p++;
	}
	return bpf_map_lookup_elem(&names, key) ? 1 : 2;
}

SEC("xdp") int dns_off(struct xdp_md *ctx) {
	PKT;
	char key[32] = {};
	__u8 *p = d + 54;
	for (int i = 0; i <= 32; i++) {
		if (p + 1 > (__u8*)e) break;
		if (!*p) break;
		key[i] = *p++;
	}
	return bpf_map_lookup_elem(&names, key) ? 1 : 2;
}

SEC("xdp") int dns_labels_nomask(struct xdp_md *ctx) {
	PKT;
	__u32 k = 0;
	char *s = bpf_map_lookup_elem(&scratch, &k);
	if (!s) return 1;
	__u8 *p = d + 54;
	__u32 o = 0;
	for (int i = 0; i < 4; i++) {
		if (p + 1 > (__u8*)e) return 2;
		__u32 l = *p++;
		if (!l || l > 63) break;
		o += l;
		if (o > 256) return 1;
		s[o] = 1;
		p += l;
	}
	return o & 1;
}

SEC("xdp") int memcpy_ok(struct xdp_md *ctx)
{
	PKT;
	char b[64] = {};
	if (d + 64 > e) return 1;
	__builtin_memcpy(b, d, 64);
	return b[ctx->rx_queue_index & 63] & 1;
}

SEC("xdp") int neg(struct xdp_md *ctx)
{
	PKT;
	int o = (int)ctx->rx_queue_index;
	if (o > 10) return 1;
	if (d + 20 > e) return 1;
	return *(__u8*)(d + o);
}

SEC("xdp") int neg2(struct xdp_md *ctx)
{
	PKT;
	int o = (int)ctx->rx_queue_index;
	if (o > 10 || o < 0) return 1;
	if (d + 20 > e) return 1;
	return *(__u8*)(d + o) & 1;
}

SEC("xdp") int neg3(struct xdp_md *ctx)
{
	PKT;
	int o = (int)ctx->rx_queue_index;
	if (o > 10 || o < -4) return 1;
	if (d + 20 > e) return 1;
	return *(__u8*)(d + 4 + o) & 1;
}

SEC("xdp") int len_arith(struct xdp_md *ctx)
{
	PKT;
	__u64 len = e - d;
	if (len < 60) return 1;
	return ((__u8*)d)[59];
}

SEC("xdp") int len_arith2(struct xdp_md *ctx)
{
	PKT;
	if (e < d + 60) return 1;
	return ((__u8*)d)[59] & 1;
}

SEC("xdp") int len_arith3(struct xdp_md *ctx)
{
	PKT;
	if (d + 60 >= e) return 1;
	return ((__u8*)d)[60] & 1;
}

SEC("xdp") int len_arith4(struct xdp_md *ctx)
{
	PKT;
	if (d + 60 <= e) return ((__u8*)d)[59] & 1;
	return 1;
}

SEC("xdp") int end_plus(struct xdp_md *ctx)
{
	PKT;
	if (e + 4 > d) return 1;
	return 2;
}

SEC("xdp") int ptr_mul(struct xdp_md *ctx)
{
	PKT;
	return ((long)d * 3) & 1;
}

SEC("xdp") int ptr_cmp(struct xdp_md *ctx)
{
	PKT;
	return d == (void*)0 ? 1 : 2;
}

SEC("xdp") int ptr_sub(struct xdp_md *ctx)
{
	PKT;
	return (e - d) > 100 ? 1 : 2;
}

static __noinline void *adv(void *p, void *e, __u32 n)
{
	if (n > 100) return 0;
	p += n;
	return p + 8 > e ? 0 : p;
}

SEC("xdp") int sub_ptr(struct xdp_md *ctx)
{
	PKT;
	__u8 *p = adv(d, e, ctx->rx_queue_index);
	if (!p) return 1;
	return p[7] & 1;
}

static __noinline int sum(__u8 *p, void *e)
{
	int s = 0;
	for (int i = 0; i < 16; i++) {
		if (p + i + 1 > (__u8*)e) break;
		s += p[i];
	}
	return s;
}

SEC("xdp") int sub_sum(struct xdp_md *ctx)
{
	PKT;
	return sum(d, e) & 1;
}

SEC("xdp") int shift(struct xdp_md *ctx)
{
	PKT;
	if (d + 64 > e) return 1;
	__u32 v = *(__u32*)d;
	char b[16] = {};
	return b[v >> 28] + b[(v >> 4) & 15];
}

SEC("xdp") int shift_bad(struct xdp_md *ctx)
{
	PKT;
	if (d + 64 > e) return 1;
	__u32 v = *(__u32*)d;
	volatile char b[16];
	b[0] = 0;
	return b[v >> 27];
}

SEC("xdp") int div0(struct xdp_md *ctx)
{
	PKT;
	if (d + 64 > e) return 1;
	__u32 v = *(__u32*)d;
	char b[16] = {};
	return b[v % 16] + b[(v / 3) % 16];
}

SEC("xdp") int stackread(struct xdp_md *ctx)
{
	volatile char b[16];
	return b[3];
}

SEC("xdp") int stackvar(struct xdp_md *ctx)
{
	volatile char b[16];
	b[ctx->rx_queue_index & 15] = 1;
	return b[(ctx->rx_queue_index + 1) & 15];
}
