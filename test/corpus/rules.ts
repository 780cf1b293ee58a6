/** What of a program cannot be compared between engines, and why: nothing else is left out of the comparison. */
import type { ProgramSpec } from "../../xdp/object/index.js";
import { helpersOf } from "./needs.js";
import { AS_XDP } from "./versions.js";

export interface Rule {
  /** Objects without version and suffix, and programs, as in `xdping_kern/xdping_client`. */
  readonly programs: RegExp;
  readonly reason: string;
  /** Maps whose contents are not compared. */
  readonly maps?: readonly string[] | "all";
  /** Return values and bytes are not compared. */
  readonly outcomes?: true;
  /** Bytes are not compared; their number is. */
  readonly bytes?: true;
}

const RULES: readonly Rule[] = [
  { programs: /^xdping_kern\/xdping_client$/, maps: ["ping_map"], reason: "it writes down how long an answer took" },
  { programs: /^xdp_synproxy_kern\/syncookie_xdp$/, bytes: true, reason: "SYN cookies depend on a secret that the kernel made when it started, and on the minute" },
  { programs: /^loader(-clang-\d+)?-el\/(static|static_fn|global_fn3)$/, outcomes: true, reason: "functions of a number, loaded as programs: they return the address of their context and a little" },
];

/** Of programs that were not written for XDP; many of them do what only root may, to see whether the verifier notices. */
const AS_XDP_RULES: readonly Rule[] = [
  {
    programs: /^(verifier_global_subprogs\/anon_user_mem_invalid|verifier_search_pruning\/state_equality_check_way_\d|verifier_spill_fill\/(check_valid_spill_fill|valid_spill_fill_skb_mark|check_corrupted_spill_fill_[lm]sb)|verifier_unpriv\/unpriv_return_pointer)$/,
    outcomes: true,
    reason: "they return an address",
  },
  { programs: /^(verifier_ref_tracking\/to_leak_released_ptr_reg|verifier_stack_ptr\/array_map_using_bpf_b)$/, maps: ["map_array_48b"], reason: "they write an address, or a part of one, into the map" },
  {
    programs: /^(verifier_basic_stack\/uninitialized_stack2|verifier_raw_stack\/stack_no_skb_load_bytes|verifier_subprog_precision\/stack_slot_aliases_precision)$/,
    outcomes: true,
    reason: "they return bytes of the stack that nothing was written to",
  },
  { programs: /^test_check_mtu\/tc_(?:exceed_mtu|minus_delta)$/, outcomes: true, maps: "all", reason: "what it takes for the length of an skb is the packet's address" },
];
const NOT_REPEATABLE: ReadonlySet<string> = new Set(["bpf_get_prandom_u32", "bpf_ktime_get_ns", "bpf_ktime_get_boot_ns", "bpf_ktime_get_coarse_ns", "bpf_ktime_get_tai_ns", "bpf_jiffies64"]);
const RANDOM: Rule = { programs: /^/, outcomes: true, maps: "all", reason: "they decide by randomness or time" };

/** What is not compared of a program; `name`: object and program. */
export function rulesFor(name: string, version: string, program: ProgramSpec): readonly Rule[] {
  if (version !== AS_XDP) return RULES.filter(({ programs }) => programs.test(name));
  const named = AS_XDP_RULES.filter(({ programs }) => programs.test(name));
  return helpersOf(program).some((helper) => NOT_REPEATABLE.has(helper)) ? [...named, RANDOM] : named;
}

/** What is known to differ, and why: it fails the run as soon as it does not differ any more. */
export const OPEN: readonly Pick<Rule, "programs" | "reason">[] = [
  {
    programs: /^(tailcall_bpf2bpf_hierarchy2\/(classifier_[01]|tailcall_bpf2bpf_hierarchy_2)|tailcall_bpf2bpf_hierarchy3\/(classifier_0|tailcall_bpf2bpf_hierarchy_3)|verifier_tailcall_jit\/main)$/,
    reason: "tail calls from functions keep the frames of their callers: the kernel lets a chain of them be deeper than eight",
  },
  { programs: /^verifier_map_ptr\/(read_non_existent_field_rejected|ptr_read_ops_field_accepted)$/, reason: "they read the kernel's struct bpf_map through the address of a map" },
];
