/**
 * Netronome Agilio cards (NFP-4000 and NFP-6000). Throughput figures: Krude et al., "Determination of Throughput Guarantees
 * for Processor-based SmartNICs", CoNEXT 2021, doi:10.1145/3485983.3494842 and its artifact nfp-pred-artifacts@6132d4b.
 */
import type { OffloadProfile } from "./schema.js";

const KRUDE = "Krude et al., CoNEXT 2021, doi:10.1145/3485983.3494842";
const FIRMWARE = "github Netronome/nic-firmware@4220fb95";
const PCIE = "Neugebauer et al., SIGCOMM 2018, pcie-bench/pcie-model";
const L4LB = "l4lb at 33.03 Mpps (github Netronome/bpf-samples@a7dd7d8)";
const UNPUBLISHED = "no published figure";

type Sources = OffloadProfile["sources"];

export const AGILIO_CX_2X40: OffloadProfile = {
  kind: "offload",
  name: "agilio-cx-2x40",
  description: "Netronome Agilio CX 2x40GbE, NFP-4000, mostly stock BPF firmware",
  ports: 2,
  linkBps: 40e9,
  mtu: 9216,
  queues: 8,
  ringSize: 512,
  rssTableSize: 128,
  rssKeyBytes: 40,
  rssKey: "microsoft",
  macPps: 53.2e6,
  pcieGeneration: 3,
  pcieLanes: 8,
  pcieOverheadBytes: 88.8,
  interruptNs: 50_000,
  cores: 50,
  contextsPerCore: 4,
  clockHz: 800e6,
  firmwareCycles: 407,
  ingressPackets: 512,
  overloadPps: 34.6e6,
  overloadBelowPps: 60e6,
  lanes: 0,
  packetReadCycles: 16,
  mapReadCycles: 25,
  mapLatencyCycles: 100,
  memoryReadCycles: 4.0525,
  memoryAtomicCycles: 3.2198,
  memorySpread: 1,
  hostPassNs: 178.2,
  memorySpreadMost: 4,
  memorySpreadFrom: 4096,
  memorySpreadTo: 1_048_576,
  entriesInUse: 1,
  mapFill: 0,
  arrayLookupCycles: 40,
  arrayLookupReads: 0,
  mapLookupCycles: 92,
  mapKeyCycles: 4,
  mapLookupReads: 1,
  mapUpdateCycles: 200,
  mapUpdateReads: 3,
  packetSplitBytes: 1888,
  adjustHeadSub: 84,
  adjustHeadAdd: 112,
  queueSelect: true,
  maxMaps: 128,
  maxMapEntries: 2_048_000,
  maxKeyBytes: 56,
  maxValueBytes: 56,
  maxEntryBytes: 64,
  maxInstructions: 2560,
  stackBytes: 512,
  mapTypes: ["BPF_MAP_TYPE_HASH", "BPF_MAP_TYPE_ARRAY"],
  helpers: ["bpf_map_lookup_elem", "bpf_map_update_elem", "bpf_map_delete_elem", "bpf_get_prandom_u32", "bpf_perf_event_output", "bpf_xdp_adjust_head", "bpf_xdp_adjust_tail"],
  redirect: false,
  sources: {
    ports: { evidence: "primary", source: KRUDE },
    linkBps: { evidence: "primary", source: KRUDE },
    mtu: { evidence: "assumed", source: "jumbo frames as the nfp driver takes them without offload limits" },
    queues: { evidence: "assumed", source: "one queue a processor of a usual host; the card has more" },
    ringSize: { evidence: "assumed", source: UNPUBLISHED },
    rssTableSize: { evidence: "primary", source: "Linux 6.1 nfp driver: NFP_NET_CFG_RSS table of 128 entries" },
    rssKeyBytes: { evidence: "primary", source: "Linux 6.1 nfp driver: 0x28 bytes of key" },
    rssKey: { evidence: "assumed", source: "drivers fill in a random key at boot; Microsoft's makes results repeatable" },
    macPps: { evidence: "primary", source: `${KRUDE}, fig. 4: XDP_DROP with mostly stock firmware on 30 and 50 cores, where more cores bring no more (stripped firmware: 54.4 million)` },
    pcieGeneration: { evidence: "primary", source: `${PCIE}: NFP-6000 on PCIe 3.0 x8; the CX has the same connector` },
    pcieLanes: { evidence: "primary", source: `${PCIE}: NFP-6000 on PCIe 3.0 x8; the CX has the same connector` },
    pcieOverheadBytes: { evidence: "derived", source: `${PCIE}: modern NIC with a kernel driver, 18.44 Gb/s of 64-byte packets both ways` },
    interruptNs: { evidence: "assumed", source: "ethtool rx-usecs of 50, a usual default of the nfp driver" },
    cores: { evidence: "primary", source: `${FIRMWARE} firmware/apps/nic/Makefile: 5 islands of 10 workers` },
    contextsPerCore: { evidence: "primary", source: `${FIRMWARE} global.uc: .num_contexts 4` },
    clockHz: { evidence: "primary", source: `${FIRMWARE} include/platform.h` },
    firmwareCycles: { evidence: "derived", source: `${KRUDE}, fig. 4: 416.9 cycles a packet for XDP_DROP with mostly stock firmware, less the program's own` },
    ingressPackets: { evidence: "assumed", source: UNPUBLISHED },
    overloadPps: { evidence: "primary", source: `${KRUDE}: XDP_DROP at line rate on 20, 25 and 30 cores processes 34.79, 34.59 and 34.62 million a second` },
    overloadBelowPps: { evidence: "derived", source: `${KRUDE}: seen on 20 to 30 cores (38 to 58 million a second), not on 35 and more (67 million)` },
    lanes: { evidence: "primary", source: `${KRUDE}: one instruction a cycle` },
    packetReadCycles: { evidence: "primary", source: `${KRUDE}: packet memory (CTM)` },
    mapReadCycles: { evidence: "primary", source: `${KRUDE}: map memory (EMEM), 24.8 cycles measured slope` },
    mapLatencyCycles: { evidence: "derived", source: `${KRUDE}: 25 cycles a read with 4 contexts at work` },
    memoryReadCycles: { evidence: "primary", source: `${KRUDE}: 197.4 to 199.7 million reads a second` },
    memoryAtomicCycles: { evidence: "primary", source: `${KRUDE}: 248.5 to 250.5 million adds a second` },
    memorySpread: { evidence: "primary", source: `${KRUDE}: the two costs above are of one and the same word; up to 4 times faster with addresses spread widely` },
    hostPassNs: { evidence: "derived", source: "XDP paper, CoNEXT 2018: 198 ns a packet up to a drop in iptables raw PREROUTING, less what a driver spends before the stack" },
    memorySpreadMost: { evidence: "primary", source: `${KRUDE}: up to 4 times faster with addresses spread widely` },
    memorySpreadFrom: { evidence: "assumed", source: `where the gain begins is not published; the 10 words a packet of the count-min sketch show none (${KRUDE})` },
    memorySpreadTo: { evidence: "assumed", source: "what 'spread widely' is is not published: entries of 64 bytes beyond any cache of the card" },
    entriesInUse: { evidence: "assumed", source: "one flow, the worst case; run, plan and sweep count the flows of the traffic" },
    mapFill: { evidence: "assumed", source: "chains of one entry; how the firmware's tables chain is not published: with a share f full, 1 + f/2 entries are read for one that is there" },
    arrayLookupCycles: { evidence: "assumed", source: "unmeasured with this firmware: a subroutine that checks and scales the index, 10 to 100 cycles" },
    arrayLookupReads: { evidence: "assumed", source: "the place follows from the index: nothing is read" },
    mapLookupCycles: { evidence: "assumed", source: `lookup in the firmware's hash table is unmeasured: two blocking commands to map memory (50), call, return, descriptor and bucket; range 60 to 500. ${L4LB} leaves less than 800 for lookup and program` },
    mapKeyCycles: { evidence: "assumed", source: "unmeasured: of each word of the key one instruction to load, one to hash, two to compare; range 2 to 10" },
    mapLookupReads: { evidence: "derived", source: `${L4LB}, with 3 reads of its value and 2 adds, leaves at most 1.4 reads for a lookup at the rate of one word` },
    mapUpdateCycles: { evidence: "assumed", source: `${UNPUBLISHED}: a lookup, a lock and the write of the entry, range 100 to 1000` },
    mapUpdateReads: { evidence: "assumed", source: `${UNPUBLISHED}: a lookup, the lock and the write` },
    packetSplitBytes: { evidence: "assumed", source: "NFP_NET_CFG_BPF_INL_MTU * 64 - 32 with 30: the largest MTU that offload is documented to take; not confirmed" },
    adjustHeadSub: { evidence: "primary", source: `${FIRMWARE}: guaranteed_sub` },
    adjustHeadAdd: { evidence: "primary", source: `${FIRMWARE}: guaranteed_add` },
    queueSelect: { evidence: "primary", source: `${FIRMWARE}: PV_QUEUE_SELECTED; firmware without it refuses stores to rx_queue_index` },
    maxMaps: { evidence: "primary", source: `${FIRMWARE}: HASHMAP_MAX_TID_EBPF` },
    maxMapEntries: { evidence: "primary", source: `${FIRMWARE} (shipped firmware: 3,072,000, Mizar)` },
    maxKeyBytes: { evidence: "primary", source: FIRMWARE },
    maxValueBytes: { evidence: "primary", source: FIRMWARE },
    maxEntryBytes: { evidence: "primary", source: FIRMWARE },
    maxInstructions: { evidence: "primary", source: `${FIRMWARE}: NFD_BPF_MAX_LEN (shipped firmware: 2800, Mizar)` },
    stackBytes: { evidence: "primary", source: FIRMWARE },
    mapTypes: { evidence: "primary", source: "Linux 6.1 nfp driver: hash and array" },
    helpers: { evidence: "primary", source: "Linux 6.1 nfp driver, bpf/verifier.c" },
    redirect: { evidence: "primary", source: "Linux 6.1 nfp driver: return codes above XDP_TX act as XDP_ABORTED" },
  },
};

