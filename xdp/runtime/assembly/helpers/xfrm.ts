/** bpf_xdp_get_xfrm_state (net/xfrm/xfrm_state_bpf.c) on a device, which has no security associations: none is ever found. */
import { EINVAL, ENOENT } from "./errno";

const ENONET: i32 = 64;
/** struct bpf_xfrm_state_opts: i32 error, i32 network namespace, mark, address, SPI, protocol, family. */
const OPTS_BYTES: u32 = 36;
const NETNS: usize = 4;

export function bpf_xdp_get_xfrm_state(env: u32, ctx: u64, opts64: u64, size: u64): u64 {
  if (u32(size) < 4) return 0;
  const opts = u32(opts64);
  let error = EINVAL;
  if (u32(size) == OPTS_BYTES) {
    const netns = load<i32>(opts, NETNS);
    if (netns >= -1) error = netns >= 0 ? ENONET : ENOENT;
  }
  store<i32>(opts, -error);
  return 0;
}

export function bpf_xdp_xfrm_state_release(env: u32, state: u64): u64 {
  return 0;
}
