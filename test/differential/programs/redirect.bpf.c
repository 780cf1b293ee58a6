// SPDX-License-Identifier: Apache-2.0
// build: -mcpu=v3
/* What redirects return: with and without an entry, with every kind of flags, on every map that takes them. */
#include "common.h"

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u32);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct bpf_devmap_val);
} named_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

static __always_inline __u64 flags_of(__u64 random)
{
	switch (random & 15) {
	case 0: return XDP_ABORTED;
	case 1: return XDP_DROP;
	case 2: return XDP_PASS;
	case 3: return XDP_TX;
	case 4: return 4;
	case 5: return 5;
	case 6: return BPF_F_BROADCAST;
	case 7: return BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS;
	case 8: return BPF_F_EXCLUDE_INGRESS;
	case 9: return 1ULL << 32;
	case 10: return BPF_F_BROADCAST | XDP_PASS;
	case 11: return ~0ULL;
	}
	return 0;
}

SEC("xdp")
int redirect_any(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6), flags = random & 1 ? 0 : flags_of(random >> 1);
	int result = bpf_redirect(1 + (random >> 8 & 1), flags);

	mix(result);
	finish(ctx);
	return result;
}

#define REDIRECT(NAME, MAP, KEYS)                                                        \
	SEC("xdp")                                                                      \
	int NAME(struct xdp_md *ctx)                                                    \
	{                                                                               \
		__u64 random = packet_u64(ctx, 6), flags = flags_of(random >> 8);       \
		__u64 key = random % (KEYS);                                            \
		long result;                                                            \
                                                                                        \
		if ((random >> 16 & 15) == 0)                                           \
			key |= 1ULL << 32;                                              \
		if ((random >> 16 & 15) == 1)                                           \
			key = 0xffffffff;                                               \
		result = bpf_redirect_map(&MAP, key, flags);                            \
		mix(result);                                                            \
		finish(ctx);                                                            \
		return result;                                                          \
	}

REDIRECT(redirect_devmap, ports, 10)
REDIRECT(redirect_devmap_hash, named_ports, 10)
REDIRECT(redirect_cpumap, cpus, 6)
REDIRECT(redirect_xskmap, sockets, 6)

/* Programs may look into device maps, not into CPU maps. */
SEC("xdp")
int redirect_lookup(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	__u32 key = random % 10;
	struct bpf_devmap_val *named = bpf_map_lookup_elem(&named_ports, &key);
	__u32 *value = bpf_map_lookup_elem(&ports, &key);

	mix(named ? named->ifindex : 0xdead);
	mix(value ? *value : 0xdead);
	/* A socket, never its descriptor. */
	mix(bpf_map_lookup_elem(&sockets, &key) != 0);
	return finish(ctx);
}

/* Return values that mean nothing, and negative ones. */
SEC("xdp")
int redirect_verdicts(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);

	mix(random);
	finish(ctx);
	return random & 1 ? (int)(random % 9) : -(int)(random % 1000);
}
