// SPDX-License-Identifier: Apache-2.0
// build: -mcpu=v1
#include "callbacks.bpf.c"
