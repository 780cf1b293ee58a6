#!/bin/sh
# Compiles the program: build.sh [OUTPUT]. Needs clang, llvm-strip and libbpf's headers.
set -eu
cd "$(dirname "$0")"
output=${1:-program.bpf.o}
"${CLANG:-clang-19}" -O2 -g -Wall -target bpf -mcpu=v3 -fdebug-compilation-dir=. -I/usr/include/"$(uname -m)"-linux-gnu -c program.bpf.c -o "$output"
"${STRIP:-llvm-strip-19}" -g "$output"
