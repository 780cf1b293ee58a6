/**
 * What a kernel path takes more at work than on one processor with short rings. Receive rings and the cache: packets are written into the cache as they arrive (DDIO), and stay there until a
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

/** The same with what processors at work take from each other in driver and stack. */
export function withCrowding<Profile extends DeviceProfile>(profile: Profile): Profile {
  if (profile.kind !== "kernel" || profile.crowding === 0) return profile;
  const factor = 1 + profile.crowding * Math.log2(Math.min(profile.cores, profile.queues));
  return { ...profile, driverNs: profile.driverNs * factor, touchNs: profile.touchNs * factor, passNs: profile.passNs * factor, txNs: profile.txNs * factor, redirectNs: profile.redirectNs * factor };
}

/** None up to the cache's share; beyond, the share of packets that was pushed out before it is read, and what pushed it. */
function missNs(most: number, cached: number, held: number): number {
  return held <= cached ? 0 : most * (1 - (cached / held) ** 2);
}
