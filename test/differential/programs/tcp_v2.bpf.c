// SPDX-License-Identifier: Apache-2.0
// build: -mcpu=v2
#include "tcp.bpf.c"
