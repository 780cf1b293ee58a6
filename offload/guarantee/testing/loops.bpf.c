/* Loops of every kind whose turns are known: what a bound over them is held to. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct bpf_iter_num {
	__u64 opaque[1];
} __attribute__((aligned(8)));

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;

#define DATA(ctx) ((unsigned char *)(long)(ctx)->data)
#define END(ctx) ((unsigned char *)(long)(ctx)->data_end)

SEC("xdp")
int iterator(struct xdp_md *ctx)
{
	unsigned char *data = DATA(ctx);
	unsigned char bytes[32];
	struct bpf_iter_num it;
	__u64 sum = 0;
	int *i;

	if (data + 40 > END(ctx))
		return XDP_PASS;
	__builtin_memcpy(bytes, data, 32);
	bpf_iter_num_new(&it, 0, 20);
	while ((i = bpf_iter_num_next(&it)))
		sum += bytes[*i & 31];
	bpf_iter_num_destroy(&it);
	return sum & 1 ? XDP_DROP : XDP_TX;
}

SEC("xdp")
int iterators_in_each_other(struct xdp_md *ctx)
{
	unsigned char *data = DATA(ctx);
	unsigned char bytes[32];
	struct bpf_iter_num outer, inner;
	__u64 sum = 0;
	int *i, *j;

	if (data + 40 > END(ctx))
		return XDP_PASS;
	__builtin_memcpy(bytes, data, 32);
	bpf_iter_num_new(&outer, 0, 7);
	while ((i = bpf_iter_num_next(&outer))) {
		bpf_iter_num_new(&inner, 2, 7);
		while ((j = bpf_iter_num_next(&inner)))
			sum += bytes[(*i + *j) & 31];
		bpf_iter_num_destroy(&inner);
	}
	bpf_iter_num_destroy(&outer);
	return sum & 1 ? XDP_DROP : XDP_TX;
}

static int add(__u32 i, __u64 *sum)
{
	*sum += i * i;
	return 0;
}

static int add_all(__u32 i, __u64 *sum)
{
	bpf_loop(4, add, sum, 0);
	return 0;
}

SEC("xdp")
int callback(struct xdp_md *ctx)
{
	unsigned char *data = DATA(ctx);
	__u64 sum = 0;

	if (data + 40 > END(ctx))
		return XDP_PASS;
	bpf_loop(data[14] & 31, add, &sum, 0);
	return sum & 1 ? XDP_DROP : XDP_TX;
}

SEC("xdp")
int callbacks_in_each_other(struct xdp_md *ctx)
{
	__u64 sum = 0;

	bpf_loop(9, add_all, &sum, 0);
	return sum & 1 ? XDP_DROP : XDP_TX;
}

__noinline int sum_of(struct xdp_md *ctx)
{
	unsigned char *data = DATA(ctx);
	unsigned int sum = 0;

	if (data + 40 > END(ctx))
		return 0;
	for (int i = 0; i < 32; i++)
		sum += data[i];
	return sum;
}

SEC("xdp")
int global_function(struct xdp_md *ctx)
{
	int sum = 0;

	for (int i = 0; i < 5; i++)
		sum += sum_of(ctx);
	return sum & 1 ? XDP_DROP : XDP_TX;
}

char _license[] SEC("license") = "GPL";
