// SPDX-License-Identifier: Apache-2.0
// build: -mcpu=v3
/* What map helpers answer on every map type: found or not, inserted, replaced, refused and with which error. */
#include "common.h"

struct value {
	__u64 count;
	__u32 last;
	__u8 name[12];
};

#define MAP(NAME, TYPE, ENTRIES, KEY)              \
	struct {                                   \
		__uint(type, TYPE);                \
		__uint(max_entries, ENTRIES);      \
		__type(key, KEY);                  \
		__type(value, struct value);       \
	} NAME SEC(".maps")

struct wide_key {
	__u8 bytes[13];
};

MAP(array, BPF_MAP_TYPE_ARRAY, 37, __u32);
MAP(percpu_array, BPF_MAP_TYPE_PERCPU_ARRAY, 37, __u32);
MAP(hash, BPF_MAP_TYPE_HASH, 50, __u32);
MAP(percpu_hash, BPF_MAP_TYPE_PERCPU_HASH, 50, __u32);
MAP(lru_hash, BPF_MAP_TYPE_LRU_HASH, 4096, __u32);
MAP(lru_percpu_hash, BPF_MAP_TYPE_LRU_PERCPU_HASH, 4096, __u32);
MAP(wide_hash, BPF_MAP_TYPE_HASH, 300, struct wide_key);

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 20);
	__type(key, __u64);
	__type(value, __u64);
} lazy_hash SEC(".maps");

struct lpm_key {
	__u32 bits;
	__u8 address[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 64);
	__type(key, struct lpm_key);
	__type(value, __u32);
} trie SEC(".maps");

/* Looks up, inserts, replaces and deletes by what the packet's bytes say. */
#define EXERCISE(NAME, MAP_NAME, KEYS)                                                        \
	SEC("xdp")                                                                            \
	int NAME(struct xdp_md *ctx)                                                          \
	{                                                                                     \
		__u64 random = packet_u64(ctx, 6);                                            \
		__u32 key = (random >> 3) % (KEYS);                                           \
		struct value *found, fresh = { .count = 1, .last = random, .name = "new" };   \
                                                                                              \
		found = bpf_map_lookup_elem(&MAP_NAME, &key);                                 \
		if (found) {                                                                  \
			found->count++;                                                       \
			mix(found->count);                                                    \
			mix(found->last);                                                     \
			found->name[random & 3] ^= random >> 8;                               \
			mix(found->name[0]);                                                  \
		}                                                                             \
		switch (random & 7) {                                                         \
		case 0: mix(bpf_map_update_elem(&MAP_NAME, &key, &fresh, BPF_ANY)); break;    \
		case 1: mix(bpf_map_update_elem(&MAP_NAME, &key, &fresh, BPF_NOEXIST)); break; \
		case 2: mix(bpf_map_update_elem(&MAP_NAME, &key, &fresh, BPF_EXIST)); break;  \
		case 3: mix(bpf_map_update_elem(&MAP_NAME, &key, &fresh, 3)); break;          \
		case 4: mix(bpf_map_update_elem(&MAP_NAME, &key, &fresh, BPF_F_LOCK)); break; \
		case 5: mix(bpf_map_delete_elem(&MAP_NAME, &key)); break;                     \
		case 6: mix(bpf_map_update_elem(&MAP_NAME, &key, &fresh, 8)); break;          \
		}                                                                             \
		found = bpf_map_lookup_elem(&MAP_NAME, &key);                                 \
		if (found)                                                                    \
			found->last = random >> 16;                                           \
		mix(found != 0);                                                              \
		return finish(ctx);                                                           \
	}

EXERCISE(map_array, array, 45)
EXERCISE(map_percpu_array, percpu_array, 45)
EXERCISE(map_hash, hash, 70)
EXERCISE(map_percpu_hash, percpu_hash, 70)
EXERCISE(map_lru_hash, lru_hash, 500)
EXERCISE(map_lru_percpu_hash, lru_percpu_hash, 500)

