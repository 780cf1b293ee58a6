/* SPDX-License-Identifier: Apache-2.0 */
/* Memory shared with a process: read, and refused where it should run. */
#include "bpf.h"

#define __ulong(name, value) enum { unique_of_##name = value } name
#define __arena __attribute__((address_space(1)))

struct {
	__uint(type, 33);
	__uint(map_flags, 1 << 10);
	__uint(max_entries, 100);
	__ulong(map_extra, 0x1ull << 44);
} arena SEC(".maps");

struct {
	__uint(type, 30);
	__uint(max_entries, 10);
	__type(value, __u32);
	__uint(map_extra, 3);
} bloom SEC(".maps");

SEC("xdp") int in_arena(struct xdp_md *ctx)
{
	int __arena *there = (int __arena *)(long)ctx->rx_queue_index;

	asm volatile("" : : "r"(&arena), "r"(&bloom));
	return *there;
}

char _license[] SEC("license") = "GPL";
