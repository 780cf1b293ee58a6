/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Helpers and maps for benchmark programs compiled as native code. Type and sizes of a map are constants of its declaration,
 * so that the compiler specialises every lookup to its map; `type` itself, which nothing reads, points to the map's memory.
 */
#ifndef BENCH_NATIVE_H
#define BENCH_NATIVE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <linux/types.h>

struct xdp_md {
	unsigned long data;
	unsigned long data_end;
	unsigned long data_meta;
	unsigned long hard_start;
};

enum { XDP_ABORTED, XDP_DROP, XDP_PASS, XDP_TX, XDP_REDIRECT };
enum { BPF_MAP_TYPE_HASH = 1, BPF_MAP_TYPE_ARRAY = 2, BPF_MAP_TYPE_PERCPU_ARRAY = 6, BPF_MAP_TYPE_LRU_HASH = 9, BPF_MAP_TYPE_LPM_TRIE = 11, BPF_MAP_TYPE_RINGBUF = 27 };
#define BPF_ANY 0
#define BPF_F_NO_PREALLOC 1
#define BPF_RB_NO_WAKEUP 1

#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define SEC(name)
#define __uint(name, val) int(*name)[val]
#define __type(name, val) __typeof__(val) *name
#define bpf_htons(x) __builtin_bswap16(x)
#define bpf_ntohs(x) __builtin_bswap16(x)
#define bpf_htonl(x) __builtin_bswap32(x)

#define MAP_TYPE(map) (sizeof(*(map)->type) / sizeof(int))
#define MAP_MAX(map) (sizeof(*(map)->max_entries) / sizeof(int))
#define bpf_map_lookup_elem(map, k) native_lookup((void *)(map)->type, MAP_TYPE(map), MAP_MAX(map), sizeof(*(map)->key), sizeof(*(map)->value), k)
#define bpf_map_update_elem(map, k, v, flags) native_update((void *)(map)->type, MAP_TYPE(map), MAP_MAX(map), sizeof(*(map)->key), sizeof(*(map)->value), k, v)
#define native_create(map) ((map)->type = native_memory(MAP_TYPE(map), MAP_MAX(map), sizeof(*(map)->key), sizeof(*(map)->value)))

static uint64_t native_time;

#define bpf_ktime_get_ns() native_time

static __always_inline size_t native_round8(size_t bytes)
{
	return (bytes + 7) & ~(size_t)7;
}

/* ---- hash: open addressing, at most half full; a slot is u32 hash | 1, key, value ---- */
static __always_inline uint32_t native_capacity(uint32_t max)
{
	uint32_t capacity = 4;

	while (capacity < 2 * max)
		capacity *= 2;
	return capacity;
}

static __always_inline uint32_t native_hash(const void *key, size_t size)
{
	uint64_t mixed = 0x2545f4914f6cdd1dull;

	for (size_t at = 0; at < size; at += 8) {
		uint64_t word = 0;

		memcpy(&word, (const char *)key + at, size - at < 8 ? size - at : 8);
		mixed = (mixed ^ word) * 0x9e3779b97f4a7c15ull;
		mixed ^= mixed >> 32;
	}
	return (uint32_t)mixed | 1;
}

static __always_inline char *native_slot(char *table, uint32_t max, size_t key_size, size_t value_size, const void *key, uint32_t hash)
{
	const size_t slot = 8 + native_round8(key_size) + native_round8(value_size);
	const uint32_t mask = native_capacity(max) - 1;

	for (uint32_t at = hash >> 1;; at++) {
		char *found = table + (at & mask) * slot;
		uint32_t tag = *(uint32_t *)found;

		if (!tag || (tag == hash && !memcmp(found + 8, key, key_size)))
			return found;
	}
}

/* ---- longest prefix match on IPv4: tables of 16, 8 and 8 bits; an entry is a value's number, or a table's with the top bit ---- */
struct native_lpm {
	uint32_t root[65536];
	uint32_t (*tables)[256];
	uint32_t table_count;
	uint32_t value_count;
	char *values;
};

#define NATIVE_TABLE 0x80000000u

static __always_inline void *native_lpm_lookup(struct native_lpm *lpm, size_t value_size, const void *key)
{
	uint32_t address = __builtin_bswap32(*(const uint32_t *)((const char *)key + 4));
	uint32_t entry = lpm->root[address >> 16];

	if (entry & NATIVE_TABLE)
		entry = lpm->tables[entry & ~NATIVE_TABLE][address >> 8 & 255];
	if (entry & NATIVE_TABLE)
		entry = lpm->tables[entry & ~NATIVE_TABLE][address & 255];
	return entry ? lpm->values + (size_t)entry * native_round8(value_size) : 0;
}

static uint32_t *native_lpm_open(struct native_lpm *lpm, uint32_t *entry)
{
	if (!(*entry & NATIVE_TABLE)) {
		uint32_t *table = lpm->tables[lpm->table_count];

		for (int i = 0; i < 256; i++)
			table[i] = *entry;
		*entry = lpm->table_count++ | NATIVE_TABLE;
	}
	return lpm->tables[*entry & ~NATIVE_TABLE];
}

