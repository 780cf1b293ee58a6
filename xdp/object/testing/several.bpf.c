/* SPDX-License-Identifier: Apache-2.0 */
/* One program a section, of every kind that the section's name tells. */
#include "bpf.h"

#define PROGRAM(section, name) SEC(section) int name(struct xdp_md *ctx) { return XDP_PASS; }

PROGRAM("xdp", plain)
PROGRAM("xdp.frags", frags)
PROGRAM("xdp/devmap", on_devmap)
PROGRAM("xdp.frags/cpumap", on_cpumap)
PROGRAM("?xdp", asked_for)

/* A static function beside its caller: no program, though it stands in a section of programs. */
SEC("my_filter") static __noinline int beside(__u32 x)
{
	asm volatile("%0 += 1" : "+r"(x));
	return x;
}

SEC("my_filter") int own_name(struct xdp_md *ctx) { return beside(ctx->data); }

SEC("tc") int tc_program(void *ctx) { return 0; }
SEC("kprobe/sys_exit") int kprobe_program(void *ctx) { return 0; }
SEC("freplace/plain") int replacement(struct xdp_md *ctx) { return XDP_PASS; }

char _license[] SEC("license") = "GPL";
