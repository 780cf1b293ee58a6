/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the packet without looking where it ends: what no verifier lets through. */
#include "bpf.h"

SEC("xdp") int unchecked(struct xdp_md *ctx)
{
	unsigned char *data = (void *)(long)ctx->data;

	return data[13] ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
