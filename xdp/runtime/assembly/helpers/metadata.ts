/** What the card says of a packet besides its bytes (net/core/xdp.c): -EOPNOTSUPP where the driver has no such thing, -ENODATA where it has none for this packet. */
import { DESC_CAN_HASH, DESC_CAN_TIME, DESC_CAN_VLAN, DESC_HASH, DESC_HASH_TYPE, DESC_HAS_HASH, DESC_HAS_VLAN, DESC_METADATA, DESC_BYTES, DESC_VLAN, ENV_DESCRIPTORS, ENV_HARD_START, ENV_SLOTS, ENV_SLOT_STRIDE, ENV_TIME } from "../../../abi";
import { check_access } from "../check";
import { EFAULT, ENODATA, EOPNOTSUPP } from "./errno";

// @ts-ignore: decorator
@inline
function fail(errno: i32): u64 {
  return u64(u32(-errno));
}

/** Descriptor of the packet that is under way: slots and descriptors go side by side. */
function descriptor(env: u32): u32 {
  const index = (load<u32>(env, ENV_HARD_START) - load<u32>(env, ENV_SLOTS)) / load<u32>(env, ENV_SLOT_STRIDE);
  return load<u32>(env, ENV_DESCRIPTORS) + index * DESC_BYTES;
}

export function bpf_xdp_metadata_rx_timestamp(env: u32, ctx: u64, timestamp: u64): u64 {
  if (!(load<u32>(descriptor(env), DESC_METADATA) & DESC_CAN_TIME)) return fail(EOPNOTSUPP);
  store<u64>(u32(timestamp), load<u64>(env, ENV_TIME));
  return 0;
}

export function bpf_xdp_metadata_rx_hash(env: u32, ctx: u64, hash: u64, type: u64): u64 {
  const from = descriptor(env);
  const has = load<u32>(from, DESC_METADATA);
  if (!(has & DESC_CAN_HASH)) return fail(EOPNOTSUPP);
  if (!(has & DESC_HAS_HASH)) return fail(ENODATA);
  store<u32>(u32(hash), load<u32>(from, DESC_HASH));
  store<u32>(u32(type), load<u32>(from, DESC_HASH_TYPE));
  return 0;
}

export function bpf_xdp_metadata_rx_vlan_tag(env: u32, ctx: u64, protocol: u64, tci: u64): u64 {
  const from = descriptor(env);
  const has = load<u32>(from, DESC_METADATA);
  if (!(has & DESC_CAN_VLAN)) return fail(EOPNOTSUPP);
  if (!(has & DESC_HAS_VLAN)) return fail(ENODATA);
  if (!check_access(env, protocol, 2, 1) || !check_access(env, tci, 2, 1)) return fail(EFAULT);
  store<u16>(u32(protocol), load<u16>(from, DESC_VLAN));
  store<u16>(u32(tci), load<u16>(from, DESC_VLAN + 2));
  return 0;
}
