// SPDX-License-Identifier: Apache-2.0
/* Tells user space of every packet: its addresses and length, through a ring buffer. */
#include "bench.h"

struct event {
	__be32 source;
	__be32 destination;
	__u32 length;
	__u32 protocol;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16777216);
} events SEC(".maps");

#define MAPS(X) X(events)

BODY
{
	void *data = DATA, *end = DATA_END;
	struct iphdr *ip = ipv4(data, end);
	struct event *event;

	if (!ip)
		return XDP_PASS;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event)
		return XDP_DROP;
	event->source = ip->saddr;
	event->destination = ip->daddr;
	event->length = end - data;
	event->protocol = ip->protocol;
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	return XDP_PASS;
}

XDP_PROGRAM(xdp_events)
