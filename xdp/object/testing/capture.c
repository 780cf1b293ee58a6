/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into a loader, writes what it asks bpf() for to the file that CAPTURE names:
 *   prog NAME TYPE <instructions in hex>
 *   map FD NAME TYPE KEY_SIZE VALUE_SIZE MAX_ENTRIES FLAGS     (each map that the program before it names)
 * A program of an object that the kernel refuses is taken all the same, so that the loader goes on to the next.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

typedef long (*syscall_fn)(long, ...);

static void write_maps(syscall_fn real, FILE *out, const struct bpf_insn *insns, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (insns[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (insns[i].src_reg == BPF_PSEUDO_MAP_FD || insns[i].src_reg == BPF_PSEUDO_MAP_VALUE) {
			struct bpf_map_info info = {};
			union bpf_attr attr = {};

			attr.info.bpf_fd = insns[i].imm;
			attr.info.info_len = sizeof(info);
			attr.info.info = (uintptr_t)&info;
			if (real(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) == 0)
				fprintf(out, "map %d %s %u %u %u %u %u\n", insns[i].imm, info.name, info.type, info.key_size, info.value_size, info.max_entries, info.map_flags);
		}
		i++;
	}
}

long syscall(long number, ...)
{
	syscall_fn real = (syscall_fn)dlsym(RTLD_NEXT, "syscall");
	va_list list;
	long a[6];

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_bpf && a[0] == BPF_PROG_LOAD && getenv("CAPTURE")) {
		const union bpf_attr *attr = (const void *)a[1];
		const unsigned char *bytes = (const void *)(uintptr_t)attr->insns;
		FILE *out = fopen(getenv("CAPTURE"), "a");

		if (out) {
			fprintf(out, "prog %s %u ", attr->prog_name[0] ? attr->prog_name : "-", attr->prog_type);
			for (unsigned i = 0; i < attr->insn_cnt * sizeof(struct bpf_insn); i++)
				fprintf(out, "%02x", bytes[i]);
			fputc('\n', out);
			write_maps(real, out, (const void *)bytes, attr->insn_cnt);
			fclose(out);
		}
	}
	long result = real(number, a[0], a[1], a[2], a[3], a[4], a[5]);

	/* What libbpf loads to find out what the kernel can do has no functions. */
	if (result < 0 && number == SYS_bpf && a[0] == BPF_PROG_LOAD && getenv("CAPTURE") && ((const union bpf_attr *)a[1])->func_info_cnt)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	return result;
}
