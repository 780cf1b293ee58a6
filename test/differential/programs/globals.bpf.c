// SPDX-License-Identifier: Apache-2.0
// build: -mcpu=v3
/* Global data of every kind: constants that are set before the load, tables, zeroed and initialised variables, sections of their own. */
#include "common.h"

const volatile __u32 factor = 3;
const volatile __u8 enabled = 0;
const volatile __u16 table[8] = { 1, 20, 300, 4000, 50000, 6, 7, 8 };

__u64 zeroed[4];
__u32 initialised = 41;
__s16 negative[3] = { -1, -2, -3 };
static __u64 counters[16] SEC(".data.counters");
static const __u64 primes[4] SEC(".rodata.primes") = { 2, 3, 5, 7 };

SEC("xdp")
int globals(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);

	mix(factor);
	mix(table[random & 7]);
	zeroed[random & 3] += random;
	mix(zeroed[random >> 2 & 3]);
	initialised = initialised * factor + 1;
	mix(initialised);
	if ((random & 3) < 3) {
		negative[random & 3]--;
		mix(negative[random & 3]);
	}
	counters[random >> 4 & 15]++;
	mix(counters[random >> 8 & 15]);
	mix(primes[random >> 12 & 3]);
	if (enabled)
		return XDP_DROP;
	return finish(ctx);
}
