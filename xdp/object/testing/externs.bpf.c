/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of every type, and things of the kernel that may be missing. */
#include "bpf.h"

#define __weak __attribute__((weak))
#define __kconfig __attribute__((section(".kconfig")))
#define __ksym __attribute__((section(".ksyms")))

enum libbpf_tristate { TRI_NO, TRI_YES, TRI_MODULE };

extern __u32 LINUX_KERNEL_VERSION __kconfig;
extern _Bool CONFIG_BPF_SYSCALL __kconfig;
extern _Bool CONFIG_NOWHERE_BOOL __kconfig __weak;
extern enum libbpf_tristate CONFIG_IPV6 __kconfig;
extern __u64 CONFIG_HZ __kconfig;
extern short CONFIG_NOWHERE_SHORT __kconfig __weak;
extern char CONFIG_NOWHERE_CHAR __kconfig __weak;
extern char CONFIG_DEFAULT_HOSTNAME[8] __kconfig;

struct bpf_dynptr { __u64 opaque[2]; };
extern int bpf_dynptr_from_xdp(struct xdp_md *xdp, __u64 flags, struct bpf_dynptr *ptr) __ksym __weak;
extern int bpf_never_was(struct xdp_md *xdp) __ksym __weak;
extern const int never_was __ksym __weak;

/* Each setting adds its part: 1 2 4 8 ... */
SEC("xdp") int settings(struct xdp_md *ctx)
{
	int result = 0;

	result |= LINUX_KERNEL_VERSION >= 0x60000 ? 1 : 0;
	result |= CONFIG_BPF_SYSCALL ? 2 : 0;
	result |= CONFIG_NOWHERE_BOOL ? 4 : 0;
	result |= CONFIG_IPV6 == TRI_YES ? 8 : 0;
	result |= CONFIG_HZ == 250 ? 16 : 0;
	result |= CONFIG_NOWHERE_SHORT == -5 ? 32 : 0;
	result |= CONFIG_NOWHERE_CHAR == 'm' ? 64 : 0;
	result |= CONFIG_DEFAULT_HOSTNAME[0] == '(' ? 128 : 0;
	return result;
}

/* The first function is in the kernel since 6.4, the others nowhere. */
SEC("xdp") int functions(struct xdp_md *ctx)
{
	int result = 0;

	if (bpf_never_was)
		result |= bpf_never_was(ctx);
	if (bpf_dynptr_from_xdp)
		result |= 2;
	if (&never_was)
		result |= 4;
	return result;
}

char _license[] SEC("license") = "GPL";
