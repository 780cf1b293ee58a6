/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel functions: strings, resilient locks, saved interrupts, casts to the kernel's types. Some are right and some nearly so; the kernel is asked which. */
#include "programs.h"
extern int bpf_strcmp(const char *a, const char *b) __ksym;
extern int bpf_strlen(const char *a) __ksym;
extern int bpf_strchr(const char *a, char c) __ksym;
extern int bpf_strnchr(const char *a, size_t n, char c) __ksym;
extern int bpf_strnstr(const char *a, const char *b, size_t n) __ksym;
extern int bpf_strstr(const char *a, const char *b) __ksym;
extern int bpf_strcasecmp(const char *a, const char *b) __ksym;
extern int bpf_strspn(const char *a, const char *b) __ksym;
extern int bpf_strnlen(const char *a, size_t n) __ksym;
extern int bpf_res_spin_lock(struct bpf_res_spin_lock *l) __ksym;
extern void bpf_res_spin_unlock(struct bpf_res_spin_lock *l) __ksym;
extern int bpf_res_spin_lock_irqsave(struct bpf_res_spin_lock *l, unsigned long *f) __ksym;
extern void bpf_res_spin_unlock_irqrestore(struct bpf_res_spin_lock *l, unsigned long *f) __ksym;
extern void bpf_local_irq_save(unsigned long *f) __ksym;
extern void bpf_local_irq_restore(unsigned long *f) __ksym;
extern void *bpf_rdonly_cast(const void *o, __u32 id) __ksym;
extern void *bpf_cast_to_kern_ctx(void *o) __ksym;
extern int bpf_iter_num_new(struct bpf_iter_num *it, int a, int b) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;

struct rl {
	struct bpf_res_spin_lock l;
	__u64 n;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct rl);
	__uint(max_entries, 4);
} rm SEC(".maps");

struct sl {
	struct bpf_spin_lock l;
	__u64 n;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct sl);
	__uint(max_entries, 4);
} sm SEC(".maps");
#define RL(n) __u32 k##n = n; struct rl *v##n = bpf_map_lookup_elem(&rm, &k##n); if (!v##n) return 1
#define SL(n) __u32 q##n = n; struct sl *s##n = bpf_map_lookup_elem(&sm, &q##n); if (!s##n) return 1
#define PKT void *d = (void*)(long)ctx->data, *e = (void*)(long)ctx->data_end

SEC("xdp") int str_ok(struct xdp_md *ctx)
{
	char b[8] = "abc";
	return bpf_strcmp(b, "abc") == 0 ? 1 : 2;
}

SEC("xdp") int str_len(struct xdp_md *ctx)
{
	char b[8] = "abc";
	return bpf_strlen(b) + bpf_strchr(b, 'b') + bpf_strnchr(b, 3, 'c') + bpf_strnlen(b, 4);
}

SEC("xdp") int str_pkt(struct xdp_md *ctx)
{
	PKT;
	return bpf_strnstr(d, "GET", 100) >= 0 ? 1 : 2;
}

SEC("xdp") int str_num(struct xdp_md *ctx)
{
	return bpf_strstr((void*)7, "GET") + bpf_strcasecmp((void *)0, "x") + bpf_strspn("a", "b");
}

SEC("xdp") int res_ok(struct xdp_md *ctx)
{
	RL(0);
	if (bpf_res_spin_lock(&v0->l)) return 1;
	v0->n++;
	bpf_res_spin_unlock(&v0->l);
	return 2;
}

SEC("xdp") int res_unchecked(struct xdp_md *ctx)
{
	RL(0);
	bpf_res_spin_lock(&v0->l);
	v0->n++;
	bpf_res_spin_unlock(&v0->l);
	return 2;
}

SEC("xdp") int res_leak(struct xdp_md *ctx)
{
	RL(0);
	if (bpf_res_spin_lock(&v0->l)) return 1;
	v0->n++;
	return 2;
}

