/** Spin locks in map values: real where several workers share the memory. */
import { MACHINE, MACHINE_SHARED } from "../../../abi";

/** A holder can be descheduled: after so many looks, sleep instead of burning its CPU. */
const SPINS: u32 = 256;
const SLEEP_NS: i64 = 50000;
/** Who waits this long waits for a packet that ended in a fault with the lock held: it goes on. */
const PATIENCE: u32 = 100000;

export function bpf_spin_lock(env: u32, lock64: u64): u64 {
  const lock = u32(lock64);
  if (!load<u32>(MACHINE, MACHINE_SHARED)) {
    store<u32>(lock, 1);
    return 0;
  }
  for (let spins: u32 = 0; atomic.cmpxchg<u32>(lock, 0, 1) != 0 && spins < PATIENCE; spins++) {
    if (spins > SPINS) atomic.wait<i32>(lock, 1, SLEEP_NS);
  }
  return 0;
}

export function bpf_spin_unlock(env: u32, lock: u64): u64 {
  if (load<u32>(MACHINE, MACHINE_SHARED)) atomic.store<u32>(u32(lock), 0);
  else store<u32>(u32(lock), 0);
  return 0;
}

/** The kernel's resilient lock answers -EDEADLK where it would wait for itself; a program that the verifier takes never does. */
export function bpf_res_spin_lock(env: u32, lock: u64): u64 {
  return bpf_spin_lock(env, lock);
}

export function bpf_res_spin_unlock(env: u32, lock: u64): u64 {
  return bpf_spin_unlock(env, lock);
}

export function bpf_res_spin_lock_irqsave(env: u32, lock: u64, flags: u64): u64 {
  return bpf_spin_lock(env, lock);
}

export function bpf_res_spin_unlock_irqrestore(env: u32, lock: u64, flags: u64): u64 {
  return bpf_spin_unlock(env, lock);
}
