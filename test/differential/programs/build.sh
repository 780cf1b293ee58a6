#!/bin/sh
# Compiles the programs beside this script (all, or those named) with the flags of their "// build:" lines. Needs clang and llvm-strip.
set -eu
cd "$(dirname "$0")"
CLANG=${CLANG:-clang}
STRIP=${STRIP:-llvm-strip}
[ $# -gt 0 ] || set -- *.bpf.c
for source in "$@"; do
	flags=$(sed -n 's|^// build: ||p' "$source")
	object="${OUT:-.}/${source%.c}.o"
	# shellcheck disable=SC2086
	"$CLANG" -O2 -g -Wall -Werror -target bpf $flags -fdebug-compilation-dir=. -I"/usr/include/$(uname -m)-linux-gnu" -c "$source" -o "$object"
	"$STRIP" -g "$object"
done
