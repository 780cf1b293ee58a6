// SPDX-License-Identifier: Apache-2.0
/* A token bucket for each IPv4 source: the credit is time. */
#include "bench.h"

#define COST_NS 1000
#define MOST_NS 64000

struct bucket {
	__u64 refilled;
	__u64 credit;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, struct bucket);
} buckets SEC(".maps");

#define MAPS(X) X(buckets)

BODY
{
	struct iphdr *ip = ipv4(DATA, DATA_END);
	struct bucket *bucket;
	__u64 now, credit;
	__u32 source;

	if (!ip)
		return XDP_PASS;
	source = ip->saddr;
	now = bpf_ktime_get_ns();
	bucket = bpf_map_lookup_elem(&buckets, &source);
	if (!bucket) {
		struct bucket fresh = { .refilled = now, .credit = MOST_NS - COST_NS };

		bpf_map_update_elem(&buckets, &source, &fresh, BPF_ANY);
		return XDP_PASS;
	}
	credit = bucket->credit;
	if (now > bucket->refilled) {
		credit += now - bucket->refilled;
		bucket->refilled = now;
	}
	if (credit > MOST_NS)
		credit = MOST_NS;
	if (credit < COST_NS) {
		bucket->credit = credit;
		return XDP_DROP;
	}
	bucket->credit = credit - COST_NS;
	return XDP_PASS;
}

XDP_PROGRAM(xdp_rate_limit)
