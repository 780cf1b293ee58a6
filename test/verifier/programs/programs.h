/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs near the border share. vmlinux.h is made from the running kernel's types. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_core_read.h>
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86DD
#define ETH_P_8021Q 0x8100
char _license[] SEC("license") = "GPL";
