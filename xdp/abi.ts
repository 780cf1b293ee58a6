/**
 * The layout of a machine's shared memory: what TypeScript, the wasm runtime (AssemblyScript compiles this same file),
 * the JIT and the workers agree on. Constants only. Offsets and sizes are bytes; every field is little-endian.
 *
 *   0        guard: nothing lives below MACHINE, so NULL and NULL + small offsets are never valid
 *   MACHINE  the machine header, then whatever the layout allocates: tables, maps, worker areas, frame windows
 *
 * A pointer in a program is an i64 whose low half is an offset into this memory and whose high half is 0.
 */

export const WASM_PAGE = 65536;

/* ---- machine header ---- */
export const MACHINE = 65536;
export const MACHINE_BYTES = 256;
/** u32: address of map header 0; headers follow each other, MAP_HEADER_BYTES apart. */
export const MACHINE_MAPS = 0;
export const MACHINE_MAP_COUNT = 4;
/** u32: address of the helper table: 8 bytes a helper id: argument codes 1 to 5, three spare; all 0 where not supported. */
export const MACHINE_HELPERS = 8;
export const MACHINE_HELPER_COUNT = 12;
/** u32: address of the program table, PROGRAM_BYTES a program. */
export const MACHINE_PROGRAMS = 16;
export const MACHINE_PROGRAM_COUNT = 20;
/** u32: possible CPUs; CPU number = receive queue. */
export const MACHINE_CPUS = 24;
/** u32: address of the network tables that bpf_fib_lookup reads; 0 where the scenario has none. */
export const MACHINE_NETWORK = 28;
/** u32: address and size of the bpf_trace_printk buffer, and bytes written so far (all workers). */
export const MACHINE_PRINTK = 32;
export const MACHINE_PRINTK_SIZE = 36;
export const MACHINE_PRINTK_USED = 40;
/** u32: 1 where several workers share the memory: locks and atomics are then real. */
export const MACHINE_SHARED = 44;
/** u64: seed of everything random. */
export const MACHINE_SEED = 48;
/** u32: 1 where a program takes slices of the packet, which may lie in fragments: those can then be accessed. */
export const MACHINE_SLICES = 56;
/** u32: address of the timer table (TIMER_*); 0 where no program has timers. */
export const MACHINE_TIMERS = 60;

/* ---- timer table: lock, timers handed out, room for timers, heap (address, entries; room for two a timer), u64 the next time; then the timers ---- */
export const TIMERS_LOCK = 0;
export const TIMERS_USED = 4;
export const TIMERS_CAPACITY = 8;
export const TIMERS_HEAP = 12;
export const TIMERS_HEAP_COUNT = 16;
export const TIMERS_NEXT = 24;
export const TIMERS_SLOTS = 64;
export const TIMERS_HEAP_ENTRY_BYTES = 16;
/** u32 each: generation, map header, address of the struct bpf_timer, program, first slot of the function + 1, 1 where it will fire, times it was started. */
export const TIMER_BYTES = 32;
export const TIMER_GENERATION = 0;
export const TIMER_MAP = 4;
export const TIMER_VALUE = 8;
export const TIMER_PROGRAM = 12;
export const TIMER_CALLBACK = 16;
export const TIMER_ARMED = 20;
export const TIMER_SEQUENCE = 24;

/** u32: address of the headers (u32 each) of the maps that programs may point into, by ascending MAP_DATA, and how many. */
export const MACHINE_MAP_AREAS = 64;
export const MACHINE_MAP_AREA_COUNT = 68;

/* ---- program table entry ---- */
export const PROGRAM_BYTES = 32;
/** u32: address of the instructions, 8 bytes a slot; map and function references already resolved to addresses and slots. */
export const PROGRAM_INSNS = 0;
/** u32: number of slots. */
export const PROGRAM_LENGTH = 4;
/** u32: address of one u64 a slot, added to the packet's cost when the slot executes; 0 where costs are not counted. */
export const PROGRAM_COSTS = 8;
/** u32: 1 for xdp.frags programs. */
export const PROGRAM_FRAGS = 12;
/** u32: address of the first slots (u32 each) of the functions whose address the program takes, and how many. */
export const PROGRAM_CALLBACKS = 16;
export const PROGRAM_CALLBACK_COUNT = 20;

/** u32: what the program is for: 0 a device, 1 an entry of a devmap, 2 an entry of a cpumap. */
export const PROGRAM_ATTACH = 24;