export const AGILIO_CX_2X40_LEAN: OffloadProfile = {
  ...AGILIO_CX_2X40,
  name: "agilio-cx-2x40-lean",
  description: "Netronome Agilio CX 2x40GbE, NFP-4000, firmware stripped of header parsing and queue selection",
  macPps: 54.4e6,
  firmwareCycles: 224,
  arrayLookupCycles: 6,
  queueSelect: false,
  sources: {
    ...AGILIO_CX_2X40.sources,
    arrayLookupCycles: { evidence: "derived", source: `${KRUDE}: maps are plain arrays; a row of the count-min sketch takes as many cycles as instructions (62 to 70), so that a lookup is a check and arithmetic in the program` },
    arrayLookupReads: { evidence: "derived", source: `${KRUDE}: the count-min sketch asks the memory engine for its adds alone` },
    queueSelect: { evidence: "primary", source: `${KRUDE}: queue selection was taken out` },
    macPps: { evidence: "primary", source: `${KRUDE}: receive ceiling of the 2x40G card, stripped firmware` },
    firmwareCycles: { evidence: "primary", source: `${KRUDE}: stripped firmware` },
  },
};

/** What the other cards of the family are taken to share with the measured one. */
function family(changed: Sources): Sources {
  const asMeasured = { evidence: "assumed", source: "as the Agilio CX 2x40GbE, on which it was measured" } as const;
  const shared = Object.fromEntries(["firmwareCycles", "overloadPps", "overloadBelowPps", "memoryReadCycles", "memoryAtomicCycles", "packetReadCycles", "mapReadCycles"].map((key) => [key, asMeasured]));
  return { ...AGILIO_CX_2X40.sources, ...shared, ...changed };
}