/* Prefixes come in order of their length: longer ones overwrite. */
static void native_lpm_update(struct native_lpm *lpm, size_t value_size, const void *key, const void *value)
{
	uint32_t bits = *(const uint32_t *)key;
	uint32_t address = __builtin_bswap32(*(const uint32_t *)((const char *)key + 4));
	uint32_t number = ++lpm->value_count;
	uint32_t *table = lpm->root, index = address >> 16, free_bits;

	memcpy(lpm->values + number * native_round8(value_size), value, value_size);
	if (bits > 16) {
		table = native_lpm_open(lpm, &table[index]);
		index = address >> 8 & 255;
		if (bits > 24) {
			table = native_lpm_open(lpm, &table[index]);
			index = address & 255;
		}
	}
	free_bits = bits > 24 ? 32 - bits : bits > 16 ? 24 - bits : 16 - bits;
	for (uint32_t i = 0; i < 1u << free_bits; i++)
		table[(index & ~((1u << free_bits) - 1)) + i] = number;
}

/* ---- ring buffer: u64 header, bytes; whoever runs the programs moves the consumer ---- */
struct native_ring {
	uint64_t producer;
	uint64_t consumer;
	char data[];
};

static __always_inline void *native_reserve(struct native_ring *ring, uint32_t bytes, uint32_t size)
{
	uint64_t at = ring->producer;
	uint32_t whole = native_round8(size) + 8;

	if (at + whole - ring->consumer > bytes - 1)
		return 0;
	__atomic_store_n((uint64_t *)(ring->data + (at & (bytes - 1))), size | 1ull << 31, __ATOMIC_RELAXED);
	__atomic_store_n(&ring->producer, at + whole, __ATOMIC_RELEASE);
	return ring->data + (at & (bytes - 1)) + 8;
}

#define bpf_ringbuf_reserve(map, size, flags) native_reserve((void *)(map)->type, MAP_MAX(map), size)
/* One thread writes: releasing the record takes no locked instruction. */
#define bpf_ringbuf_submit(record, flags) __atomic_store_n((uint64_t *)(record) - 1, ((uint64_t *)(record))[-1] & ~(1ull << 31), __ATOMIC_RELEASE)

/* ---- all types ---- */
static __always_inline void *native_lookup(void *memory, uint32_t type, uint32_t max, size_t key_size, size_t value_size, const void *key)
{
	if (type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY) {
		uint32_t index = *(const uint32_t *)key;

		return index < max ? (char *)memory + index * native_round8(value_size) : 0;
	}
	if (type == BPF_MAP_TYPE_LPM_TRIE)
		return native_lpm_lookup(memory, value_size, key);
	char *slot = native_slot(memory, max, key_size, value_size, key, native_hash(key, key_size));

	if (!*(uint32_t *)slot)
		return 0;
	if (type == BPF_MAP_TYPE_LRU_HASH && !*(uint32_t *)(slot + 4))
		*(uint32_t *)(slot + 4) = 1;
	return slot + 8 + native_round8(key_size);
}

static __attribute__((noinline)) int native_update(void *memory, uint32_t type, uint32_t max, size_t key_size, size_t value_size, const void *key, const void *value)
{
	if (type == BPF_MAP_TYPE_LPM_TRIE) {
		native_lpm_update(memory, value_size, key, value);
		return 0;
	}
	if (type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY) {
		memcpy((char *)memory + *(const uint32_t *)key * native_round8(value_size), value, value_size);
		return 0;
	}
	uint32_t hash = native_hash(key, key_size);
	char *slot = native_slot(memory, max, key_size, value_size, key, hash);

	*(uint32_t *)slot = hash;
	memcpy(slot + 8, key, key_size);
	memcpy(slot + 8 + native_round8(key_size), value, value_size);
	return 0;
}

static void *native_memory(uint32_t type, uint32_t max, size_t key_size, size_t value_size)
{
	if (type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY)
		return calloc(max, native_round8(value_size));
	if (type == BPF_MAP_TYPE_LPM_TRIE) {
		struct native_lpm *lpm = calloc(1, sizeof(*lpm));

		lpm->tables = calloc(65536 + (size_t)max, sizeof(*lpm->tables));
		lpm->values = calloc((size_t)max + 1, native_round8(value_size));
		return lpm;
	}
	return calloc(native_capacity(max), 8 + native_round8(key_size) + native_round8(value_size));
}

static __always_inline int bpf_xdp_adjust_head(struct xdp_md *ctx, int delta)
{
	unsigned long data = ctx->data + delta;

	if (data < ctx->hard_start + 40 || data > ctx->data_end - 14)
		return -22;
	ctx->data = data;
	ctx->data_meta = data;
	return 0;
}

#endif
