/**
 * Device profiles as data: what a profile may say, key by key. A figure is a number with its unit in the name of its key;
 * where it comes from stands in `sources`, by the same key.
 */
import { z } from "zod";

/** How sure a figure is. The classes of the reference that figures are taken from. */
export const EVIDENCE = ["primary", "secondary", "digitised", "derived", "measured", "formula", "assumed"] as const;

const source = z.strictObject({
  evidence: z.enum(EVIDENCE),
  /** Where the figure is published, or what it is derived from. */
  source: z.string().min(1),
});

const count = (most: number) => z.int().min(1).max(most);
const positive = z.number().positive();
const cost = z.number().min(0);

/** What both kinds have: the NIC around the program. */
const nic = {
  name: z.string().min(1),
  description: z.string(),
  /** Network ports, and the rate of each in bits per second. */
  ports: count(255),
  linkBps: positive,
  /** Largest layer 3 packet received, bytes; with its headers a frame is at most 65,535. */
  mtu: z.int().min(68).max(65513),
  /** Receive queues towards the host, and descriptors of each ring. */
  queues: count(256),
  ringSize: count(65536),
  /** Indirection table (a power of 2) and hash key (bytes). */
  rssTableSize: count(65536),
  rssKeyBytes: count(256),
  /** `microsoft`, `symmetric` or hex. */
  rssKey: z.string(),
  /** Most packets a second that the receive MAC takes, over all ports; 0: no limit but the line. */
  macPps: cost,
  /** The bus between NIC and host: generation (1 to 6) and lanes; 0 lanes: not modelled. */
  pcieGeneration: z.int().min(1).max(6),
  pcieLanes: z.int().min(0).max(32),
  /** Bytes a packet and direction that descriptors, doorbells and interrupts take on the bus beside the packet. */
  pcieOverheadBytes: cost,
  /** Longest time that the NIC gathers packets before it interrupts a host processor, ns. */
  interruptNs: cost,
  /** Where each figure comes from, by key. */
  sources: z.record(z.string(), source),
};

/** A card that runs the program before the host sees the packet. */
export const offloadSchema = z.strictObject({
  kind: z.literal("offload"),
  ...nic,
  /** Cores that run programs, hardware threads of each in use, and their clock. */
  cores: count(4096),
  contextsPerCore: count(64),
  clockHz: positive,
  /** Cycles of the firmware around the program, a packet. */
  firmwareCycles: cost,
  /** Packets that wait in front of the cores. */
  ingressPackets: count(1_000_000),
  /**
   * A fault of the MAC under overload: where it must turn packets away and the cores' own rate is below `overloadBelowPps`,
   * it takes only `overloadPps` packets a second until it has caught up. 0: no such fault.
   */
  overloadPps: cost,
  overloadBelowPps: cost,
  /** Lanes of a VLIW core, one row a cycle; 0: a core of the NFP family, one instruction a cycle. */
  lanes: z.int().min(0).max(16),
  /** Cycles from a blocking read of map memory to its answer; a core with enough contexts hides them but for `mapReadCycles`. */
  mapLatencyCycles: cost,
  /** How many times faster the memory engine is than for one and the same word, as addresses spread: 1 (worst) to 4. */
  memorySpread: z.number().min(1).max(16),
  /** Time of a host processor for a packet that the card passes on, ns; one processor a receive queue. */
  hostPassNs: cost,
  /** Least distance in cycles between a blocking memory command and the one before it: packet memory, map memory. */
  packetReadCycles: cost,
  mapReadCycles: cost,
  /** Cycles of the shared memory engine a read and an atomic add. */
  memoryReadCycles: cost,
  memoryAtomicCycles: cost,
  /** Firmware's map lookup, update and delete: cycles on the core and reads of the memory engine. */
  mapLookupCycles: cost,
  mapLookupReads: cost,
  mapUpdateCycles: cost,
  mapUpdateReads: cost,
  /** What the card takes: see admission. */
  maxMaps: count(65536),
  maxMapEntries: positive,
  maxKeyBytes: count(65536),
  maxValueBytes: count(65536),
  maxEntryBytes: count(65536),
  maxInstructions: positive,
  stackBytes: count(65536),
  mapTypes: z.array(z.string()),
  helpers: z.array(z.string()),
  redirect: z.boolean(),
});

/** A path through the Linux kernel: one processor a receive queue. */
export const kernelSchema = z.strictObject({
  kind: z.literal("kernel"),
  ...nic,
  /** `native`: in the driver. `generic`: in the stack, behind the socket buffer. */
  mode: z.enum(["native", "generic"]),
  /** Processors that serve queues, and their clock. */
  cores: count(4096),
  clockHz: positive,
  /** Clock at which the times below were measured, and the share of them that scales with the clock (the rest is caches and bus). */
  measuredHz: positive,
  clockShare: z.number().min(0).max(1),
  /** Packets a second that the bus between NIC and host carries; 0: no limit. */
  pciePps: cost,
  /** How many received packets one counts as there that is also sent. */
  pcieTxFactor: z.number().min(1),
  /** Nanoseconds a packet: driver with a program that drops at once; first read of packet bytes. */
  driverNs: cost,
  touchNs: cost,
  /** Nanoseconds on top of the driver's, by what the program decided. */
  passNs: cost,
  txNs: cost,
  redirectNs: cost,
  /** Factor on the program's own cost, whose figures are of one processor. */
  programScale: positive,
});

export const profileSchema = z.discriminatedUnion("kind", [offloadSchema, kernelSchema]);

export type OffloadProfile = z.infer<typeof offloadSchema>;
export type KernelProfile = z.infer<typeof kernelSchema>;
/** Where a program can run. */
export type DeviceProfile = z.infer<typeof profileSchema>;
