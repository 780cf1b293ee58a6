// SPDX-License-Identifier: Apache-2.0
// build: -mcpu=v3
/* Small helpers: the context's fields, printing, comparing strings, reading kernel memory that is not there, per-CPU lookups. */
#include "common.h"

SEC("xdp")
int helpers_context(struct xdp_md *ctx)
{
	mix(ctx->data_end - ctx->data);
	mix(ctx->data - ctx->data_meta);
	mix(ctx->ingress_ifindex);
	mix(ctx->rx_queue_index);
	mix(bpf_get_smp_processor_id());
	mix(bpf_get_numa_node_id());
	return finish(ctx);
}

SEC("xdp")
int helpers_printk(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6);
	char fmt[] = "n %d u %u x %x\n";
	char wide[] = "%llu %llx %ld\n";

	mix(bpf_trace_printk(fmt, sizeof(fmt), (int)random & 0xfff, 7, (__u32)random & 0xffff));
	mix(bpf_trace_printk(wide, sizeof(wide), random, random, -5));
	return finish(ctx);
}

/* No 0 at the end, and a conversion that is not one. */
SEC("xdp")
int helpers_printk_odd(struct xdp_md *ctx)
{
	char cut[] = { 'a', 'b', 'c' };
	char unknown[] = "%q\n";
	char percent[] = "%%\n";
	char none[] = "x\n";

	mix(bpf_trace_printk(cut, sizeof(cut)));
	mix(bpf_trace_printk(unknown, sizeof(unknown), 1));
	mix(bpf_trace_printk(percent, sizeof(percent)));
	mix(bpf_trace_printk(none, sizeof(none)));
	return finish(ctx);
}

static const char word[] = "GET /index";

SEC("xdp")
int helpers_strncmp(struct xdp_md *ctx)
{
	char text[12] = "GET /index";
	__u64 random = packet_u64(ctx, 6);

	__u64 at = random >> 1 & 7;

	OPAQUE(at);
	if (random & 1 && at < sizeof(text))
		text[at] = random >> 8;
	mix(bpf_strncmp(text, sizeof(text), word));
	mix(bpf_strncmp(text, 4, word));
	return finish(ctx);
}

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} totals SEC(".maps");

SEC("xdp")
int helpers_percpu(struct xdp_md *ctx)
{
	__u64 random = packet_u64(ctx, 6), first = random, *value;
	__u32 key = random & 7;

	value = bpf_map_lookup_percpu_elem(&counts, &key, random >> 4 & 3);
	mix(value ? *value : 0xdead);
	value = bpf_map_lookup_percpu_elem(&totals, &key, random >> 6 & 3);
	mix(value ? *value : 0xdead);
	mix(bpf_map_update_elem(&counts, &key, &first, BPF_ANY));
	mix(bpf_map_update_elem(&totals, &key, &first, BPF_ANY));
	return finish(ctx);
}

SEC("xdp")
int helpers_probe_read(struct xdp_md *ctx)
{
	__u64 value = 5, other = packet_u64(ctx, 6);

	mix(bpf_probe_read_kernel(&value, 8, &other));
	mix(value);
	mix(bpf_probe_read_kernel(&value, 8, 0));
	mix(value);
	mix(bpf_probe_read_kernel(&value, 0, 0));
	value = 7;
	mix(bpf_probe_read_kernel(&value, 4, (void *)0x1000));
	mix(value);
	mix(bpf_probe_read_kernel(&value, 4, (void *)0xfffffffffffff000));
	mix(value);
	return finish(ctx);
}
