// SPDX-License-Identifier: Apache-2.0
/* Parses Ethernet, IPv4 and UDP or TCP, and drops what goes to port 53. */
#include "bench.h"

#define MAPS(X)

BODY
{
	void *end = DATA_END;
	struct iphdr *ip = ipv4(DATA, end);
	struct udphdr *udp;

	if (!ip || ip->ihl != 5)
		return XDP_PASS;
	if (ip->protocol != IPPROTO_UDP && ip->protocol != IPPROTO_TCP)
		return XDP_PASS;
	udp = (void *)(ip + 1);
	if ((void *)(udp + 1) > end)
		return XDP_PASS;
	return udp->dest == bpf_htons(53) ? XDP_DROP : XDP_PASS;
}

XDP_PROGRAM(xdp_port_filter)
