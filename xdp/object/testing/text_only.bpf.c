/* SPDX-License-Identifier: Apache-2.0 */
/* A program without a section of its own. */
#include "bpf.h"

static __noinline int twice(__u32 x)
{
	asm volatile("%0 += %0" : "+r"(x));
	return x;
}

int main_program(struct xdp_md *ctx)
{
	return twice(XDP_DROP);
}
