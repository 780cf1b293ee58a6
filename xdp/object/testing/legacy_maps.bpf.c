/* SPDX-License-Identifier: Apache-2.0 */
/* As of 2017: maps in a section of that name in iproute2's form, a program section of its own name, no BTF. */
#include "bpf.h"

struct bpf_elf_map {
	__u32 type, size_key, size_value, max_elem, flags, id, pinning, inner_id, inner_idx;
};

struct bpf_elf_map SEC("maps") blocklist = { .type = LPM_TRIE, .size_key = 8, .size_value = 8, .max_elem = 100, .flags = 1 };
struct bpf_elf_map SEC("maps") counts = { .type = PERCPU_ARRAY, .size_key = 4, .size_value = 8, .max_elem = 4 };
struct bpf_elf_map SEC("maps") inner = { .type = ARRAY, .size_key = 4, .size_value = 4, .max_elem = 2, .id = 7, .inner_idx = 0 };
struct bpf_elf_map SEC("maps") outer = { .type = ARRAY_OF_MAPS, .size_key = 4, .size_value = 4, .max_elem = 3, .inner_id = 7 };

SEC("xdp_filter") int filter(struct xdp_md *ctx)
{
	__u32 key = XDP_DROP;
	__u64 *count = bpf_map_lookup_elem(&counts, &key);
	struct { __u32 bits, address; } prefix = { 32, ctx->ingress_ifindex };

	if (count)
		__sync_fetch_and_add(count, 1);
	if (bpf_map_lookup_elem(&outer, &key))
		return XDP_TX;
	return bpf_map_lookup_elem(&blocklist, &prefix) ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
