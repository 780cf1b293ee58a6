/** Helpers about the CPU that the program runs on, and random numbers. */
import { ENV_CPU, ENV_PACKET, ENV_RANDOM_CALLS, MACHINE, MACHINE_SEED } from "../../../abi";

export function bpf_get_smp_processor_id(env: u32): u64 {
  return u64(load<u32>(env, ENV_CPU));
}

/** One node. */
export function bpf_get_numa_node_id(env: u32): u64 {
  return 0;
}

/** Says which packet and which call it is, mixed with the seed: the same whatever worker runs the packet, in whatever order. */
export function bpf_get_prandom_u32(env: u32): u64 {
  const call = load<u32>(env, ENV_RANDOM_CALLS);
  store<u32>(env, call + 1, ENV_RANDOM_CALLS);
  return mix(load<u64>(MACHINE, MACHINE_SEED) + mix((u64(load<u32>(env, ENV_PACKET)) << 32) | u64(call))) >> 32;
}

/** Finalizer of MurmurHash3 over a Weyl step: every bit of the input moves every bit of the result. */
function mix(value: u64): u64 {
  let x = value + 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccd;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53;
  return x ^ (x >> 33);
}
