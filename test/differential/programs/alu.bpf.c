// SPDX-License-Identifier: Apache-2.0
// build: -mcpu=v4
/* Arithmetic exactly as the instructions do it, on edge values and on whatever the packet holds. */
#include "common.h"

static const __u64 edges[16] = {
	0, 1, 2, 31, 32, 33, 63, 64, 0x7f, 0x80, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff,
};

/* One operand is an edge value as often as not. */
static __always_inline void operands(struct xdp_md *ctx, __u64 *a, __u64 *b)
{
	__u64 random = packet_u64(ctx, 6);

	*a = random & 0x100 ? edges[random & 15] : packet_u64(ctx, 0) ^ mixed;
	*b = random & 0x200 ? edges[random >> 4 & 15] : packet_u64(ctx, 3) + mixed;
}

/* Both 64-bit operands; the 32-bit form must clear the upper half. */
#define WIDE(OP)                                                                        \
	({                                                                              \
		__u64 x = a;                                                            \
		asm volatile("%0 " OP " %1" : "+r"(x) : "r"(b));                        \
		mix(x);                                                                 \
	})
#define NARROW(OP)                                                                      \
	({                                                                              \
		__u64 x = a;                                                            \
		asm volatile("r1 = %0\nr2 = %1\nw1 " OP " w2\n%0 = r1" : "+r"(x) : "r"(b) : "r1", "r2"); \
		mix(x);                                                                 \
	})
#define BOTH(OP) WIDE(OP); NARROW(OP)
#define ONE(CODE)                                                                       \
	({                                                                              \
		__u64 x = a;                                                            \
		asm volatile("r1 = %0\n" CODE "\n%0 = r1" : "+r"(x) : : "r1");          \
		mix(x);                                                                 \
	})

SEC("xdp")
int alu_basic(struct xdp_md *ctx)
{
	__u64 a, b;

	operands(ctx, &a, &b);
	BOTH("+=");
	BOTH("-=");
	BOTH("*=");
	BOTH("|=");
	BOTH("&=");
	BOTH("^=");
	BOTH("=");
	ONE("r1 = -r1");
	ONE("w1 = -w1");
	ONE("w1 = w1");
	ONE("r1 += -1");
	ONE("w1 += -1");
	ONE("r1 *= -3");
	ONE("w1 *= -3");
	ONE("r1 |= -256");
	ONE("r1 &= -256");
	ONE("w1 ^= -1");
	ONE("r1 ^= 0x7fffffff");
	ONE("r1 = -5");
	ONE("w1 = -5");
	ONE("r1 = 0x123456789abcdef0 ll");
	return finish(ctx);
}

/* Division by zero gives 0, the remainder of it leaves the dividend. */
SEC("xdp")
int alu_divide(struct xdp_md *ctx)
{
	__u64 a, b;

	operands(ctx, &a, &b);
	BOTH("/=");
	BOTH("%%=");
	BOTH("s/=");
	BOTH("s%%=");
	ONE("r1 /= 7");
	ONE("w1 /= 7");
	ONE("r1 %%= 10");
	ONE("w1 %%= 10");
	ONE("r1 /= -2");
	ONE("r1 %%= -2");
	ONE("r1 s/= -1");
	ONE("w1 s/= -1");
	ONE("r1 s%%= -1");
	ONE("w1 s%%= -1");
	ONE("r1 s/= 7");
	ONE("w1 s/= -7");
	ONE("r1 s%%= 7");
	ONE("w1 s%%= -7");
	b = 0;
	OPAQUE(b);
	BOTH("/=");
	BOTH("%%=");
	BOTH("s/=");
	BOTH("s%%=");
	b = -1;
	OPAQUE(b);
	BOTH("s/=");
	BOTH("s%%=");
	a = 0x8000000000000000;
	OPAQUE(a);
	WIDE("s/=");
	WIDE("s%%=");
	a = 0x80000000;
	OPAQUE(a);
	NARROW("s/=");
	NARROW("s%%=");
	return finish(ctx);
}

/* Counts are taken modulo the width. */
SEC("xdp")
int alu_shift(struct xdp_md *ctx)
{
	__u64 a, b;

	operands(ctx, &a, &b);
	BOTH("<<=");
	BOTH(">>=");
	BOTH("s>>=");
	ONE("r1 <<= 63");
	ONE("r1 >>= 63");
	ONE("r1 s>>= 63");
	ONE("w1 <<= 31");
	ONE("w1 >>= 31");
	ONE("w1 s>>= 31");
	ONE("r1 <<= 0");
	ONE("w1 >>= 0");
	ONE("w1 s>>= 0");
	ONE("r1 s>>= 32");
	mix(a << 13 | a >> 51);
	mix((__u32)a << 7 | (__u32)a >> 25);
	return finish(ctx);
}

