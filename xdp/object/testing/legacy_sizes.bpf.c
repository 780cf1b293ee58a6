/* SPDX-License-Identifier: Apache-2.0 */
/* Map definitions of the sizes that loaders have had. */
#include "bpf.h"

struct shortest { __u32 type, key_size, value_size, max_entries; };
struct samples { __u32 type, key_size, value_size, max_entries, flags, inner_map_idx, numa_node; };
struct with_namespace { __u32 type, key_size, value_size, max_entries, flags, pinning; char namespace[256]; };
struct bpf_elf_map { __u32 type, size_key, size_value, max_elem, flags, id, pinning, inner_id, inner_idx; };

struct shortest SEC("maps") four = { HASH, 4, 8, 16 };
struct samples SEC("maps") seven = { ARRAY, 4, 4, 3 };
struct with_namespace SEC("maps/more") many = { HASH, 8, 16, 32, 1, 2, "globals" };
struct bpf_elf_map SEC("maps") pinned = { .type = ARRAY, .size_key = 4, .size_value = 8, .max_elem = 5, .pinning = 2 };
struct bpf_elf_map SEC("maps") spare = { .type = ARRAY, .size_key = 4, .size_value = 8, .max_elem = 1, .id = 9, .inner_idx = 2 };
struct bpf_elf_map SEC("maps") template = { .type = ARRAY, .size_key = 4, .size_value = 8, .max_elem = 1, .id = 9, .inner_idx = -1 };
struct bpf_elf_map SEC("maps") outer = { .type = HASH_OF_MAPS, .size_key = 4, .size_value = 4, .max_elem = 3, .inner_id = 9 };

SEC("prog") int all(struct xdp_md *ctx)
{
	__u64 key = 0;
	int found = 0;

	found += !!bpf_map_lookup_elem(&four, &key) + !!bpf_map_lookup_elem(&seven, &key);
	found += !!bpf_map_lookup_elem(&many, &key) + !!bpf_map_lookup_elem(&pinned, &key);
	return found + !!bpf_map_lookup_elem(&outer, &key) + !!bpf_map_lookup_elem(&spare, &key) + !!bpf_map_lookup_elem(&template, &key);
}

char _license[] SEC("license") = "GPL";