export const AGILIO_CX_2X25: OffloadProfile = {
  ...AGILIO_CX_2X40,
  name: "agilio-cx-2x25",
  description: "Netronome Agilio CX 2x25GbE, NFP-4000, stock BPF firmware",
  linkBps: 25e9,
  sources: family({
    linkBps: { evidence: "primary", source: `${FIRMWARE} include/platform.h: CX 2x25` },
    macPps: { evidence: "assumed", source: "as the CX 2x40GbE: the same chip and MAC" },
  }),
};

export const AGILIO_CX_2X10: OffloadProfile = {
  ...AGILIO_CX_2X40,
  name: "agilio-cx-2x10",
  description: "Netronome Agilio CX 2x10GbE, NFP-4000 at 633 MHz, stock BPF firmware",
  linkBps: 10e9,
  clockHz: 633e6,
  macPps: 0,
  overloadPps: 0,
  overloadBelowPps: 0,
  sources: family({
    linkBps: { evidence: "primary", source: `${FIRMWARE} include/platform.h: CX 2x10 (Lithium)` },
    clockHz: { evidence: "primary", source: `${FIRMWARE} include/platform.h: CX 2x10 (Lithium), 633 MHz` },
    macPps: { evidence: "derived", source: "two 10GbE lines bring 29.8 million packets a second, below the ceiling of the 2x40GbE card at 633/800 of its clock" },
    overloadPps: { evidence: "assumed", source: "the lines bring less than what the fault was seen at" },
    overloadBelowPps: { evidence: "assumed", source: "the lines bring less than what the fault was seen at" },
  }),
};

export const AGILIO_LX: OffloadProfile = {
  ...AGILIO_CX_2X40,
  name: "agilio-lx",
  description: "Netronome Agilio LX 2x40GbE, NFP-6000 at 1.2 GHz, 120 flow processing cores",
  cores: 120,
  clockHz: 1200e6,
  macPps: 79.8e6,
  overloadPps: 0,
  overloadBelowPps: 0,
  sources: family({
    cores: { evidence: "secondary", source: "NFP-6xxx: 72 to 120 cores (whirl-offload 2017-03-03); how many the firmware keeps for itself is not published" },
    clockHz: { evidence: "primary", source: `${FIRMWARE} include/platform.h: Starfighter, 1.2 GHz` },
    macPps: { evidence: "assumed", source: "the CX 2x40GbE's ceiling at 1200/800 of its clock: no published figure" },
    overloadPps: { evidence: "assumed", source: "the fault is published of the CX alone" },
    overloadBelowPps: { evidence: "assumed", source: "the fault is published of the CX alone" },
  }),
};
