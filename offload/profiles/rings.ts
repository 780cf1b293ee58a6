/**
 * Receive rings and the processor's cache: packets are written into the cache as they arrive (DDIO), and stay there until a
 * core reads them only while all rings together hold no more than its share. Beyond that, reads miss.
 */
import type { DeviceProfile } from "./schema.js";

/** A kernel path's profile with what its rings' size adds to a packet that is touched; sent packets hold their buffers longer. */
export function withRings<Profile extends DeviceProfile>(profile: Profile): Profile {
  if (profile.kind !== "kernel" || profile.ringCachePackets === 0) return profile;
  const held = Math.min(profile.cores, profile.queues) * profile.ringSize;
  const dropped = missNs(profile.ringMissNs, profile.ringCachePackets, held);
  const more = missNs(profile.ringMissNs, profile.ringCachePackets, held * profile.ringSentFactor) - dropped;
  return { ...profile, touchNs: profile.touchNs + dropped, txNs: profile.txNs + more, redirectNs: profile.redirectNs + more, passNs: profile.passNs + more };
}

/** None up to the cache's share; beyond, the share of packets that was pushed out before it is read, and what pushed it. */
function missNs(most: number, cached: number, held: number): number {
  return held <= cached ? 0 : most * (1 - (cached / held) ** 2);
}
