// SPDX-License-Identifier: Apache-2.0
// build: -mcpu=v3
/* Pointers whose target only the packet decides: maps, map values, stack and packet in turn, spilled, subtracted, handed to functions and helpers. */
#include "common.h"

struct record {
	__u64 words[4];
	__u8 bytes[24];
};

#define RECORDS(NAME, TYPE, ENTRIES)         \
	struct {                             \
		__uint(type, TYPE);          \
		__uint(max_entries, ENTRIES); \
		__type(key, __u32);          \
		__type(value, struct record); \
	} NAME SEC(".maps")

RECORDS(small, BPF_MAP_TYPE_ARRAY, 4);
RECORDS(large, BPF_MAP_TYPE_ARRAY, 4);
RECORDS(other, BPF_MAP_TYPE_HASH, 16);
RECORDS(per_cpu, BPF_MAP_TYPE_PERCPU_ARRAY, 4);

static struct record global_record;

/* One lookup for two maps of a kind. */
SEC("xdp")
int pointers_map(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	__u32 key = random >> 1 & 7;
	void *map = random & 1 ? (void *)&small : (void *)&large;
	struct record *record;

	OPAQUE(map);
	record = bpf_map_lookup_elem(map, &key);
	if (!record) {
		mix(0);
		return finish(ctx);
	}
	record->words[random >> 4 & 3] += random;
	mix(record->words[random >> 6 & 3]);
	return finish(ctx);
}

/* One access through a pointer to the stack, to a map value or to global data. */
SEC("xdp")
int pointers_target(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	struct record local = { .words = { random, 1, 2, 3 } }, *target = &local;
	__u32 key = random >> 2 & 3;

	if ((random & 3) == 1) {
		target = bpf_map_lookup_elem(&small, &key);
		if (!target)
			return XDP_ABORTED;
	} else if ((random & 3) == 2) {
		target = &global_record;
	} else if ((random & 3) == 3) {
		target = bpf_map_lookup_elem(&per_cpu, &key);
		if (!target)
			return XDP_ABORTED;
	}
	target->words[random >> 4 & 3] ^= random;
	target->bytes[random >> 6 & 15] += 1;
	mix(target->words[1]);
	mix(target->bytes[random >> 11 & 15]);
	mix(local.words[0]);
	return finish(ctx);
}

/* Keys and values straight from the packet, from another map's value and from global data. */
SEC("xdp")
int pointers_arguments(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	__u8 *data = DATA(ctx);
	struct record *record, *second;
	__u32 key = random & 3;

	if ((void *)(data + 64) > DATA_END(ctx))
		return XDP_DROP;
	data[8] &= 0x0f;
	data[9] = data[10] = data[11] = 0;
	mix(bpf_map_update_elem(&other, data + 8, data + 8, BPF_ANY));
	record = bpf_map_lookup_elem(&other, data + 8);
	if (record) {
		mix(record->words[0]);
		record->words[3] = random & 7;
		second = bpf_map_lookup_elem(&small, &record->words[3]);
		if (second) {
			mix(second->words[0]);
			mix(bpf_map_update_elem(&large, &key, second, BPF_ANY));
			mix(bpf_map_update_elem(&small, &key, record, BPF_ANY));
		}
	}
	global_record.words[0] = random & 15;
	mix(bpf_map_delete_elem(&other, &global_record.words[0]));
	return finish(ctx);
}

static __noinline int sum_through(struct record *record, __u8 *from, __u32 count)
{
	int sum = 0;

	if (!record)
		return -1;
	for (__u32 i = 0; i < 16; i++) {
		if (i >= count)
			break;
		sum += from[i];
		record->bytes[i] ^= from[i];
	}
	return sum;
}

/* Functions get pointers of different kinds at their call sites. */
SEC("xdp")
int pointers_functions(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	struct record local = {};
	__u8 bytes[16] = { 1, 2, 3, random, 5, 6, 7 };
	__u8 *data = DATA(ctx);
	__u32 key = random & 7;
	struct record *found = bpf_map_lookup_elem(&small, &key);

	mix(sum_through(&local, bytes, random >> 3 & 15));
	mix(sum_through(found, bytes, random >> 7 & 15));
	if ((void *)(data + 16) <= DATA_END(ctx)) {
		mix(sum_through(&local, data, random >> 11 & 15));
		mix(sum_through(found, data, 16));
	}
	mix(local.bytes[random >> 15 & 15]);
	return finish(ctx);
}

/* Differences and comparisons of packet pointers, and pointers that survive on the stack. */
SEC("xdp")
int pointers_packet(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	void *start = DATA(ctx), *end = DATA_END(ctx);
	__u8 *at = start + (random & 63), *volatile saved = at;

	mix(end - start);
	mix((void *)at - start);
	mix((void *)at < end);
	if ((void *)(at + 2) > end) {
		mix(1);
		return finish(ctx);
	}
	mix(at[0] << 8 | at[1]);
	mix(bpf_get_smp_processor_id());
	at = saved;
	if ((void *)(at + 4) <= end)
		mix(*(__u32 *)at);
	if (end - start > 100)
		mix(100);
	return finish(ctx);
}

/* Two values of one map at once; the second lookup must not move the first. */
SEC("xdp")
int pointers_two(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	__u32 first = random & 7, second = random >> 3 & 7;
	struct record *a = bpf_map_lookup_elem(&other, &first), *b = bpf_map_lookup_elem(&other, &second), fresh = { .words = { random } };

	if (!a)
		mix(bpf_map_update_elem(&other, &first, &fresh, BPF_NOEXIST));
	if (!b)
		mix(bpf_map_update_elem(&other, &second, &fresh, BPF_NOEXIST));
	if (a && b) {
		__u64 swap = a->words[0];

		a->words[0] = b->words[0] + 1;
		b->words[0] = swap;
		mix(a == b);
		mix(a->words[0]);
	}
	return finish(ctx);
}
