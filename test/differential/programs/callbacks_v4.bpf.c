// SPDX-License-Identifier: Apache-2.0
// build: -mcpu=v4
#include "callbacks.bpf.c"
