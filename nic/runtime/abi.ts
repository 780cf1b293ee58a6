/**
 * How the device model lies in memory: what TypeScript and the wasm that runs it (AssemblyScript compiles this same file)
 * agree on. Constants only; offsets and sizes are bytes. Counters are f64, whole numbers, unless said otherwise.
 */

/* ---- histogram ---- */
/** f64: values, their sum (a pair: both grow at once), the largest; then the buckets. */
export const HIST_COUNT = 0;
export const HIST_SUM = 8;
export const HIST_MAX = 16;
export const HIST_BUCKETS = 32;
/** Sub-buckets of a power of two, as bits; the lowest exponent and how many there are: from 2^-4 ns to 2^60 ns. */
export const HIST_SUB_BITS = 6;
export const HIST_LOWEST = -4;
export const HIST_EXPONENTS = 64;
export const HIST_BYTES = 32832;

/* ---- series ---- */
/** f64: start (NaN before the first value), length of a stretch, largest value; u32: stretches in use. */
export const SERIES_START = 0;
export const SERIES_STEP = 8;
export const SERIES_MAX = 16;
export const SERIES_END = 24;
export const SERIES_STRETCHES = 128;
/** u32: the stretch of the last value; f64: times from which and before which values surely belong to it. */
export const SERIES_LAST = 28;
export const SERIES_FROM = 32;
export const SERIES_UNTIL = 40;
/** By stretch: f64 sum and count of its values (a pair); and f64 the largest, in a table behind. */
export const SERIES_SUMS = 48;
export const SERIES_COUNTS = 56;
export const SERIES_MOST = 2096;
export const SERIES_BYTES = 3136;

/* ---- pool of servers: a ring in the order in which they get free, and a heap of those that did not fit in that order ---- */
/** u32: first of the ring, entries in it, its room less one (room is a power of 2); entries of the heap; addresses of both. */
export const POOL_HEAD = 0;
export const POOL_COUNT = 4;
export const POOL_MASK = 8;
export const POOL_HEAPED = 12;
export const POOL_RING = 16;
export const POOL_HEAP = 20;
export const POOL_BYTES = 64;
/** An entry: f64 time at which it gets free, u32 number of the server, u32 its core. */
export const SERVER_TIME = 0;
export const SERVER_ID = 8;
export const SERVER_CORE = 12;
export const SERVER_BYTES = 16;

/* ---- receive ring ---- */
/** i64: packets admitted, executed, and left of those executed. */
export const RING_ADMITTED = 0;
export const RING_EXECUTED = 8;
export const RING_LEFT = 16;
/** u32: the same modulo the ring's size; and the core that serves it. */
export const RING_ADMIT_PLACE = 24;
export const RING_EXECUTE_PLACE = 28;
export const RING_LEFT_PLACE = 32;
export const RING_CORE = 36;
/** Packets dropped. */
export const RING_DROPS = 40;
/** u32: address of the times at which the last packets left. */
export const RING_LEAVES = 48;
export const RING_BYTES = 64;

/* ---- timeline ---- */
/** u32: 1 for a pool, packets of a ring, cores. */
export const TL_IS_POOL = 0;
export const TL_RING_SIZE = 4;
export const TL_CORES = 8;
/** f64: ns a packet of the MAC (0: no limit), ns of packets that may wait in front of it, ns a packet in its fault, and the rate below which that shows. */
export const TL_MAC_SPACING = 16;
export const TL_MAC_ROOM = 24;
export const TL_OVERLOAD_SPACING = 32;
export const TL_OVERLOAD_BELOW = 40;
/** u32 addresses: rings (by queue; a pool counts drops by queue there too and holds its packets in the first), core and memory time of all packets up to each place of the ring (0 without the fault), times at which cores are free, the pool of servers. */
export const TL_RINGS = 48;
export const TL_WORK_UNTIL = 52;
export const TL_SHARED_UNTIL = 56;
export const TL_CORE_FREE = 60;
export const TL_POOL = 64;
/** u32: address of the packets that have no cost yet, their places, and how many there are. */
export const TL_PENDING = 68;
export const TL_ADMIT_SLOT = 72;
export const TL_COMPLETE_SLOT = 76;
export const TL_WAITING = 80;
/** u32: 1 while the MAC is in its fault. */
export const TL_COLLAPSED = 84;
/** f64. */
export const TL_MAC_FREE = 88;
export const TL_MAC_BUSY = 96;
export const TL_MAC_DROPS = 104;
export const TL_COLLAPSES = 112;
export const TL_SHARED_FREE = 120;
/** A pair. */
export const TL_BUSY = 128;
export const TL_SHARED_BUSY = 136;
export const TL_LAST_DEPARTURE = 144;
export const TL_WAIT = 192;
export const TL_LATENCY = 33024;
export const TL_OCCUPANCY = 65856;
export const TL_BYTES = 68992;

/** Most packets admitted and not yet executed at one time. */
export const MAX_PENDING = 16384;
/** A packet without a cost: f64 arrival, f64 when the MAC was done with it, u32 ring. */
export const PENDING_ARRIVAL = 0;
export const PENDING_READY = 8;
export const PENDING_RING = 16;
export const PENDING_BYTES = 24;

/* ---- egress ---- */
/** f64: ns a bit of a port's line, ns a byte of the bus, host ns a packet, longest wait for an interrupt; u32: packets of a transmit queue, of a host ring. */
export const EG_LINE_NS = 0;
export const EG_BUS_NS = 8;
export const EG_HOST_NS = 16;
export const EG_INTERRUPT_NS = 24;
export const EG_TX_QUEUE = 32;
export const EG_RING_SIZE = 36;
/** u32 addresses of the lanes: ports, and the host's queues. */
export const EG_PORTS = 40;
export const EG_HOSTS = 44;
/** f64 pairs: packets sent and their time; times of bus and host. */
export const EG_SENT = 48;
export const EG_TX_BUSY = 56;
export const EG_BUS_BUSY = 64;
export const EG_HOST_BUSY = 72;
export const EG_TX_DROPS = 80;
export const EG_RELEASED = 88;
export const EG_BUS_FREE = 96;
export const EG_TO_WIRE = 128;
export const EG_TO_HOST = 32960;
export const EG_BYTES = 65792;
/** A lane, of a port or a queue: f64 when it is free, packets taken, packets dropped; u32 place in its queue, and the address of that. */
export const LANE_FREE = 0;
export const LANE_TAKEN = 8;
export const LANE_DROPS = 16;
export const LANE_PLACE = 24;
export const LANE_LEAVES = 28;
export const LANE_BYTES = 64;

/* ---- answers to an offer ---- */
export const ADMITTED = 0;
/** The ring was full. */
export const DROPPED_RING = 1;
/** The MAC or what parses behind it could not keep up. */
export const DROPPED_MAC = 2;
/** Depends on packets that were admitted and have no cost yet: tell their costs, then offer it again. */
export const UNDECIDED = 3;

/* ---- the wire and the bus ---- */
/** Bytes that every frame takes on the wire beside its own: preamble, start and gap 20, frame check sequence 4. */
export const WIRE_OVERHEAD = 24;
/** Shortest frame without its check sequence; shorter ones are padded on the wire. */
export const MIN_FRAME = 60;
/** Shortest frame that a NIC receives: an Ethernet header. */
export const MIN_RECEIVE = 14;
/** Payload of a PCIe write, bytes, and what the bus carries beside it. */
export const PCIE_MPS = 256;
export const PCIE_WRITE_HEADER = 24;
