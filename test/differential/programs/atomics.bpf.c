// SPDX-License-Identifier: Apache-2.0
// build: -mcpu=v3
/* Every atomic operation, 32 and 64 bits wide, with and without the old value, on map values, global data and the stack. */
#include "common.h"

struct cells {
	__u64 wide[8];
	__u32 narrow[8];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct cells);
} cells SEC(".maps");

static __u64 global_wide = 0x0123456789abcdef;
static __u32 global_narrow = 0x89abcdef;

static __always_inline void all_wide(__u64 *p, __u64 v)
{
	asm volatile("lock *(u64 *)(%0 + 0) += %1" :: "r"(p), "r"(v) : "memory");
	asm volatile("lock *(u64 *)(%0 + 8) |= %1" :: "r"(p), "r"(v) : "memory");
	asm volatile("lock *(u64 *)(%0 + 16) &= %1" :: "r"(p), "r"(v) : "memory");
	asm volatile("lock *(u64 *)(%0 + 24) ^= %1" :: "r"(p), "r"(v) : "memory");
	mix(__sync_fetch_and_add(&p[4], v));
	mix(__sync_fetch_and_or(&p[5], v & 0xff00ff));
	mix(__sync_fetch_and_and(&p[5], ~v));
	mix(__sync_fetch_and_xor(&p[6], v));
	mix(__sync_lock_test_and_set(&p[7], v));
	mix(__sync_val_compare_and_swap(&p[7], v, v + 1));
	mix(__sync_val_compare_and_swap(&p[7], v, v + 2));
}

static __always_inline void all_narrow(__u32 *p, __u32 v)
{
	asm volatile("lock *(u32 *)(%0 + 0) += %1" :: "r"(p), "w"(v) : "memory");
	asm volatile("lock *(u32 *)(%0 + 4) |= %1" :: "r"(p), "w"(v) : "memory");
	asm volatile("lock *(u32 *)(%0 + 8) &= %1" :: "r"(p), "w"(v) : "memory");
	asm volatile("lock *(u32 *)(%0 + 12) ^= %1" :: "r"(p), "w"(v) : "memory");
	mix(__sync_fetch_and_add(&p[4], v));
	mix(__sync_fetch_and_or(&p[5], v & 0xff00ff));
	mix(__sync_fetch_and_and(&p[5], ~v));
	mix(__sync_fetch_and_xor(&p[6], v));
	mix(__sync_lock_test_and_set(&p[7], v));
	mix(__sync_val_compare_and_swap(&p[7], v, v + 1));
	mix(__sync_val_compare_and_swap(&p[7], v, v + 2));
}

SEC("xdp")
int atomics_map(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	__u32 key = random & 3;
	struct cells *cell = bpf_map_lookup_elem(&cells, &key);

	if (!cell)
		return XDP_ABORTED;
	all_wide(cell->wide, random);
	all_narrow(cell->narrow, random >> 7);
	return finish(ctx);
}

SEC("xdp")
int atomics_global(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);

	mix(__sync_fetch_and_add(&global_wide, random));
	mix(__sync_fetch_and_xor(&global_narrow, (__u32)random));
	mix(__sync_lock_test_and_set(&global_wide, random * 3));
	mix(__sync_val_compare_and_swap(&global_narrow, (__u32)random & 1, 7));
	return finish(ctx);
}

SEC("xdp")
int atomics_stack(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6), wide[8];
	__u32 narrow[8];

	for (int i = 0; i < 8; i++) {
		wide[i] = random + i;
		narrow[i] = random >> i;
	}
	all_wide(wide, packet_u64(ctx, 3));
	all_narrow(narrow, packet_u64(ctx, 5));
	for (int i = 0; i < 8; i++) {
		mix(wide[i]);
		mix(narrow[i]);
	}
	return finish(ctx);
}

/* What the registers hold after cmpxchg and fetch of 32 bits: the upper half is zero. */
SEC("xdp")
int atomics_registers(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6), old = random, cell = random ^ (random & 0x10000), fetched;
	__u32 narrow = ~random;

	asm volatile("r0 = %[old]\n"
		     "w0 = cmpxchg32_32(%[cell] + 0, w0, %[narrow])\n"
		     "%[old] = r0\n"
		     : [old] "+r"(old) : [cell] "r"(&cell), [narrow] "w"(narrow) : "r0", "memory");
	mix(old);
	mix(cell);
	asm volatile("r0 = %[old]\n"
		     "r0 = cmpxchg_64(%[cell] + 0, r0, %[fresh])\n"
		     "%[old] = r0\n"
		     : [old] "+r"(old) : [cell] "r"(&cell), [fresh] "r"(random) : "r0", "memory");
	mix(old);
	mix(cell);
	asm volatile("r1 = %[random]\n"
		     "r1 ^= -1\n"
		     "w1 = atomic_fetch_add((u32 *)(%[cell] + 0), w1)\n"
		     "%[fetched] = r1\n"
		     : [fetched] "=r"(fetched) : [random] "r"(random), [cell] "r"(&cell) : "r1", "memory");
	mix(fetched);
	mix(cell);
	asm volatile("r1 = %[random]\n"
		     "w1 = xchg32_32(%[cell] + 4, w1)\n"
		     "%[fetched] = r1\n"
		     : [fetched] "=r"(fetched) : [random] "r"(random), [cell] "r"(&cell) : "r1", "memory");
	mix(fetched);
	mix(cell);
	return finish(ctx);
}
