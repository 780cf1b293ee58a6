/* SPDX-License-Identifier: Apache-2.0 */
/* A value of every kind of type. */
#include "bpf.h"

enum color { RED, GREEN = 5, BLUE = -1 };
enum large { HUGE = 0x100000000 };

struct everything {
	char name[8];
	__u8 raw[4];
	signed char small;
	_Bool flag;
	enum color color;
	__u64 big;
	__u32 three : 3;
	int five : 5;
	const void *pointer;
	union { __u32 u; __u8 bytes[4]; };
	struct { short s1, s2; };
	struct { __u8 a[3]; } list[2];
	enum large large;
	double real;
	__int128 wide;
	int (*function)(int, const char *);
	const struct everything *const *next[3];
};

struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct everything);
} values SEC(".maps");

SEC("xdp") int typed(struct xdp_md *ctx)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&values, &key) ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
