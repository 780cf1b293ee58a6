// SPDX-License-Identifier: Apache-2.0
// build: -mcpu=v3
/* Functions, static and global, nested and with state on their stacks; loops; large switches. */
#include "common.h"

static __noinline __u64 five(__u64 a, __u64 b, __u64 c, __u64 d, __u64 e)
{
	return a * 3 + (b ^ c) - d / (e | 1);
}

static __noinline __u64 level7(__u64 x)
{
	volatile __u64 local[4] = { x, x + 1, x + 2, x + 3 };

	return local[x & 3] * 7;
}

static __noinline __u64 level6(__u64 x) { volatile __u64 l = x; return level7(x + 6) ^ l; }
static __noinline __u64 level5(__u64 x) { volatile __u64 l = x; return level6(x + 5) ^ l; }
static __noinline __u64 level4(__u64 x) { volatile __u64 l = x; return level5(x + 4) ^ l; }
static __noinline __u64 level3(__u64 x) { volatile __u64 l = x; return level4(x + 3) ^ l; }
static __noinline __u64 level2(__u64 x) { volatile __u64 l = x; return level3(x + 2) ^ l; }

/* Writes through a pointer into its caller's stack. */
static __noinline void sort_four(__u32 *values)
{
	for (int i = 0; i < 3; i++) {
		for (int j = 0; j < 3 - i; j++) {
			if (values[j] > values[j + 1]) {
				__u32 swap = values[j];

				values[j] = values[j + 1];
				values[j + 1] = swap;
			}
		}
	}
}

__noinline int global_sum(struct xdp_md *ctx, __u32 from)
{
	__u8 *at = DATA(ctx);
	__u32 sum = 0;

	for (__u32 i = 0; i < 64; i++) {
		if ((void *)(at + i + 1) > DATA_END(ctx))
			break;
		if (i >= from)
			sum += at[i];
	}
	return sum;
}

__noinline __u64 global_scale(__u64 a, __u32 b)
{
	return a * (b + 1) + mixed;
}

SEC("xdp")
int functions_calls(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	__u32 four[4] = { random, random >> 8, random >> 16, random >> 24 };

	mix(five(random, random >> 3, ctx->data_end - ctx->data, 1000000007, random & 0xff));
	mix(level2(random));
	sort_four(four);
	mix(four[0]);
	mix(four[3]);
	mix(global_sum(ctx, random & 31));
	mix(global_scale(random, random >> 40));
	return finish(ctx);
}

/* Jenkins' one-at-a-time hash over as much of the packet as the loop may take. */
SEC("xdp")
int functions_loop(struct xdp_md *ctx)
{
	__u8 *at = DATA(ctx), *end = DATA_END(ctx);
	__u32 hash = 0, i;

	for (i = 0; i < 300; i++) {
		if (at + i + 1 > end)
			break;
		hash += at[i];
		hash += hash << 10;
		hash ^= hash >> 6;
	}
	hash += hash << 3;
	hash ^= hash >> 11;
	mix(hash);
	mix(i);
	return finish(ctx);
}

/* A loop whose end depends on the packet, with loops in it. */
SEC("xdp")
int functions_nested(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6), sum = 0;
	__u32 rows = random & 7, columns = random >> 3 & 7;

	for (__u32 i = 0; i < rows; i++) {
		for (__u32 j = 0; j < columns; j++) {
			if ((i ^ j) == (random >> 6 & 7))
				continue;
			if (i * j == 30)
				goto out;
			sum = sum * 31 + i * 8 + j;
		}
	}
out:
	mix(sum);
	return finish(ctx);
}

SEC("xdp")
int functions_switch(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	__u64 sum = 1;

	for (int i = 0; i < 4; i++) {
		switch (random >> (i * 8) & 31) {
		case 0: sum += 17; break;
		case 1: sum *= 3;
			/* fallthrough */
		case 2: sum ^= 0x55; break;
		case 3: sum -= random; break;
		case 4: sum = ~sum; break;
		case 5: sum <<= 3; break;
		case 6: sum >>= 1; break;
		case 7: sum |= random; break;
		case 8: case 9: case 10: sum += 1000; break;
		case 11: sum %= 1009; break;
		case 12: sum = -sum; break;
		case 13: sum *= sum; break;
		case 14: i++; break;
		case 15: mix(sum); break;
		case 16: sum += i; break;
		case 17: return XDP_DROP;
		case 18: sum = sum << 32 | sum >> 32; break;
		case 19: sum /= 3; break;
		default: sum += 5; break;
		}
	}
	mix(sum);
	return finish(ctx);
}

/* Bytes at places of the stack that only the packet knows. */
SEC("xdp")
int functions_stack(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	__u8 table[256] = {};

	for (int i = 0; i < 64; i++)
		table[(random * i) & 0xff] += i;
	for (int i = 0; i < 16; i++)
		mix(table[(random >> i) & 0xff]);
	return finish(ctx);
}
