/* SPDX-License-Identifier: Apache-2.0 */
/* Relocations of every kind, against kernels that core_new.bpf.c and core_old.bpf.c invent. */
#include "bpf.h"

#define preserve __attribute__((preserve_access_index))
#define field(expression, what) __builtin_preserve_field_info(expression, what)
#define type(name, what) __builtin_preserve_type_info(*(name *)0, what)
#define enumval(name, value, what) __builtin_preserve_enum_value(*(typeof(name) *)value, what)
enum { BYTE_OFFSET, BYTE_SIZE, EXISTS, SIGNED, LSHIFT, RSHIFT };
enum { TYPE_EXISTS, TYPE_SIZE, TYPE_MATCHES };
enum { VALUE_EXISTS, VALUE };

struct inner { __u32 a; } preserve;

struct device {
	__u64 first;
	__u32 queue;
	__u16 count;
	signed char level;
	struct inner parts[4];
	void *owner;
	__u32 low : 5;
	int high : 7;
} preserve;

/* The same device, as kernels before had it. */
struct device___before { __u32 rx_queue; } preserve;

struct absent { int x; } preserve;
typedef __u32 handle;
union word { __u32 whole; __u8 parts[4]; } preserve;
enum state { IDLE = 1, BUSY = 2, GONE = 3 };
enum large { HUGE = 0x1234567890ULL };

SEC("xdp") int fields(struct xdp_md *ctx)
{
	struct device *d = (void *)(long)ctx->data;

	if ((void *)(d + 8) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	d->count = 3;
	return d->queue + d->count + d->parts[2].a + (d[1].first & 3) + ((long)d->owner & 1);
}

SEC("xdp") int questions(struct xdp_md *ctx)
{
	struct device *d = 0;
	__u64 sum = 0;

	sum += field(d->queue, BYTE_OFFSET) + field(d->queue, BYTE_SIZE) * 3 + field(d->level, SIGNED) * 5;
	sum += field(d->low, BYTE_OFFSET) * 7 + field(d->low, BYTE_SIZE) * 11 + field(d->low, LSHIFT) * 13 + field(d->low, RSHIFT) * 17;
	sum += field(d->high, LSHIFT) * 19 + field(d->high, RSHIFT) * 23 + field(d->high, SIGNED) * 29;
	sum += field(((struct absent *)0)->x, EXISTS) * 31 + field(((struct device___before *)0)->rx_queue, EXISTS) * 37;
	sum += type(struct device, TYPE_EXISTS) * 41 + type(struct absent, TYPE_EXISTS) * 43 + type(struct device, TYPE_SIZE) * 47;
	sum += type(handle, TYPE_EXISTS) * 53 + type(union word, TYPE_MATCHES) * 59 + type(struct inner, TYPE_MATCHES) * 61 + type(enum state, TYPE_MATCHES) * 67;
	sum += enumval(enum state, BUSY, VALUE_EXISTS) * 71 + enumval(enum state, GONE, VALUE_EXISTS) * 73 + enumval(enum state, BUSY, VALUE) * 79;
	sum += enumval(enum large, HUGE, VALUE);
	sum += __builtin_btf_type_id(*(struct device *)0, 0) * 83 + __builtin_btf_type_id(*(struct device *)0, 1) * 89;
	return sum;
}

/* What is not there is asked for first. */
SEC("xdp") int guarded(struct xdp_md *ctx)
{
	struct device *d = (void *)(long)ctx->data;
	struct device___before *b = (void *)d;

	if ((void *)(d + 8) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	if (field(b->rx_queue, EXISTS))
		return b->rx_queue & 1 ? XDP_DROP : XDP_TX;
	return d->queue & 1 ? XDP_DROP : XDP_PASS;
}

SEC("xdp") int unguarded(struct xdp_md *ctx)
{
	struct absent *a = (void *)(long)ctx->data;

	if ((void *)(a + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	return a->x & 1 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
