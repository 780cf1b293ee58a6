/** bpf_check_mtu, as net/core/filter.c does it for XDP: the device's MTU alone, without looking at routes or fragments. */
import { ENV_DATA, ENV_DATA_END, ENV_INGRESS_IFINDEX, MACHINE, MACHINE_NETWORK } from "../../../abi";
import { INTERFACE_MTU } from "../../../helpers/network_layout";
import { EINVAL, ENODEV } from "./errno";
import { find_interface } from "./fib";

const ETH_HLEN: i32 = 14;
/** Of the packet's own interface, where the scenario says nothing of it. */
const DEFAULT_MTU: u32 = 1500;
const FRAG_NEEDED: u64 = 1;

/** MTU of an interface, 0 where it does not exist. */
function mtu_of(env: u32, ifindex: u32): u32 {
  const own = load<u32>(env, ENV_INGRESS_IFINDEX);
  const wanted = ifindex ? ifindex : own;
  const network = load<u32>(MACHINE, MACHINE_NETWORK);
  const found = network ? find_interface(network, wanted) : 0;
  if (found) return load<u32>(found, INTERFACE_MTU);
  return wanted == own ? DEFAULT_MTU : 0;
}

export function bpf_check_mtu(env: u32, ctx: u64, ifindex: u64, mtu_len: u64, len_diff: u64, flags: u64): u64 {
  if (flags) return u64(i64(-EINVAL));
  const mtu = mtu_of(env, u32(ifindex));
  if (!mtu) return u64(i64(-ENODEV));
  const given = load<u32>(u32(mtu_len));
  let length = i32(load<u32>(env, ENV_DATA_END) - load<u32>(env, ENV_DATA));
  if (given) length = i32(given) + ETH_HLEN;
  length += i32(len_diff);
  store<u32>(u32(mtu_len), mtu);
  return length > i32(mtu) + ETH_HLEN ? FRAG_NEEDED : 0;
}