SEC("xdp")
int map_wide(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	struct wide_key key = {};
	struct value fresh = { .count = random }, *found;

	key.bytes[0] = random;
	key.bytes[7] = (random >> 8) & 3;
	key.bytes[12] = random >> 61;
	found = bpf_map_lookup_elem(&wide_hash, &key);
	if (found) {
		mix(found->count);
		if ((random & 15) == 0)
			mix(bpf_map_delete_elem(&wide_hash, &key));
		else
			found->count += random;
	} else {
		mix(bpf_map_update_elem(&wide_hash, &key, &fresh, BPF_ANY));
	}
	return finish(ctx);
}

SEC("xdp")
int map_lazy(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6), key = random % 30, value = random;
	__u64 *found = bpf_map_lookup_elem(&lazy_hash, &key);

	mix(found ? *found : 0);
	if (random & 0x100)
		mix(bpf_map_update_elem(&lazy_hash, &key, &value, (random >> 9) & 3));
	else
		mix(bpf_map_delete_elem(&lazy_hash, &key));
	return finish(ctx);
}

SEC("xdp")
int map_lpm(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	struct lpm_key key = { .bits = (random >> 4) % 36 };
	__u32 value = random, *found;

	/* Few different addresses, so that prefixes of one another are there. */
	key.address[0] = random >> 16 & 0xc0;
	key.address[1] = random >> 24 & 0x81;
	key.address[2] = random >> 32 & 0x18;
	key.address[3] = random >> 40 & 0x03;
	switch (random & 7) {
	case 0: case 1: case 2: mix(bpf_map_update_elem(&trie, &key, &value, BPF_ANY)); break;
	case 3: mix(bpf_map_update_elem(&trie, &key, &value, BPF_NOEXIST)); break;
	case 4: mix(bpf_map_update_elem(&trie, &key, &value, BPF_EXIST)); break;
	case 5: mix(bpf_map_delete_elem(&trie, &key)); break;
	case 6: mix(bpf_map_update_elem(&trie, &key, &value, 4)); break;
	}
	found = bpf_map_lookup_elem(&trie, &key);
	mix(found ? *found : 0xdead);
	key.bits = 32;
	found = bpf_map_lookup_elem(&trie, &key);
	mix(found ? *found : 0xdead);
	if (found)
		*found += 1;
	return finish(ctx);
}

/* Deleting what cannot be deleted, and looking beyond the end. */
SEC("xdp")
int map_odd(struct xdp_md *ctx)
{
	__u32 key = packet_u64(ctx, 6);
	struct value fresh = {};

	mix(bpf_map_delete_elem(&array, &key));
	mix(bpf_map_delete_elem(&percpu_array, &key));
	mix(bpf_map_lookup_elem(&array, &key) != 0);
	mix(bpf_map_lookup_elem(&percpu_array, &key) != 0);
	mix(bpf_map_update_elem(&array, &key, &fresh, BPF_ANY));
	mix(bpf_map_update_elem(&percpu_array, &key, &fresh, BPF_ANY));
	key = 37;
	mix(bpf_map_lookup_elem(&array, &key) != 0);
	key = 36;
	mix(bpf_map_lookup_elem(&array, &key) != 0);
	return finish(ctx);
}

/* The value stays where it is when its key is deleted while a pointer to it is held. */
SEC("xdp")
int map_held(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	__u32 key = random & 15;
	struct value fresh = { .count = random }, *found;

	found = bpf_map_lookup_elem(&percpu_hash, &key);
	if (!found) {
		mix(bpf_map_update_elem(&percpu_hash, &key, &fresh, BPF_ANY));
		return finish(ctx);
	}
	found->count += 3;
	mix(found->count);
	if (random & 16)
		mix(bpf_map_delete_elem(&percpu_hash, &key));
	return finish(ctx);
}
