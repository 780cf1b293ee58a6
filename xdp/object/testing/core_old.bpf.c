/* SPDX-License-Identifier: Apache-2.0 */
/* Types of a kernel older than the one that core.bpf.c was written for. */
#include "bpf.h"

struct inner { __u32 a; };

struct device {
	__u64 first;
	__u8 rx_queue;
	__u16 count;
	signed char level;
	struct inner parts[3];
	void *owner;
	__u32 low : 3;
	int high : 30;
};

union word { __u32 whole; __u16 parts[2]; };
enum state { IDLE = 1, BUSY = 2, GONE = 3 };
enum large { HUGE = 5 };

struct device the_device;
union word the_word;
enum state the_state;
enum large the_large;
