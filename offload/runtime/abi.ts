/**
 * How a run's loop and its models lie in the machine's memory: what TypeScript and the wasm that runs them (AssemblyScript
 * compiles this same file) agree on. Constants only; offsets and sizes are bytes. Counters are f64, whole numbers, unless
 * said otherwise.
 */

/* ---- model of a device ---- */
/** u32: 1 for a card, 0 for a kernel path; addresses of its timeline and egress (0 where it has none); number of its last port. */
export const MODEL_IS_CARD = 0;
export const MODEL_TIMELINE = 4;
export const MODEL_EGRESS = 8;
export const MODEL_LAST_PORT = 12;
/** f64, of cards: cycles of the firmware, ns of a cycle, how many times faster the memory engine is, ns that a core that is alone waits by cycle of that engine, bytes on the bus beside a packet. */
export const MODEL_FIRMWARE_CYCLES = 16;
export const MODEL_NS_PER_CYCLE = 24;
export const MODEL_MEMORY_SPREAD = 32;
export const MODEL_READ_WAIT_NS = 40;
export const MODEL_PCIE_OVERHEAD = 48;
/** f64, of kernel paths: ns of every packet, factor on the program's time, factor on all times, ns on top by verdict (five). */
export const MODEL_DRIVER_NS = 56;
export const MODEL_PROGRAM_SCALE = 64;
export const MODEL_CLOCK_FACTOR = 72;
export const MODEL_DECIDED_NS = 80;
/** How the cost counters are read (CounterReading): f64 longest, mean cycles, mean units, unit; u32 bits and mask of cycles. */
export const MODEL_LONGEST = 120;
export const MODEL_MEAN_CYCLES = 128;
export const MODEL_MEAN_UNITS = 136;
export const MODEL_UNIT = 144;
export const MODEL_CYCLE_BITS = 152;
export const MODEL_CYCLE_MASK = 156;
/** u32: address of the busy times of a kernel path's cores. */
export const MODEL_BUSY = 160;
/** f64 sums; see DeviceModel. The first two are a pair. */
export const MODEL_ALONE_SUM = 168;
export const MODEL_MEMORY_CYCLES = 176;
export const MODEL_SERVICE_MAX = 200;
export const MODEL_ESTIMATED = 208;
export const MODEL_LENGTH_ERRORS = 216;
export const MODEL_RECEIVED = 224;
export const MODEL_WIRE_BITS = 232;
export const MODEL_FIRST_ARRIVAL = 240;
export const MODEL_LAST_ARRIVAL = 248;
/** f64 sums of what is behind the cores: a thread of its own may add to these, so that they lie apart. Of cards two that are a pair, of kernel paths one. */
export const MODEL_BUS_BYTES = 256;
export const MODEL_PASSED = 264;
export const MODEL_SENT = 272;
/** u8 by port: 1 where a packet came. */
export const MODEL_PORTS_SEEN = 320;
export const MODEL_BYTES = 576;

/* ---- the loop ---- */
/** u32 addresses of the window's columns, and of its frames. */
export const LOOP_ARRIVAL = 0;
export const LOOP_OFFSET = 4;
export const LOOP_LENGTH = 8;
export const LOOP_WIRE = 12;
export const LOOP_HASH = 16;
export const LOOP_QUEUE = 20;
export const LOOP_IFACE = 24;
export const LOOP_PORT = 28;
export const LOOP_FRAMES = 32;
/** u32 addresses of the models; 0 where there is no baseline. */
export const LOOP_DEVICE = 36;
export const LOOP_BASELINE = 40;
/** u32: longest frames that they receive; the baseline's queue by hash, and the mask of that. */
export const LOOP_MAX_FRAME = 44;
export const LOOP_BASELINE_MAX_FRAME = 48;
export const LOOP_INDIRECTION = 52;
export const LOOP_INDIRECTION_MASK = 56;
/** u32: addresses of the worker's descriptors, results and slots; stride of slots; most packets of a batch. */
export const LOOP_DESCRIPTORS = 60;
export const LOOP_RESULTS = 64;
export const LOOP_SLOTS = 68;
export const LOOP_STRIDE = 72;
export const LOOP_BATCH = 76;
/** u32: addresses of the batch's rows and of the columns for sinks (0 where nobody reads them), and rows that there are. */
export const LOOP_ROW_TABLE = 80;
export const LOOP_COLUMNS = 84;
export const LOOP_ROWS = 88;
/** u32: addresses of the tallies by queue and by capture interface. */
export const LOOP_QUEUES = 92;
export const LOOP_INTERFACES = 96;
/** u32: address of the numbers in the window of the packets that run (u32 each). */
export const LOOP_TAKEN = 100;
/** u32: the batch: its first packet in the window, the one behind its last, and how many of them run. */
export const LOOP_FROM = 104;
export const LOOP_TO = 108;
export const LOOP_COUNT = 112;
/** u32, of a worker among several: address of the worker of each queue (u8), its own number, and 1 where slots are by packet. */
export const LOOP_OWNERS = 116;
export const LOOP_WORKER = 120;
export const LOOP_SLOT_BY_PACKET = 124;
/** u64: time 0 of the device clock, ns since 1970; f64: number in the run of the window's first packet. */
export const LOOP_EPOCH = 128;
export const LOOP_FIRST = 136;
/** f64 tallies: bytes of packets of a wrong length, their number, packets that the MAC had no room for, bytes of all that found no room, bytes sent back, faults. */
export const LOOP_ERROR_BYTES = 144;
export const LOOP_ERRORS = 152;
export const LOOP_MISSED = 160;
export const LOOP_LOST_BYTES = 168;
export const LOOP_TX_BYTES = 176;
export const LOOP_FAULTS = 184;
/** f64: number in the run of the first packet that faulted; and its result. */
export const LOOP_FAULT_PACKET = 192;
export const LOOP_FAULT_RESULT = 200;
export const LOOP_BYTES = 320;

