/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs one benchmark program as native code, by the same contract as the engines: descriptors in, a result for each packet out;
 * a program that writes to packets runs on a copy of the frame. Compiled with -DPROGRAM=FILE.
 */
#define NATIVE
#include "native.h"
#include PROGRAM

#define BATCH 256
#define STRIDE 4160
#define HEADROOM 256

struct descriptor {
	const uint8_t *frame;
	uint32_t length;
	uint32_t queue;
	uint64_t time;
	uint64_t spare[3];
};

struct result {
	uint32_t ret;
	uint32_t data;
	uint64_t length;
	uint64_t fault;
	uint64_t spare[5];
};

static struct descriptor descriptors[BATCH];
static struct result results[BATCH] __attribute__((aligned(64)));
static uint8_t slots[BATCH * STRIDE] __attribute__((aligned(64)));

#define CREATE(map) native_create_##map();
#define LOAD(map)                                                                                                          \
	if (index-- == 0)                                                                                                  \
		for (uint32_t i = 0; i < count; i++)                                                                       \
			native_load_##map(keys, values, i);

/* Ring buffers have neither keys nor values. */
#ifdef NATIVE_RINGBUF
static void native_create_events(void)
{
	events.type = calloc(1, sizeof(struct native_ring) + MAP_MAX(&events) + 64);
}
static void native_load_events(const uint8_t *keys, const uint8_t *values, uint32_t i) {}
#else
#define DEFINE(map)                                                                                                        \
	static void native_create_##map(void) { native_create(&map); }                                                     \
	static void native_load_##map(const uint8_t *keys, const uint8_t *values, uint32_t i)                              \
	{                                                                                                                  \
		bpf_map_update_elem(&map, keys + i * sizeof(*map.key), values + i * sizeof(*map.value), BPF_ANY);           \
	}
MAPS(DEFINE)
#endif

/* Makes the maps, and gives every descriptor the same frame. */
void native_setup(const uint8_t *frame, uint32_t length, uint64_t time)
{
	uint8_t *copy = aligned_alloc(64, 4096);

	memcpy(copy, frame, length);
	for (int i = 0; i < BATCH; i++)
		descriptors[i] = (struct descriptor){ .frame = copy, .length = length, .time = time };
	MAPS(CREATE)
#ifdef NATIVE_SETUP
	NATIVE_SETUP
#endif
}

/* Puts `count` entries into the map of that number. */
void native_load(uint32_t index, const uint8_t *keys, const uint8_t *values, uint32_t count)
{
	MAPS(LOAD)
}

/* Runs so many batches of 256 packets; returns the last verdict. */
uint32_t native_run(uint32_t batches)
{
	for (uint32_t batch = 0; batch < batches; batch++) {
		for (uint32_t i = 0; i < BATCH; i++) {
			const struct descriptor *descriptor = &descriptors[i];
			struct xdp_md ctx;

#ifdef WRITES
			uint8_t *slot = slots + i * STRIDE;

			ctx.hard_start = (unsigned long)slot;
			ctx.data = (unsigned long)slot + HEADROOM;
			memcpy(slot + HEADROOM, descriptor->frame, descriptor->length);
#else
			ctx.data = (unsigned long)descriptor->frame;
#endif
			ctx.data_meta = ctx.data;
			ctx.data_end = ctx.data + descriptor->length;
			native_time = descriptor->time;
			results[i].ret = body(&ctx);
			results[i].data = (uint32_t)ctx.data;
			results[i].length = ctx.data_end - ctx.data;
			results[i].fault = 0;
		}
		/* Each batch is there before the next. */
		asm volatile("" : : : "memory");
#ifdef NATIVE_RINGBUF
		((struct native_ring *)events.type)->consumer = ((struct native_ring *)events.type)->producer;
#endif
	}
	return results[BATCH - 1].ret;
}