SEC("xdp") int res_twice(struct xdp_md *ctx)
{
	RL(0);
	if (bpf_res_spin_lock(&v0->l)) return 1;
	if (bpf_res_spin_lock(&v0->l)) {
		bpf_res_spin_unlock(&v0->l);
		return 1;
	}
	bpf_res_spin_unlock(&v0->l);
	bpf_res_spin_unlock(&v0->l);
	return 2;
}

SEC("xdp") int res_two(struct xdp_md *ctx)
{
	RL(0);
	RL(1);
	if (bpf_res_spin_lock(&v0->l)) return 1;
	if (bpf_res_spin_lock(&v1->l)) {
		bpf_res_spin_unlock(&v0->l);
		return 1;
	}
	bpf_res_spin_unlock(&v1->l);
	bpf_res_spin_unlock(&v0->l);
	return 2;
}

SEC("xdp") int res_order(struct xdp_md *ctx)
{
	RL(0);
	RL(1);
	if (bpf_res_spin_lock(&v0->l)) return 1;
	if (bpf_res_spin_lock(&v1->l)) {
		bpf_res_spin_unlock(&v0->l);
		return 1;
	}
	bpf_res_spin_unlock(&v0->l);
	bpf_res_spin_unlock(&v1->l);
	return 2;
}

SEC("xdp") int res_irq(struct xdp_md *ctx)
{
	RL(0);
	unsigned long f;
	if (bpf_res_spin_lock_irqsave(&v0->l, &f)) return 1;
	v0->n++;
	bpf_res_spin_unlock_irqrestore(&v0->l, &f);
	return 2;
}

SEC("xdp") int res_irqmix(struct xdp_md *ctx)
{
	RL(0);
	unsigned long f;
	if (bpf_res_spin_lock_irqsave(&v0->l, &f)) return 1;
	v0->n++;
	bpf_res_spin_unlock(&v0->l);
	bpf_local_irq_restore(&f);
	return 2;
}

SEC("xdp") int res_irqnative(struct xdp_md *ctx)
{
	RL(0);
	unsigned long f;
	bpf_local_irq_save(&f);
	if (bpf_res_spin_lock(&v0->l)) {
		bpf_local_irq_restore(&f);
		return 1;
	}
	bpf_res_spin_unlock(&v0->l);
	bpf_local_irq_restore(&f);
	return 2;
}

SEC("xdp") int res_irqwrong(struct xdp_md *ctx)
{
	RL(0);
	unsigned long f, g;
	bpf_local_irq_save(&f);
	if (bpf_res_spin_lock_irqsave(&v0->l, &g)) {
		bpf_local_irq_restore(&f);
		return 1;
	}
	bpf_res_spin_unlock_irqrestore(&v0->l, &f);
	bpf_local_irq_restore(&g);
	return 2;
}

SEC("xdp") int res_spin(struct xdp_md *ctx)
{
	RL(0);
	SL(0);
	bpf_spin_lock(&s0->l);
	if (bpf_res_spin_lock(&v0->l)) {
		bpf_spin_unlock(&s0->l);
		return 1;
	}
	bpf_res_spin_unlock(&v0->l);
	bpf_spin_unlock(&s0->l);
	return 2;
}

SEC("xdp") int spin_res(struct xdp_md *ctx)
{
	RL(0);
	SL(0);
	if (bpf_res_spin_lock(&v0->l)) return 1;
	bpf_spin_lock(&s0->l);
	bpf_spin_unlock(&s0->l);
	bpf_res_spin_unlock(&v0->l);
	return 2;
}

SEC("xdp") int res_helper(struct xdp_md *ctx)
{
	RL(0);
	if (bpf_res_spin_lock(&v0->l)) return 1;
	v0->n = bpf_ktime_get_ns();
	bpf_res_spin_unlock(&v0->l);
	return 2;
}

SEC("xdp") int res_wrongfield(struct xdp_md *ctx)
{
	RL(0);
	if (bpf_res_spin_lock((void *)&v0->n)) return 1;
	bpf_res_spin_unlock(&v0->l);
	return 2;
}