/* ---- map header ---- */
export const MAP_HEADER_BYTES = 128;
/** u32: BPF_MAP_TYPE_*, bytes, bytes, entries, BPF_F_*. */
export const MAP_TYPE = 0;
export const MAP_KEY_SIZE = 4;
export const MAP_VALUE_SIZE = 8;
export const MAP_MAX_ENTRIES = 12;
export const MAP_FLAGS = 16;
/** u32: index among the machine's maps. */
export const MAP_ID = 20;
/**
 * Where values lie. Value `i` of CPU `c` is at MAP_DATA + c * MAP_CPU_STRIDE + i * MAP_STRIDE + MAP_VALUE_OFFSET;
 * MAP_CPU_STRIDE is 0 for maps that are not per-CPU; a program may touch exactly the MAP_VALUE_SIZE bytes there.
 * MAP_DATA_END is the first byte behind the area of all CPUs. Both are 0 where a program gets no pointers into the map.
 */
export const MAP_DATA = 24;
export const MAP_DATA_END = 28;
export const MAP_STRIDE = 32;
export const MAP_CPU_STRIDE = 36;
export const MAP_VALUE_OFFSET = 40;
/** i32: spin lock of writers, taken where MACHINE_SHARED is 1. */
export const MAP_LOCK = 44;
/** u32: odd while a writer moves entries; readers that saw it change look again. */
export const MAP_SEQUENCE = 48;
/** u32: entries in use, of maps that count them. */
export const MAP_COUNT = 52;
/** From here on each map type keeps what it likes. */
export const MAP_PRIVATE = 56;

/* ---- worker environment: one per worker, on pages of its own ---- */
export const ENV_BYTES = 8192;
/** The program's context: struct xdp_md as the program sees it, six u32, at the very start: ctx pointer = env address. */
export const ENV_DATA = 0;
export const ENV_DATA_END = 4;
export const ENV_DATA_META = 8;
export const ENV_INGRESS_IFINDEX = 12;
export const ENV_RX_QUEUE_INDEX = 16;
export const ENV_EGRESS_IFINDEX = 20;
export const XDP_MD_BYTES = 24;
/** u32: start of the packet's slot (xdp_buff data_hard_start). */
export const ENV_HARD_START = 24;
/** u32: bytes of the packet behind the linear part, which lie at hard start + SLOT_FRAGS. */
export const ENV_FRAG_LENGTH = 28;
/** u32: CPU that runs the program. */
export const ENV_CPU = 32;
/** u32: lowest byte of the headroom that the program was given so far; below it the slot holds an earlier packet's bytes, so whoever moves data or data_meta below it zeroes the difference. */
export const ENV_LOW_WATER = 36;
/** u64: device time, ns. */
export const ENV_TIME = 40;
/** u32: number of the packet in the run, and calls of bpf_get_prandom_u32 for it so far: together they determine the number given. */
export const ENV_PACKET = 48;
export const ENV_RANDOM_CALLS = 52;
/** What the last redirect helper of this packet chose: u32 kind, map id, key, target (ifindex, CPU or socket), u64 flags. */
export const ENV_REDIRECT_KIND = 56;
export const ENV_REDIRECT_MAP = 60;
export const ENV_REDIRECT_KEY = 64;
export const ENV_REDIRECT_TARGET = 68;
export const ENV_REDIRECT_FLAGS = 72;
/** u32: tail calls taken for this packet. */
export const ENV_TAIL_CALLS = 80;
/** u32 code (FAULT_*), u32 program, u32 slot, u64 address. Code 0: no fault. */
export const ENV_FAULT = 84;
export const ENV_FAULT_PROGRAM = 88;
export const ENV_FAULT_INSN = 92;
export const ENV_FAULT_ADDRESS = 96;
/** i32: backward jumps that the packet may still take. */
export const ENV_FUEL = 104;
/** u32: program that runs now (index in the program table). */
export const ENV_PROGRAM = 108;
/** u64: cost of the packet so far (interpreter; the JIT keeps it where it likes). */
export const ENV_COST = 112;
/** u32: lowest byte of the stack of the call chain now: r10 of the innermost frame - 512. Valid stack is [that, env + ENV_STACK_TOP). */
export const ENV_STACK_LOW = 120;
/** u32: addresses of the batch's tables, and what it takes to find a slot: slot i = ENV_SLOTS + i * ENV_SLOT_STRIDE. */
export const ENV_DESCRIPTORS = 128;
export const ENV_RESULTS = 132;
export const ENV_SLOTS = 136;
export const ENV_SLOT_STRIDE = 140;
/** The redirect of the program before, while the program of a devmap's or cpumap's entry runs: as ENV_REDIRECT_KIND to _FLAGS. */
export const ENV_FIRST_REDIRECT = 144;
/** u32: such programs that ran for this packet (at most MAX_SECONDS: cpumaps may send a packet round), and 1 where the last is a cpumap's. */
export const ENV_SECONDS = 168;
export const ENV_SECOND_CPU = 172;
export const MAX_SECONDS = 16;
/** First byte free for the runtime's scratch, and its end. */
export const ENV_SCRATCH = 256;
export const ENV_SCRATCH_END = 4096;
/**
 * The interpreter's part of the scratch, from ENV_SCRATCH: r0 to r10 (u64 each), the next slot (u32), the depth of the
 * call chain (u32, 0 in the entry program), and per depth what a return restores: r6 to r9, slot and program (u32 each).
 */
