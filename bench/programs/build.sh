#!/bin/sh
# Compiles the benchmark programs: build.sh [FOLDER]. Needs clang, llvm-strip and libbpf's headers.
# Small programs are there twice: NAME.x16.bpf.o runs the body 16 times a packet.
set -eu
cd "$(dirname "$0")"
output=${1:-.}
compile() {
	"${CLANG:-clang-19}" -O2 -g -Wall -target bpf -mcpu=v3 -fdebug-compilation-dir=. "-DTIMES=$3" -I/usr/include/"$(uname -m)"-linux-gnu -c "$1.bpf.c" -o "$output/$2.bpf.o"
	"${STRIP:-llvm-strip-19}" -g "$output/$2.bpf.o"
}
for source in *.bpf.c; do
	name=${source%.bpf.c}
	compile "$name" "$name" 1
done
for name in drop port_filter protocol_counter; do compile "$name" "$name.x16" 16; done
