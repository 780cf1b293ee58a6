/** Map types that XDP programs can name and that no run can answer, with the reason; the support matrix lists the same. */
const STORAGE = "it keeps data at sockets, tasks, inodes or cgroups of a kernel, which a run does not have";

const REASONS: Readonly<Record<string, string>> = {
  BPF_MAP_TYPE_STACK_TRACE: "it keeps call stacks of a kernel, which a run does not have",
  BPF_MAP_TYPE_CGROUP_ARRAY: "a run has no cgroups",
  BPF_MAP_TYPE_CGROUP_STORAGE: STORAGE,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE: STORAGE,
  BPF_MAP_TYPE_CGRP_STORAGE: STORAGE,
  BPF_MAP_TYPE_SK_STORAGE: STORAGE,
  BPF_MAP_TYPE_INODE_STORAGE: STORAGE,
  BPF_MAP_TYPE_TASK_STORAGE: STORAGE,
  BPF_MAP_TYPE_REUSEPORT_SOCKARRAY: "it holds sockets of a kernel, and XDP programs cannot select one",
  BPF_MAP_TYPE_STRUCT_OPS: "it holds functions for a kernel to call, which XDP programs do not do",
  BPF_MAP_TYPE_ARENA: "its pointers are addresses of another process",
  BPF_MAP_TYPE_INSN_ARRAY: "it holds places in a program that a kernel has translated",
};

/** Why maps of this type (kernel name) are refused; undefined where they are not, or are of no known type. */
export function refusalReason(type: string): string | undefined {
  return REASONS[type];
}
