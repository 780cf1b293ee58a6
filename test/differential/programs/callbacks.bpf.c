// SPDX-License-Identifier: Apache-2.0
// build: -mcpu=v3
/* Functions that helpers call back, locks, timers, numbers from text, dynptrs and kernel functions, on whatever the packet holds. */
#include "common.h"

extern int bpf_dynptr_from_xdp(struct xdp_md *xdp, __u64 flags, struct bpf_dynptr *ptr) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *ptr, __u32 offset, void *buffer, __u32 buffer__szk) __ksym;
extern void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *ptr, __u32 offset, void *buffer, __u32 buffer__szk) __ksym;
extern int bpf_dynptr_adjust(const struct bpf_dynptr *ptr, __u32 start, __u32 end) __ksym;
extern __u32 bpf_dynptr_size(const struct bpf_dynptr *ptr) __ksym;
struct bpf_iter_num {
	__u64 opaque[1];
} __attribute__((aligned(8)));
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;
extern int bpf_strnlen(const char *s, unsigned long count) __ksym;
extern void bpf_no_such_function(void) __ksym __weak;

struct sum {
	__u64 value;
	__u32 calls;
	__u32 stop;
};

static int add_index(__u32 index, struct sum *sum)
{
	sum->value = sum->value * 31 + index;
	sum->calls++;
	return index == sum->stop;
}

SEC("xdp")
int callbacks_loop(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	struct sum sum = { .stop = (random >> 8) & 63 };

	mix(bpf_loop(random & 127, add_index, &sum, 0));
	mix(sum.value);
	mix(sum.calls);
	mix(bpf_loop(1 << 24, add_index, &sum, 0));
	mix(bpf_loop(random & 3, add_index, &sum, random & 4));
	mix(sum.calls);
	return finish(ctx);
}

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} array SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u32);
} percpu SEC(".maps");

/* Whatever the order is in which entries come. */
static long count_entry(void *map, __u32 *key, __u64 *value, struct sum *sum)
{
	sum->value += *key * 7 + *value;
	sum->calls++;
	*value += 1;
	if (sum->stop && (*key & 3) == 0)
		bpf_map_delete_elem(map, key);
	return 0;
}

static long count_small(void *map, __u32 *key, __u32 *value, struct sum *sum)
{
	sum->value = sum->value * 31 + *value + *key;
	*value += *key;
	return *key == sum->stop;
}

SEC("xdp")
int callbacks_entries(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	__u32 key = random & 63;
	__u64 value = random >> 40;
	struct sum sum = { .stop = (random >> 8) & 1 };

	mix(bpf_map_update_elem(&table, &key, &value, 0));
	mix(bpf_for_each_map_elem(&table, count_entry, &sum, 0));
	mix(sum.value);
	sum.stop = (random >> 12) & 15;
	mix(bpf_for_each_map_elem(&percpu, count_small, &sum, 0));
	sum.stop = 0;
	mix(bpf_for_each_map_elem(&array, count_entry, &sum, 0));
	mix(bpf_for_each_map_elem(&array, count_entry, &sum, random & 1));
	mix(sum.value);
	return finish(ctx);
}

struct locked {
	struct bpf_spin_lock lock;
	__u32 count;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct locked);
} counters SEC(".maps");

SEC("xdp")
int callbacks_locked(struct xdp_md *ctx)
{
	__u32 key = packet_u64(ctx, 6) & 7;
	__u64 bytes = ctx->data_end - ctx->data;
	struct locked *counter = bpf_map_lookup_elem(&counters, &key);

	if (counter) {
		bpf_spin_lock(&counter->lock);
		counter->count++;
		counter->bytes += bytes;
		key = counter->count;
		bpf_spin_unlock(&counter->lock);
		mix(key);
	}
	return finish(ctx);
}

struct timed {
	struct bpf_timer timer;
	__u64 fired;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct timed);
} timers SEC(".maps");

static int on_time(void *map, __u32 *key, struct timed *value)
{
	value->fired++;
	return 0;
}

/* What they answer; none has the time to fire. */
SEC("xdp")
int callbacks_timers(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	__u32 key = 0;
	struct timed *value = bpf_map_lookup_elem(&timers, &key);

	if (!value)
		return finish(ctx);
	mix(bpf_timer_init(&value->timer, &timers, random & 1 ? 1 : 7));
	mix(bpf_timer_init(&value->timer, &timers, 1));
	if (random & 2)
		mix(bpf_timer_set_callback(&value->timer, on_time));
	mix(bpf_timer_start(&value->timer, 1000000000000ULL, 0));
	mix(bpf_timer_start(&value->timer, 1000000000000ULL, (random >> 8) & 7));
	if (random & 4)
		mix(bpf_timer_cancel(&value->timer));
	mix(bpf_timer_start(&value->timer, 1000000000000ULL, 0));
	mix(bpf_timer_cancel(&value->timer));
	mix(bpf_timer_cancel(&value->timer));
	return finish(ctx);
}

