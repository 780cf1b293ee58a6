// SPDX-License-Identifier: Apache-2.0
/* Drops every packet: what a packet costs besides its program. */
#include "bench.h"

#define MAPS(X)

BODY
{
	return XDP_DROP;
}

XDP_PROGRAM(xdp_drop)