SEC("xdp") int res_stack(struct xdp_md *ctx)
{
	struct bpf_res_spin_lock l = {};
	if (bpf_res_spin_lock(&l)) return 1;
	bpf_res_spin_unlock(&l);
	return 2;
}

SEC("xdp") int res_nolock(struct xdp_md *ctx)
{
	RL(0);
	bpf_res_spin_unlock(&v0->l);
	return 2;
}

SEC("xdp") int res_nomap(struct xdp_md *ctx)
{
	SL(0);
	if (bpf_res_spin_lock((void *)&s0->l)) return 1;
	bpf_res_spin_unlock((void *)&s0->l);
	return 2;
}

SEC("xdp") int res_null(struct xdp_md *ctx)
{
	__u32 k = 0;
	struct rl *v = bpf_map_lookup_elem(&rm, &k);
	unsigned i = ctx->rx_queue_index;
	v = bpf_map_lookup_elem(&rm, &i);
	if (bpf_res_spin_lock(&v->l)) return 1;
	bpf_res_spin_unlock(&v->l);
	return 2;
}

SEC("xdp") int lock_iter(struct xdp_md *ctx)
{
	SL(0);
	struct bpf_iter_num it;
	bpf_spin_lock(&s0->l);
	bpf_iter_num_new(&it, 0, 5);
	while (bpf_iter_num_next(&it)) s0->n++;
	bpf_iter_num_destroy(&it);
	bpf_spin_unlock(&s0->l);
	return 2;
}

SEC("xdp") int lock_str(struct xdp_md *ctx)
{
	SL(0);
	bpf_spin_lock(&s0->l);
	s0->n = bpf_strlen("x");
	bpf_spin_unlock(&s0->l);
	return 2;
}

SEC("xdp") int cast_ok(struct xdp_md *ctx)
{
	struct xdp_buff *x = bpf_cast_to_kern_ctx(ctx);
	struct net_device *dev = x->rxq->dev;
	struct net_device *n = bpf_rdonly_cast(dev, bpf_core_type_id_kernel(struct net_device));
	return n->ifindex & 1;
}

SEC("xdp") int cast_write(struct xdp_md *ctx)
{
	struct net_device *n = bpf_rdonly_cast(ctx, bpf_core_type_id_kernel(struct net_device));
	n->ifindex = 1;
	return 1;
}

SEC("xdp") int cast_walk(struct xdp_md *ctx)
{
	struct net_device *n = bpf_rdonly_cast(ctx, bpf_core_type_id_kernel(struct net_device));
	return n->nd_net.net->ifindex & 1;
}

SEC("xdp") int cast_num(struct xdp_md *ctx)
{
	__u64 *n = bpf_rdonly_cast(ctx, bpf_core_type_id_kernel(__u64));
	return *n & 1;
}

SEC("xdp") int cast_void(struct xdp_md *ctx)
{
	__u64 *n = bpf_rdonly_cast((void *)8, 0);
	return *n & 1;
}

SEC("xdp") int cast_void_w(struct xdp_md *ctx)
{
	__u64 *n = bpf_rdonly_cast((void *)8, 0);
	*n = 1;
	return 1;
}

SEC("xdp") int cast_var(struct xdp_md *ctx)
{
	__u64 *n = bpf_rdonly_cast((void *)8, ctx->rx_queue_index);
	return *n & 1;
}

SEC("xdp") int cast_oob(struct xdp_md *ctx)
{
	struct net_device *n = bpf_rdonly_cast(ctx, bpf_core_type_id_kernel(struct net_device));
	return *(int *)((char *)n + 1000000) & 1;
}

SEC("xdp") int kctx_w(struct xdp_md *ctx)
{
	struct xdp_buff *x = bpf_cast_to_kern_ctx(ctx);
	x->data = 0;
	return 1;
}

SEC("xdp") int kctx_r(struct xdp_md *ctx)
{
	struct xdp_buff *x = bpf_cast_to_kern_ctx(ctx);
	return (x->frame_sz + (long)(x->data_end - x->data)) & 1;
}