SEC("xdp")
int callbacks_numbers(struct xdp_md *ctx)
{
	static const char signs[16] = "0123 -x+9aF\t8\n7";
	__u64 random = packet_u64(ctx, 6);
	char text[24];
	long number = 0;
	unsigned long positive = 0;

	for (int i = 0; i < 16; i++)
		text[i] = signs[(random >> (i * 4)) & 15];
	for (int i = 16; i < 24; i++)
		text[i] = '0' + ((random >> (i * 2)) & 7);
	mix(bpf_strtol(text, sizeof(text), (random >> 3) & 31, &number));
	mix(number);
	mix(bpf_strtol(text, 5, 0, &number));
	mix(number);
	mix(bpf_strtoul(text, sizeof(text), 0, &positive));
	mix(positive);
	mix(bpf_strtoul(text + 16, 8, 10, &positive));
	mix(positive);
	return finish(ctx);
}

SEC("xdp")
int callbacks_snprintf(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	char out[40] = {};
	__u64 words[5];

	mix(BPF_SNPRINTF(out, sizeof(out), "%d|%-6u|%08x|%lld", (int)random, (__u32)random >> 20, (__u32)(random >> 32), random >> 12));
	__builtin_memcpy(words, out, sizeof(words));
	for (int i = 0; i < 5; i++)
		mix(words[i]);
	mix(BPF_SNPRINTF(out, 7, "%pi4 %c%%", &random, 'a' + (int)(random & 15)));
	__builtin_memcpy(words, out, 8);
	mix(words[0]);
	return finish(ctx);
}

/* Slices where the packet has them, copies where it has not. */
SEC("xdp.frags")
int callbacks_dynptr(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	struct bpf_dynptr packet;
	__u64 buffer[2] = {};
	__u64 *slice;

	mix(bpf_dynptr_from_xdp(ctx, 0, &packet));
	mix(bpf_dynptr_size(&packet));
	mix(bpf_dynptr_read(buffer, sizeof(buffer), &packet, random & 127, 0));
	mix(buffer[0] ^ buffer[1]);
	slice = bpf_dynptr_slice(&packet, (random >> 8) & 4095, buffer, sizeof(buffer));
	if (slice)
		mix(slice[0] + slice[1]);
	slice = bpf_dynptr_slice(&packet, (random >> 20) & 4095, 0, 8);
	mix(slice ? *slice : 0);
	mix(bpf_dynptr_write(&packet, 20 + (random & 31), buffer, sizeof(buffer), 0));
	slice = bpf_dynptr_slice_rdwr(&packet, 16, buffer, sizeof(buffer));
	if (slice)
		slice[1] = random;
	mix(bpf_dynptr_adjust(&packet, random & 63, (random >> 8) & 127));
	mix(bpf_dynptr_size(&packet));
	mix(bpf_dynptr_read(buffer, 8, &packet, 0, 0));
	mix(buffer[0]);
	return finish(ctx);
}

SEC("xdp")
int callbacks_kfuncs(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	int limit = random & 31;
	struct bpf_iter_num it;
	int *number;

	mix(bpf_iter_num_new(&it, -3, limit));
	while ((number = bpf_iter_num_next(&it)))
		mix(*number);
	bpf_iter_num_destroy(&it);
	mix(bpf_strnlen((char *)&random, 8));
	if (bpf_no_such_function)
		bpf_no_such_function();
	return finish(ctx);
}

/* A cookie that was made is taken, another one is not. */
SEC("xdp")
int callbacks_cookies(struct xdp_md *ctx)
{
	struct iphdr ip = { .version = 4, .ihl = 5, .saddr = packet_u64(ctx, 26), .daddr = packet_u64(ctx, 30) };
	struct tcphdr tcp = { .doff = 5, .syn = 1, .source = packet_u64(ctx, 6), .dest = 80, .seq = 7 };
	__s64 cookie = bpf_tcp_raw_gen_syncookie_ipv4(&ip, &tcp, sizeof(tcp));

	mix(cookie >> 32);
	tcp.syn = 0;
	tcp.ack = 1;
	tcp.seq = bpf_htonl(bpf_ntohl(7) + 1);
	tcp.ack_seq = bpf_htonl((__u32)cookie + 1);
	mix(bpf_tcp_raw_check_syncookie_ipv4(&ip, &tcp));
	tcp.doff = 6;
	mix(bpf_tcp_raw_gen_syncookie_ipv4(&ip, &tcp, sizeof(tcp)));
	return finish(ctx);
}
