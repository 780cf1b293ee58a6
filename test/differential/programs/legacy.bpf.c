// SPDX-License-Identifier: Apache-2.0
// build: -mcpu=v1
/* An object as they were before BTF: a `maps` section, which libbpf 1.x refuses and the kernel does not mind. */
#include "common.h"

struct bpf_map_def {
	unsigned int type;
	unsigned int key_size;
	unsigned int value_size;
	unsigned int max_entries;
	unsigned int map_flags;
};

struct bpf_map_def SEC("maps") old_hash = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = 4,
	.value_size = 8,
	.max_entries = 100,
};

struct bpf_map_def SEC("maps") old_array = {
	.type = BPF_MAP_TYPE_PERCPU_ARRAY,
	.key_size = 4,
	.value_size = 8,
	.max_entries = 5,
};

SEC("xdp_legacy")
int legacy(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6), *value, first = 1;
	__u32 key = random % 120;

	value = bpf_map_lookup_elem(&old_hash, &key);
	if (value)
		*value += 1;
	else
		mix(bpf_map_update_elem(&old_hash, &key, &first, BPF_ANY));
	key = random & 7;
	value = bpf_map_lookup_elem(&old_array, &key);
	if (value)
		*value += random;
	mix(value ? *value : 0);
	return finish(ctx);
}