/* ---- row of the batch: what is known of a packet on its way through the models ---- */
/** f64: when the device's MAC was done with it; once it was served, its departure from the cores, -1 where there was no room for it. */
export const ROW_READY = 0;
export const ROW_DEPARTURE = 0;
/** u32: cost counters, and bytes after the program (of a packet that did not run: 0, 0, bytes on the wire). */
export const ROW_LOW = 8;
export const ROW_HIGH = 12;
export const ROW_LENGTH = 16;
/** u8: verdict (XDP_DROP where it did not run), and FATE_*. */
export const ROW_VERDICT = 20;
export const ROW_FATE = 21;
export const ROW_BYTES = 24;

/* ---- tallies ---- */
/** By queue: packets by verdict (five), bytes of those, packets that the ring had no room for. */
export const QUEUE_VERDICTS = 0;
export const QUEUE_BYTES = 40;
export const QUEUE_DROPS = 48;
export const QUEUE_TALLY_BYTES = 64;
/** By capture interface: packets, those that the program dropped or aborted, those lost before it. */
export const INTERFACE_PACKETS = 0;
export const INTERFACE_STOPPED = 8;
export const INTERFACE_LOST = 16;
export const INTERFACE_BYTES = 24;
export const INTERFACES = 65536;

/* ---- columns for sinks: each is so many times LOOP_ROWS bytes behind LOOP_COLUMNS ---- */
export const COLUMN_PACKET = 0;
export const COLUMN_TIME = 8;
export const COLUMN_LATENCY = 16;
export const COLUMN_HASH = 24;
export const COLUMN_FRAME = 28;
export const COLUMN_CAPTURED = 32;
export const COLUMN_WIRE = 36;
export const COLUMN_RET = 40;
export const COLUMN_DATA = 44;
export const COLUMN_LENGTH = 48;
export const COLUMN_FRAGS = 52;
export const COLUMN_FRAG_LENGTH = 56;
export const COLUMN_META_LENGTH = 60;
export const COLUMN_FAULT_PROGRAM = 64;
export const COLUMN_FAULT_INSN = 68;
export const COLUMN_REDIRECT_MAP = 72;
export const COLUMN_REDIRECT_KEY = 76;
export const COLUMN_REDIRECT_TARGET = 80;
export const COLUMN_COST_LOW = 84;
export const COLUMN_COST_HIGH = 88;
export const COLUMN_QUEUE = 92;
export const COLUMN_IFACE = 94;
export const COLUMN_FATE = 96;
export const COLUMN_PORT = 97;
export const COLUMN_VERDICT = 98;
export const COLUMN_FAULT = 99;
export const COLUMN_REDIRECT_KIND = 100;
export const COLUMNS_BYTES = 101;

/* ---- what became of a packet before the program ---- */
export const FATE_RAN = 0;
/** No room in the receive ring (or in the card's ingress queue): the program never saw it. */
export const FATE_RING = 1;
/** The MAC could not keep up. */
export const FATE_MAC = 2;
/** Too short (below 14 bytes) or longer than the device receives. */
export const FATE_LENGTH = 3;
