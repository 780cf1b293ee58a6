// SPDX-License-Identifier: Apache-2.0
/* Fifty rounds of Bob Jenkins's hash over the addresses: arithmetic on 32 bits in a bounded loop. */
#include "bench.h"

#define MAPS(X)

static __always_inline __u32 rotate(__u32 word, __u32 bits)
{
	return (word << bits) | (word >> (32 - bits));
}

BODY
{
	struct iphdr *ip = ipv4(DATA, DATA_END);
	__u32 a, b, c;

	if (!ip)
		return XDP_PASS;
	a = 0xdeadbeef + ip->saddr;
	b = 0xdeadbeef + ip->daddr;
	c = 0xdeadbeef + ip->protocol;
#pragma clang loop unroll(disable)
	for (int i = 0; i < 50; i++) {
		a -= c; a ^= rotate(c, 4); c += b;
		b -= a; b ^= rotate(a, 6); a += c;
		c -= b; c ^= rotate(b, 8); b += a;
		a -= c; a ^= rotate(c, 16); c += b;
		b -= a; b ^= rotate(a, 19); a += c;
		c -= b; c ^= rotate(b, 4); b += a;
		c ^= b; c -= rotate(b, 14);
		a ^= c; a -= rotate(c, 11);
		b ^= a; b -= rotate(a, 25);
		c ^= b; c -= rotate(b, 16);
		a ^= c; a -= rotate(c, 4);
		b ^= a; b -= rotate(a, 14);
		c ^= b; c -= rotate(b, 24);
	}
	return (c & 7) == 0 ? XDP_DROP : XDP_PASS;
}

XDP_PROGRAM(xdp_jhash_loop)
