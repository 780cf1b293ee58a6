/* SPDX-License-Identifier: Apache-2.0 */
/* Globals of every type, for users to set. */
#include "bpf.h"

enum mode { OFF, COUNT, BLOCK = 10, BELOW = -4 };

struct rule { __u16 ports[2]; _Bool on; __u32 low : 4; __u32 high : 12; struct { __u8 mac[6]; }; enum mode mode; };

const volatile __u8 small;
const volatile signed char signed_small = -1;
const volatile __u16 port = 53;
const volatile int number = -7;
const volatile __u64 large;
const volatile _Bool enabled;
const volatile enum mode mode = COUNT;
const volatile char device[8] = "eth0";
const volatile __u8 mac[6];
const volatile __u32 table[3] = { 1, 2, 3 };
const volatile double ratio = 0.5;
struct rule rules[2];
static volatile __u32 hidden = 3;
static volatile const __u32 twice = 1;
__u32 counter SEC(".data.counters");

__noinline int bump(void)
{
	static volatile __u32 twice;

	return twice++;
}

SEC("xdp") int configured(struct xdp_md *ctx)
{
	if (!enabled)
		return XDP_PASS;
	counter += rules[1].ports[0] + hidden + twice + bump() + device[0] + mac[5] + *(volatile const __u8 *)&ratio;
	if (mode == BLOCK && port == 4789 && table[2] == 9 && number == -70000 && large == 0x123456789abcdefULL && small == 255 && signed_small == -128)
		return XDP_DROP;
	return XDP_TX;
}

char _license[] SEC("license") = "GPL";
