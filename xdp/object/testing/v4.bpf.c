/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions that came with v3 and v4. */
#include "bpf.h"

int a = 7, b = -3;
__u64 word = 1;

SEC("xdp") int modern(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	signed char *byte = data;

	if (data + 8 > end)
		return XDP_ABORTED;
	a = a / b + (b + 9) % a + byte[1] + *(short *)(data + 2);
	a += (signed char)ctx->rx_queue_index;
	word = __builtin_bswap64(word);
	b = __sync_fetch_and_or(&a, 8) + __sync_val_compare_and_swap(&word, 4, 5) + __sync_lock_test_and_set(&b, 2);
	__sync_fetch_and_and(&word, 255);
	return a < 0 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