SEC("xdp")
int alu_convert(struct xdp_md *ctx)
{
	__u64 a, b;

	operands(ctx, &a, &b);
	ONE("r1 = be16 r1");
	ONE("r1 = be32 r1");
	ONE("r1 = be64 r1");
	ONE("r1 = le16 r1");
	ONE("r1 = le32 r1");
	ONE("r1 = le64 r1");
	ONE("r1 = bswap16 r1");
	ONE("r1 = bswap32 r1");
	ONE("r1 = bswap64 r1");
	ONE("r1 = (s8)r1");
	ONE("r1 = (s16)r1");
	ONE("r1 = (s32)r1");
	ONE("w1 = (s8)w1");
	ONE("w1 = (s16)w1");
	return finish(ctx);
}

struct mixed_widths {
	__s8 s8;
	__u8 u8;
	__s16 s16;
	__s32 s32;
	__s64 s64;
};

/* Loads and stores of every width, with and without sign. */
SEC("xdp")
int alu_memory(struct xdp_md *ctx)
{
	struct mixed_widths cell;
	volatile struct mixed_widths *p = &cell;
	__u64 a, b;
	__s8 *bytes = DATA(ctx);

	operands(ctx, &a, &b);
	p->s8 = a;
	p->u8 = a >> 8;
	p->s16 = b;
	p->s32 = b >> 7;
	p->s64 = a ^ b;
	mix(p->s8);
	mix(p->u8);
	mix(p->s16);
	mix(p->s32);
	mix(p->s64);
	p->s64 = -7;
	p->s32 = -7;
	p->s16 = -7;
	p->s8 = -7;
	mix(p->s8 + p->s16 + p->s32 + p->s64);
	if ((void *)(bytes + 14) <= DATA_END(ctx)) {
		mix(bytes[13]);
		mix(*(__s16 *)(bytes + 11));
		mix(*(__s32 *)(bytes + 9));
		mix(*(__u16 *)(bytes + 7));
		mix(*(__u32 *)(bytes + 5));
		mix(*(__u64 *)(bytes + 3));
		*(__u16 *)(bytes + 9) = a;
		*(__u32 *)(bytes + 9) ^= 0x01020304;
	}
	return finish(ctx);
}

#define TEST(CODE, BIT)                                                                 \
	asm volatile("r1 = %[a]\nr2 = %[b]\nif " CODE " goto 1f\n%[bits] |= " BIT "\n1:\n" \
		     : [bits] "+r"(bits) : [a] "r"(a), [b] "r"(b) : "r1", "r2")

/* Every comparison, 64 and 32 bits wide, against a register and against an immediate. */
SEC("xdp")
int alu_jump(struct xdp_md *ctx)
{
	__u64 a, b, bits;

	operands(ctx, &a, &b);
	bits = 0;
	TEST("r1 == r2", "1");
	TEST("r1 != r2", "2");
	TEST("r1 > r2", "4");
	TEST("r1 >= r2", "8");
	TEST("r1 < r2", "16");
	TEST("r1 <= r2", "32");
	TEST("r1 s> r2", "64");
	TEST("r1 s>= r2", "128");
	TEST("r1 s< r2", "256");
	TEST("r1 s<= r2", "512");
	TEST("r1 & r2", "1024");
	TEST("w1 == w2", "2048");
	TEST("w1 != w2", "4096");
	TEST("w1 > w2", "8192");
	TEST("w1 >= w2", "16384");
	TEST("w1 < w2", "32768");
	TEST("w1 <= w2", "65536");
	TEST("w1 s> w2", "0x20000");
	TEST("w1 s>= w2", "0x40000");
	TEST("w1 s< w2", "0x80000");
	TEST("w1 s<= w2", "0x100000");
	TEST("w1 & w2", "0x200000");
	mix(bits);
	bits = 0;
	TEST("r1 == -1", "1");
	TEST("r1 != 0x7fffffff", "2");
	TEST("r1 > -2", "4");
	TEST("r1 >= 64", "8");
	TEST("r1 < -1", "16");
	TEST("r1 <= 32", "32");
	TEST("r1 s> -1", "64");
	TEST("r1 s>= 0", "128");
	TEST("r1 s< 0", "256");
	TEST("r1 s<= -1", "512");
	TEST("r1 & -0x7fffffff", "1024");
	TEST("w1 == -1", "2048");
	TEST("w1 != 0x7fffffff", "4096");
	TEST("w1 > -2", "8192");
	TEST("w1 >= 64", "16384");
	TEST("w1 < -1", "32768");
	TEST("w1 <= 32", "65536");
	TEST("w1 s> -1", "0x20000");
	TEST("w1 s>= 0", "0x40000");
	TEST("w1 s< 0", "0x80000");
	TEST("w1 s<= -1", "0x100000");
	TEST("w1 & 0x80", "0x200000");
	mix(bits);
	asm volatile("if %[bits] & 1 goto 2f\ngotol 1f\n2:\n%[bits] = 3\n1:\n" : [bits] "+r"(bits));
	mix(bits);
	return finish(ctx);
}
