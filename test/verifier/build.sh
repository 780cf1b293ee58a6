#!/usr/bin/env bash
# Compiles the kernel selftests that state the verifier's verdict (__success, __failure) for the agreement run, and the programs
# near the border that are kept here. The selftests' source comes from the corpus' own unpacked tree; nothing of it is kept here,
# and work that is done is not done again.
#
#   build.sh [FOLDER]     default FOLDER: ${TMPDIR:-/tmp}/beeline-corpus; objects come to FOLDER/selftests
#
# Wants what test/corpus/build.sh wants, which it runs first.
set -euo pipefail

corpus=${1:-${TMPDIR:-/tmp}/beeline-corpus}
programs=$(cd "$(dirname "$0")/programs" && pwd)
"$programs/../../corpus/build.sh" "$corpus" >/dev/null
export CLANG=${CLANG:-clang-19}
export corpus tree=$corpus/tree/tools/testing/selftests/bpf generated=$corpus/generated
exec 9>"$corpus/lock"
flock 9
mkdir -p "$corpus/selftests"

compile() { # SOURCE
	local name object
	name=$(basename "$1" .c)
	object=$corpus/selftests/$name.bpf.o
	[ -e "$object" ] || [ -e "$object.log" ] && return 0
	if ! "$CLANG" -g -O2 --target=bpf -mcpu=v4 -std=gnu11 -fno-strict-aliasing -mlittle-endian -D__TARGET_ARCH_x86 -DENABLE_ATOMICS_TESTS -w \
		-I"$generated" -I"$tree" -I"$tree/progs" -I"$corpus/tree/tools/include/uapi" -idirafter "/usr/include/$(uname -m)-linux-gnu" \
		-c "$1" -o "$object.new" 2>"$object.log"; then
		rm -f "$object.new"
		return 0
	fi
	mv "$object.new" "$object"
	rm "$object.log"
}
export -f compile

{
	ls "$tree"/progs/verifier_*.c
	grep -lE '__(success|failure)' "$tree"/progs/*.c
} | sort -u | xargs -P "$(nproc)" -n 1 bash -c 'compile "$@"' compile

for source in "$programs"/*.bpf.c; do
	for cpu in v1 v4; do
		object=$corpus/selftests/border_$(basename "$source" .bpf.c)_$cpu.bpf.o
		[ "$object" -nt "$source" ] || "$CLANG" -g -O2 --target=bpf -mcpu=$cpu -D__TARGET_ARCH_x86 -w -I"$generated" -c "$source" -o "$object" 2>"$object.log" || rm -f "$object"
		[ -s "$object.log" ] || rm -f "$object.log"
	done
done

printf '%s objects in %s\n' "$(find "$corpus/selftests" -name '*.o' | wc -l)" "$corpus/selftests"
find "$corpus/selftests" -name '*.log' | sort | while read -r log; do
	printf 'not compiled: %s: %s\n' "$(basename "${log%.bpf.o.log}")" "$(grep -m1 'error' "$log" | sed "s|$corpus/||" || head -1 "$log")"
done
