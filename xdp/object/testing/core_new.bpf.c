/* SPDX-License-Identifier: Apache-2.0 */
/* Types of a kernel newer than the one that core.bpf.c was written for: everything has moved. */
#include "bpf.h"

struct inner { __u64 before; __u32 a; };

struct device {
	__u32 flags;
	union {
		struct { __u64 queue; __u32 count; };
		__u64 both;
	};
	struct inner parts[8];
	char level;
	__u32 pad : 9;
	__u32 low : 5;
	__u32 high : 7;
	void *owner;
	__u64 first;
};

typedef __u32 handle;
union word { __u32 whole; __u8 parts[4]; };
enum state { BUSY = 7, NEW = 8, IDLE = 9 };
enum large { TINY = 1, HUGE = 0x9876543210ULL };

struct device the_device;
handle the_handle;
union word the_word;
enum state the_state;
enum large the_large;
