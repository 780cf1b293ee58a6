/** Redirects: the helper notes the target and answers XDP_REDIRECT; what the program then returns decides. */
import {
  ENV_REDIRECT_FLAGS,
  ENV_REDIRECT_KEY,
  ENV_REDIRECT_KIND,
  ENV_REDIRECT_MAP,
  ENV_REDIRECT_TARGET,
  ENV_SCRATCH,
  MAP_ID,
  MAP_TYPE,
  REDIRECT_BROADCAST,
  REDIRECT_IFINDEX,
  REDIRECT_MAP,
  REDIRECT_NONE,
  SCRATCH_HELPERS,
} from "../../../abi";
import { map_redirect_target } from "../maps/index";

const XDP_ABORTED: u64 = 0;
const XDP_REDIRECT: u64 = 4;
/** The low bits of the flags: what to return where the map has no entry. */
const ACTION_MASK: u64 = 3;
const BPF_F_BROADCAST: u64 = 8;
const BPF_F_EXCLUDE_INGRESS: u64 = 16;
const BPF_MAP_TYPE_DEVMAP: u32 = 14;
const BPF_MAP_TYPE_DEVMAP_HASH: u32 = 25;

function note(env: u32, kind: u32, map: u32, key: u32, target: u32, flags: u64): void {
  store<u32>(env, kind, ENV_REDIRECT_KIND);
  store<u32>(env, map, ENV_REDIRECT_MAP);
  store<u32>(env, key, ENV_REDIRECT_KEY);
  store<u32>(env, target, ENV_REDIRECT_TARGET);
  store<u64>(env, flags, ENV_REDIRECT_FLAGS);
}

/** No flags exist for XDP. */
export function bpf_redirect(env: u32, ifindex: u64, flags: u64): u64 {
  if (flags) return XDP_ABORTED;
  note(env, REDIRECT_IFINDEX, 0, 0, u32(ifindex), 0);
  return XDP_REDIRECT;
}

export function bpf_redirect_map(env: u32, map64: u64, key64: u64, flags: u64): u64 {
  const map = u32(map64);
  const key = u32(key64);
  const type = load<u32>(map, MAP_TYPE);
  const mayBroadcast = type == BPF_MAP_TYPE_DEVMAP || type == BPF_MAP_TYPE_DEVMAP_HASH;
  const known = ACTION_MASK | (mayBroadcast ? BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS : 0);
  if (flags & ~known) return XDP_ABORTED;
  const out = env + ENV_SCRATCH + SCRATCH_HELPERS;
  const missing = map_redirect_target(map, key, out) != 0;
  if (flags & BPF_F_BROADCAST) {
    note(env, REDIRECT_BROADCAST, load<u32>(map, MAP_ID), key, 0, flags);
    return XDP_REDIRECT;
  }
  if (missing) {
    // An earlier choice does not survive: a program that returns XDP_REDIRECT nevertheless has no target.
    note(env, REDIRECT_NONE, 0, 0, 0, 0);
    return flags & ACTION_MASK;
  }
  note(env, REDIRECT_MAP, load<u32>(map, MAP_ID), key, load<u32>(out), flags);
  return XDP_REDIRECT;
}
