/* SPDX-License-Identifier: Apache-2.0 */
/* What only a running kernel can give: relocatable fields, kernel functions, variables, settings. */
#include "bpf.h"

#define __weak __attribute__((weak))

struct sk_buff { int len; } __attribute__((preserve_access_index));

struct bpf_dynptr { __u64 opaque[2]; };

extern int bpf_dynptr_from_xdp(struct xdp_md *xdp, __u64 flags, struct bpf_dynptr *ptr) __attribute__((section(".ksyms")));
extern int bpf_not_there(void) __weak __attribute__((section(".ksyms")));
extern const int bpf_prog_active __attribute__((section(".ksyms")));
extern const int not_there __weak __attribute__((section(".ksyms")));
extern __u32 LINUX_KERNEL_VERSION __attribute__((section(".kconfig")));

SEC("xdp") int core(struct xdp_md *ctx)
{
	return __builtin_preserve_field_info(((struct sk_buff *)0)->len, 0) ? XDP_DROP : XDP_PASS;
}

SEC("xdp") int kfunc(struct xdp_md *ctx)
{
	struct bpf_dynptr space;

	return bpf_dynptr_from_xdp(ctx, 0, &space) ? XDP_DROP : XDP_PASS;
}

SEC("xdp") int weak(struct xdp_md *ctx)
{
	if (bpf_not_there)
		return bpf_not_there();
	return &not_there ? XDP_DROP : XDP_PASS;
}

SEC("xdp") int ksym(struct xdp_md *ctx)
{
	return (long)&bpf_prog_active & 64 ? XDP_DROP : XDP_PASS;
}

SEC("xdp") int kconfig(struct xdp_md *ctx)
{
	return LINUX_KERNEL_VERSION > 0x60000 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