export const INTERPRETER_REGISTERS = 0;
export const INTERPRETER_INSN = 88;
export const INTERPRETER_DEPTH = 92;
export const INTERPRETER_FRAMES = 96;
export const INTERPRETER_FRAME_BYTES = 48;
/** u32 in each of them: times that the function at that depth may still pass a may_goto. */
export const INTERPRETER_MAY_GOTO = 40;
/** u32, from ENV_SCRATCH: header of the map that the last access check found. */
export const SCRATCH_LAST_MAP = 480;
/** From ENV_SCRATCH: where the other runtime functions keep what does not fit in locals. */
export const SCRATCH_HELPERS = 512;
/**
 * From ENV_SCRATCH: one record for each depth of the call chain, CALLBACK_BYTES apart: the helper that calls a function
 * of the program again and again from there (helpers/callback.ts). All fields u32 but for the registers and the result.
 */
export const SCRATCH_CALLBACKS = 3072;
export const CALLBACK_BYTES = 96;
/** First slot of the function + 1; 0 where no helper is at work. */
export const CALLBACK_TARGET = 0;
/** Number of the helper. */
export const CALLBACK_HELPER = 4;
/** Where it is: calls made, place in the map, place that it started from. */
export const CALLBACK_COUNT = 8;
export const CALLBACK_CURSOR = 12;
export const CALLBACK_START = 16;
/** Memory that the function may read besides: a key, where the size is not 0. */
export const CALLBACK_KEY = 20;
export const CALLBACK_KEY_SIZE = 24;
/** A key of the helper's own, where the map has none in memory. */
export const CALLBACK_KEY_COPY = 28;
/** u64: r1 to r4 of the next call. */
export const CALLBACK_R1 = 32;
export const CALLBACK_R2 = 40;
export const CALLBACK_R3 = 48;
export const CALLBACK_R4 = 56;
/** u64: what the helper returns at the end. */
export const CALLBACK_RESULT = 64;
/** 16 bytes: the dynptr that a function is called with. */
export const CALLBACK_DYNPTR = 72;
/** r10 of the entry program is env + ENV_STACK_TOP; frame k of a call chain has r10 = that - k * STACK_FRAME_BYTES. */
export const ENV_STACK_TOP = 8192;
export const STACK_FRAME_BYTES = 512;
export const MAX_CALL_FRAMES = 8;

/* ---- packet slots ---- */
/** Headroom before the packet, of which the first XDP_FRAME_BYTES are the kernel's (struct xdp_frame). */
export const XDP_PACKET_HEADROOM = 256;
export const XDP_FRAME_BYTES = 40;
/** Longest linear part; longer frames continue in the fragment area. */
export const MAX_LINEAR = 3520;
/** data_end is at most hard start + this. */
export const SLOT_LINEAR_END = 3776;
/** Start of the fragment area in a slot. */
export const SLOT_FRAGS = 4096;
/** Shortest packet that XDP programs see or make (ETH_HLEN). */
export const MIN_PACKET = 14;

/* ---- batch descriptor (in) ---- */
export const DESC_BYTES = 48;
/** u32: address of the frame's bytes; 8 bytes behind its end are readable. */
export const DESC_FRAME = 0;
/** u32: length of the frame, all parts. At least MIN_PACKET. */
export const DESC_LENGTH = 4;
/** u64: device time, ns. */
export const DESC_TIME = 8;
export const DESC_IFINDEX = 16;
/** u32: receive queue. */
export const DESC_QUEUE = 20;
/** u32: CPU. */
export const DESC_CPU = 24;
/** u32: number of the packet in the run. */
export const DESC_PACKET = 28;
/** u32: what the card says of the packet besides: DESC_HAS_*. 0: the driver has no such metadata, and asking gives -EOPNOTSUPP. */
export const DESC_METADATA = 32;
/** u32: RSS hash, and its type (enum xdp_rss_hash_type). */
export const DESC_HASH = 36;
export const DESC_HASH_TYPE = 40;
/** u32: VLAN protocol in network order (low half) and TCI (high half) of the tag that the card took off. */
export const DESC_VLAN = 44;
/** DESC_METADATA: the driver can say the hash, time and tag at all; and it has one for this packet. */
export const DESC_CAN_HASH = 1;
export const DESC_HAS_HASH = 2;
export const DESC_CAN_TIME = 4;
export const DESC_CAN_VLAN = 8;
export const DESC_HAS_VLAN = 16;

