#!/usr/bin/env bash
# Compiles the XDP programs of the kernel's samples and selftests, at -mcpu=v1, v3 and v4, for the corpus run.
# Nothing of the kernel's source is kept here: it is unpacked and compiled in a folder of its own, work that is done is not done again.
#
#   build.sh [FOLDER]     default FOLDER: ${TMPDIR:-/tmp}/beeline-corpus; objects come to FOLDER/objects/v1, v3, v4,
#                         and to FOLDER/objects/any what was not written for XDP but may load as such, at -mcpu=v4
#
# Wants Debian's linux-source-6.12 (or LINUX_SOURCE=TARBALL), clang-19 (or CLANG), bpftool, python3 and a kernel with BTF.
set -euo pipefail

corpus=${1:-${TMPDIR:-/tmp}/beeline-corpus}
tarball=${LINUX_SOURCE:-/usr/src/linux-source-6.12.tar.xz}
export CLANG=${CLANG:-clang-19}
mkdir -p "$corpus"

# One build at a time: test files may ask for it together.
exec 9>"$corpus/lock"
flock 9

export tree=$corpus/tree
if [ ! -e "$tree/.unpacked" ]; then
	rm -rf "$tree" "$tree.new"
	mkdir -p "$tree.new"
	tar -xf "$tarball" -C "$tree.new" --strip-components=1 --wildcards \
		'*/samples/bpf/*' '*/tools/testing/selftests/bpf/*' '*/tools/lib/bpf/*.h' '*/tools/include/*' '*/include/uapi/*' '*/scripts/bpf_doc.py'
	touch "$tree.new/.unpacked"
	mv "$tree.new" "$tree"
fi

# What the kernel's own build would generate: the running kernel's types, and the helpers' declarations.
export generated=$corpus/generated
mkdir -p "$generated/bpf" "$generated/kernel"
[ -s "$generated/vmlinux.h" ] || { bpftool btf dump file /sys/kernel/btf/vmlinux format c >"$generated/vmlinux.new" && mv "$generated/vmlinux.new" "$generated/vmlinux.h"; }
if [ ! -s "$generated/bpf/bpf_helper_defs.h" ]; then
	cp "$tree"/tools/lib/bpf/*.h "$generated/bpf/"
	python3 "$tree/scripts/bpf_doc.py" --header --file "$tree/tools/include/uapi/linux/bpf.h" >"$generated/bpf/bpf_helper_defs.new"
	mv "$generated/bpf/bpf_helper_defs.new" "$generated/bpf/bpf_helper_defs.h"
fi
# Old samples name the kernel's own headers by their place in its tree.
[ -e "$generated/kernel/uapi" ] || ln -s "$tree/include/uapi" "$generated/kernel/uapi"
cat >"$generated/kernel/types.h" <<-END
	#include <linux/types.h>
	typedef __u8 u8; typedef __u16 u16; typedef __u32 u32; typedef __u64 u64;
	typedef __s8 s8; typedef __s16 s16; typedef __s32 s32; typedef __s64 s64;
	#include <linux/stddef.h>
	#include <linux/tcp.h>
	#define __force
	#define memcpy __builtin_memcpy
	#include <linux/udp.h>
	#define AF_INET 2
	#define AF_INET6 10
	#define max(a, b) ((a) > (b) ? (a) : (b))
	#define memset __builtin_memset
	#define cpu_to_be32 __builtin_bswap32
	#define htons __builtin_bswap16
	#define ntohs __builtin_bswap16
	#define htonl __builtin_bswap32
	#define ntohl __builtin_bswap32
	#define __counted_by(member)
END

compile() { # FOLDER SOURCE
	local object flags name version=$1
	[ "$version" = any ] && version=v4
	name=$(basename "$2" .c)
	name=${name%.bpf}
	object=$corpus/objects/$1/$name.bpf.o
	[ -e "$object" ] && return 0
	flags=(-I"$generated" -I"$tree/tools/testing/selftests/bpf" -I"$tree/tools/testing/selftests/bpf/progs" -I"$tree/tools/include/uapi" -idirafter "/usr/include/$(uname -m)-linux-gnu")
	case $2 in
	*/samples/bpf/*_kern.c) flags+=(-include "$generated/kernel/types.h" -I"$tree/samples/bpf" -I"$generated/kernel") ;;
	*/samples/bpf/*) flags+=(-I"$tree/samples/bpf" -I"$tree/tools/include") ;;
	# The selftests' Makefile compiles this one so.
	*/test_xdp_noinline.c) flags+=(-fno-inline) ;;
	esac
	[ "$version" = v1 ] || flags+=(-DENABLE_ATOMICS_TESTS)
	if ! "$CLANG" -g -O2 --target=bpf "-mcpu=$version" -std=gnu11 -fno-strict-aliasing -mlittle-endian -D__TARGET_ARCH_x86 -w "${flags[@]}" -c "$2" -o "$object.new" 2>"$object.log"; then
		rm -f "$object.new"
		return 0
	fi
	mv "$object.new" "$object"
	rm "$object.log"
}
export -f compile
export corpus

# XDP sections by name, and what is loaded as XDP by tools that take any section.
sources=$({
	grep -lE 'SEC\("\??xdp' "$tree"/samples/bpf/*.c "$tree"/tools/testing/selftests/bpf/progs/*.c
	grep -l 'SEC(' "$tree"/samples/bpf/*xdp*.c "$tree"/tools/testing/selftests/bpf/progs/*xdp*.c
} | sort -u)
# Programs of other types that use what XDP programs may use too, without those that try the kernel's patience.
others=$(grep -lE 'SEC\("\??(tc|tcx/ingress|socket|classifier|cgroup_skb/egress|raw_tp|syscall|tracepoint)"' "$tree"/tools/testing/selftests/bpf/progs/*.c | grep -vE 'lockup|_race|destructive|preempt|exceptions|crypto|/wq|timer|struct_ops|arena|sleep|lsm|cgroup|deadlock|async|_fail' | sort)
mkdir -p "$corpus"/objects/{v1,v3,v4,any}
{
	for version in v1 v3 v4; do printf "$version %s\n" $sources; done
	printf 'any %s\n' $others
} | xargs -P "$(nproc)" -n 2 bash -c 'compile "$@"' compile

# The sample's Makefile links these two.
for version in v1 v3 v4; do
	(
		cd "$corpus/objects/$version"
		[ ! -e xdp_router_ipv4.bpf.o ] || [ -e xdp_router_ipv4_linked.bpf.o ] || bpftool gen object xdp_router_ipv4_linked.bpf.o xdp_router_ipv4.bpf.o xdp_sample.bpf.o
	)
done

printf '%s sources, %s objects in %s\n' "$(wc -w <<<"$sources")" "$(find "$corpus"/objects/v* -name '*.o' | wc -l)" "$corpus/objects"
printf '%s sources of other types, %s objects\n' "$(wc -w <<<"$others")" "$(find "$corpus"/objects/any -name '*.o' | wc -l)"
find "$corpus"/objects/v* -name '*.log' | sort | while read -r log; do
	printf 'not compiled: %s: %s\n' "$(realpath --relative-to "$corpus/objects" "${log%.bpf.o.log}")" "$(grep -m1 'error' "$log" | sed "s|$corpus/||" || head -1 "$log")"
done
