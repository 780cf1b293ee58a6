/** Clocks: all of them show device time, which is the packet's. */
import { ENV_TIME } from "../../../abi";

/** A jiffy of the kernels that CONFIG_HZ=250 makes (the kernel's default), ns. */
const JIFFY: u64 = 4000000;
/** Kernels start to count five minutes before the 32-bit wrap. */
const INITIAL_JIFFIES: u64 = 0x100000000 - 300 * 250;

export function bpf_ktime_get_ns(env: u32): u64 {
  return load<u64>(env, ENV_TIME);
}

/** Nobody suspends the device. */
export function bpf_ktime_get_boot_ns(env: u32): u64 {
  return load<u64>(env, ENV_TIME);
}

/** Stands still between two ticks. */
export function bpf_ktime_get_coarse_ns(env: u32): u64 {
  const time = load<u64>(env, ENV_TIME);
  return time - (time % JIFFY);
}

/** As a kernel whose TAI offset nobody has set, which is 0. */
export function bpf_ktime_get_tai_ns(env: u32): u64 {
  return load<u64>(env, ENV_TIME);
}

export function bpf_jiffies64(env: u32): u64 {
  return INITIAL_JIFFIES + load<u64>(env, ENV_TIME) / JIFFY;
}
