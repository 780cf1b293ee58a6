/**
 * Device profiles as data: what a profile may say, key by key. A figure is a number with its unit in the name of its key;
 * where it comes from stands in `sources`, by the same key.
 */
import { createRequire } from "node:module";
import type { z as Zod } from "zod";

/** How sure a figure is. The classes of the reference that figures are taken from. */
export const EVIDENCE = ["primary", "secondary", "digitised", "derived", "measured", "formula", "assumed"] as const;

type Schemas = ReturnType<typeof makeSchemas>;
let made: Schemas | undefined;

/** The schemas of both kinds and of either. Made, and zod loaded, when they are first asked for: most runs check no profile. */
export function profileSchemas(): Schemas {
  made ??= makeSchemas((createRequire(import.meta.url)("zod") as { z: typeof Zod }).z);
  return made;
}

function makeSchemas(z: typeof Zod) {
  const source = z.strictObject({
    evidence: z.enum(EVIDENCE),
    /** Where the figure is published, or what it is derived from. */
    source: z.string().min(1),
  });

  const count = (most: number) => z.int().min(1).max(most);
  const positive = z.number().positive();
  const cost = z.number().min(0);

  const fill = z.number().min(0).max(1).default(0).describe("How full hash tables are, 0 to 1, with packets' keys spread over all that is in them: longer chains, and on a processor misses of its cache.");

  /** What both kinds have: the NIC around the program. */
  const nic = {
    name: z.string().min(1),
    description: z.string(),
    ports: count(255).describe("Network ports."),
    linkBps: positive.describe("Rate of one port, bits per second."),
    mtu: z.int().min(68).max(65513).describe("Largest layer 3 packet received, bytes; with its headers a frame is at most 65,535."),
    queues: count(256).describe("Receive queues towards the host."),
    ringSize: count(65536).describe("Descriptors of each receive ring."),
    rssTableSize: count(65536).describe("Entries of the RSS indirection table, a power of 2."),
    rssKeyBytes: count(256).describe("Bytes of the RSS key."),
    rssKey: z.string().describe("RSS key: 'microsoft', 'symmetric' or hex."),
    macPps: cost.describe("Most packets a second that the receive MAC takes, over all ports; 0: no limit but the line."),
    pcieGeneration: z.int().min(1).max(6).describe("Generation of the bus between NIC and host, 1 to 6."),
    pcieLanes: z.int().min(0).max(32).describe("Lanes of that bus; 0: it is not modelled."),
    pcieOverheadBytes: cost.describe("Bytes a packet and direction that descriptors, doorbells and interrupts take on the bus beside the packet."),
    interruptNs: cost.describe("Longest time that the NIC gathers packets before it interrupts a host processor, ns."),
    sources: z.record(z.string(), source).describe("Where each figure comes from, by key."),
  };

  /** A card that runs the program before the host sees the packet. */
  const offload = z.strictObject({
    kind: z.literal("offload"),
    ...nic,
    cores: count(4096).describe("Cores that run programs."),
    contextsPerCore: count(64).describe("Hardware threads of a core in use."),
    clockHz: positive.describe("Clock of the cores."),
    firmwareCycles: cost.describe("Cycles of the firmware around the program, a packet."),
    ingressPackets: count(1_000_000).describe("Packets that wait in front of the cores."),
    overloadPps: cost.describe("A fault of the MAC: where it must turn packets away and the cores' own rate is below overloadBelowPps, it takes only this many packets a second until it has caught up; 0: no such fault."),
    overloadBelowPps: cost.describe("Rate of the cores, packets a second, below which the fault of overloadPps shows."),
    lanes: z.int().min(0).max(16).describe("Lanes of a VLIW core, one row a cycle; 0: a core of the NFP family, one instruction a cycle."),
    mapLatencyCycles: cost.describe("Cycles from a blocking read of map memory to its answer; a core with enough contexts hides them but for 'mapReadCycles'."),
    memorySpread: z.number().min(1).max(16).describe("How many times faster the memory engine is for all accesses than for one and the same word, on top of what entriesInUse gives: 1, or up to 4 where you know better."),
    hostPassNs: cost.describe("Time of a host processor for a packet that the card passes on, ns; one processor a receive queue."),
    packetReadCycles: cost.describe("Least distance in cycles between a blocking command to packet memory and the memory command before it."),
    mapReadCycles: cost.describe("Least distance in cycles between a blocking command to map memory and the memory command before it."),
    memoryReadCycles: cost.describe("Cycles of the shared memory engine a read."),
    memoryAtomicCycles: cost.describe("Cycles of the shared memory engine an atomic add."),
    memorySpreadMost: z.number().min(1).max(16).default(4).describe("How many times faster it is at most where packets reach different entries of a map; entries that all packets share, such as those of constant keys, gain nothing."),
    memorySpreadFrom: positive.default(4096).describe("Entries in use from which it is faster than for one word."),
    memorySpreadTo: positive.default(1_048_576).describe("Entries in use from which it is 'memorySpreadMost' times faster; between, with their logarithm."),
    entriesInUse: cost.default(1).describe("Entries of a map that packets reach, where their keys come from packets; at most max_entries. 1: all packets are of one flow (worst case)."),
    mapFill: fill,
    arrayLookupCycles: cost.default(40).describe("Cycles on the core of a lookup in an array, beside its call."),
    arrayLookupReads: cost.default(0).describe("Reads of the memory engine of a lookup in an array."),
    mapLookupCycles: cost.describe("Cycles on the core of the firmware's lookup in a hash table, without those that hang on the key's size."),
    mapKeyCycles: cost.default(4).describe("Cycles that each 4 bytes of the key add to a lookup, update or delete in a hash table."),
    mapLookupReads: cost.describe("Reads of the memory engine of a map lookup."),
    mapUpdateCycles: cost.describe("Cycles on the core of the firmware's map update or delete."),
    mapUpdateReads: cost.describe("Reads of the memory engine of a map update or delete."),
    packetSplitBytes: count(65536).default(1888).describe("First bytes of a packet that the program can reach."),
    adjustHeadSub: count(4096).default(84).describe("Bytes that bpf_xdp_adjust_head can put in front of every packet without a check."),
    adjustHeadAdd: count(4096).default(112).describe("Bytes that bpf_xdp_adjust_head can take off every packet without a check."),
    queueSelect: z.boolean().default(true).describe("Whether the program can choose the receive queue (rx_queue_index)."),
    maxMaps: count(65536).describe("Most maps of a program."),
    maxMapEntries: positive.describe("Most entries of all maps together."),
    maxKeyBytes: count(65536).describe("Largest key, bytes."),
    maxValueBytes: count(65536).describe("Largest value, bytes."),
    maxEntryBytes: count(65536).describe("Largest key and value together, each rounded up to 8 bytes."),
    maxInstructions: positive.describe("Longest program, instructions of the card."),
    stackBytes: count(65536).describe("Stack of a program, bytes."),
    mapTypes: z.array(z.string()).describe("Map types that the card takes."),
    helpers: z.array(z.string()).describe("Helpers that the card has."),
    redirect: z.boolean().describe("Whether XDP_REDIRECT works there."),
  });

  /** A path through the Linux kernel: one processor a receive queue. */
  const kernel = z.strictObject({
    kind: z.literal("kernel"),
    ...nic,
    mode: z.enum(["native", "generic"]).describe("'native': in the driver. 'generic': in the stack, behind the socket buffer."),
    cores: count(4096).describe("Processors that serve queues."),
    clockHz: positive.describe("Clock of the processors; times scale with it from measuredHz."),
    measuredHz: positive.describe("Clock at which the times were measured."),
    clockShare: z.number().min(0).max(1).describe("Share of the times that scales with the clock; the rest is caches and bus."),
    pciePps: cost.describe("Packets a second that the bus between NIC and host carries; 0: no limit."),
    pcieTxFactor: z.number().min(1).describe("How many received packets one counts as there that is also sent."),
    driverNs: cost.describe("Nanoseconds a packet: the driver, with a program that drops at once."),
    touchNs: cost.describe("Nanoseconds of the first read of a packet's bytes."),
    passNs: cost.describe("Nanoseconds on top of the driver's for a packet that is passed."),
    txNs: cost.describe("Nanoseconds on top of the driver's for a packet that is sent back."),
    redirectNs: cost.describe("Nanoseconds on top of the driver's for a packet that is redirected."),
    crowding: cost.default(0).describe("Share by which driver and stack, not the program, take longer a packet with each doubling of the processors at work."),
    ringCachePackets: cost.default(0).describe("Packets in all receive rings together up to which the processor finds them in its cache; 0: not modelled."),
    ringSentFactor: z.number().min(1).default(1).describe("How many received packets one counts as there that is sent on."),
    ringMissNs: cost.default(0).describe("Nanoseconds a packet at most where rings are far larger than that."),
    mapFill: fill,
    cacheBytes: positive.default(15e6).describe("Last-level cache that hash tables share with all else, bytes."),
    cacheMissNs: cost.default(32).describe("Nanoseconds of a miss of that cache."),
    programScale: positive.describe("Factor on the program's own cost, whose figures are of one processor."),
  });

  return { offload, kernel, profile: z.discriminatedUnion("kind", [offload, kernel]) };
}

export type OffloadProfile = Zod.infer<Schemas["offload"]>;
export type KernelProfile = Zod.infer<Schemas["kernel"]>;
/** Where a program can run. */
export type DeviceProfile = Zod.infer<Schemas["profile"]>;