/* ---- batch result (out) ---- */
export const RESULT_BYTES = 64;
/** u32: what the program returned, low 32 bits; XDP_ABORTED (0) after a fault. */
export const RESULT_RET = 0;
/** u32: address of the packet's first byte after the program. */
export const RESULT_DATA = 4;
/** u32: bytes of the linear part, of the fragment area (at slot + SLOT_FRAGS), of metadata before the packet. */
export const RESULT_LENGTH = 8;
export const RESULT_FRAG_LENGTH = 12;
export const RESULT_META_LENGTH = 16;
/** u32: FAULT_* code; where it is not 0, RESULT_FAULT_PROGRAM, _INSN and _ADDRESS are written. */
export const RESULT_FAULT = 20;
/** u64: the sum of the costs of the slots executed; two u32 counters may be packed into it. */
export const RESULT_COST = 24;
/** The redirect, written where RESULT_RET is XDP_REDIRECT: as ENV_REDIRECT_KIND to _TARGET. */
export const RESULT_REDIRECT_KIND = 32;
export const RESULT_REDIRECT_MAP = 36;
export const RESULT_REDIRECT_KEY = 40;
export const RESULT_REDIRECT_TARGET = 44;
export const RESULT_FAULT_PROGRAM = 48;
export const RESULT_FAULT_INSN = 52;
export const RESULT_FAULT_ADDRESS = 56;

/* ---- redirect kinds ---- */
export const REDIRECT_NONE = 0;
/** bpf_redirect: target is an ifindex. */
export const REDIRECT_IFINDEX = 1;
/** bpf_redirect_map to one entry. */
export const REDIRECT_MAP = 2;
/** bpf_redirect_map with BPF_F_BROADCAST. */
export const REDIRECT_BROADCAST = 3;

/* ---- faults ---- */
export const FAULT_READ = 1;
export const FAULT_WRITE = 2;
/** A helper got a pointer or size that does not fit its signature. */
export const FAULT_ARGUMENT = 3;
/** More than FUEL backward jumps for one packet. */
export const FAULT_FUEL = 4;
/** More than MAX_CALL_FRAMES frames. */
export const FAULT_FRAMES = 5;
/** An atomic access that is not aligned to its size. */
export const FAULT_ALIGNMENT = 6;
export const FUEL = 33554432;
/** Times that one call of a function passes a may_goto before it ends its loop (the kernel's BPF_MAX_LOOPS; newer kernels count time). */
export const MAY_GOTO_LOOPS = 8388608;
export const MAX_TAIL_CALLS = 33;

/* ---- helper argument codes ---- */
export const ARG_NONE = 0;
export const ARG_ANYTHING = 1;
/** Address of a map header. */
export const ARG_MAP = 2;
/** Readable memory of the map's key size / value size (the map is the first argument). */
export const ARG_MAP_KEY = 3;
export const ARG_MAP_VALUE = 4;
export const ARG_CTX = 5;
/** Readable memory, writable memory; the next argument is its size. The _OR_NULL kinds also take 0. */
export const ARG_MEM_READ = 6;
export const ARG_MEM_WRITE = 7;
export const ARG_MEM_READ_OR_NULL = 8;
/** Size of the memory before it: 1 or more; 0 or more. At most ARG_SIZE_MAX. */
export const ARG_SIZE = 9;
export const ARG_SIZE_OR_ZERO = 10;
/** Writable memory of the map's value size. */
export const ARG_MAP_VALUE_WRITE = 11;
/** Address of a string in readable memory, with its terminating 0 there too. */
export const ARG_STRING = 12;
/** Address of a function of the program (its first slot), to be called back. */
export const ARG_CALLBACK = 32;
/** Writable memory whose size is the next argument, or 0 with any size. */
export const ARG_MEM_OPTIONAL = 33;
/** Writable memory as ARG_MEM_WRITE, or 0 with size 0. */
export const ARG_MEM_WRITE_OR_NULL = 34;
/** A socket that a lookup gave. */
export const ARG_SOCKET = 35;
/** Readable or writable memory of a fixed size, a multiple of 4 below 256: this + size / 4. */
export const ARG_FIXED_READ = 64;
export const ARG_FIXED_WRITE = 128;
/** Mask of the size in them, in units of 4 bytes. */
export const ARG_FIXED_SIZE = 63;
/** Start of a ring buffer's record that was reserved and not submitted. */
export const ARG_RINGBUF_MEM = 16;
export const ARG_SIZE_MAX = 536870912;
