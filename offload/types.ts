/**
 * What a run takes and what it gives. Plain data and small interfaces; nothing here runs.
 */
import type { Rate } from "../nic/index.js";
import type { RssSpec, SeriesResult } from "../nic/index.js";
import type { CaptureInterface, CaptureReader } from "../traffic/index.js";
import type { BtfTarget, EngineName, MachineProgram, MachineView, MapHandle, NetworkSpec, ObjectSpec } from "../xdp/index.js";
import type { DeviceProfile } from "./profiles/schema.js";

/** What {@link runOffload} runs, on what, and how. */
export interface RunOptions {
  readonly object: ObjectSpec;
  /** Name of the entry program. */
  readonly entry: string;
  /** Opens the traffic at its start; called once for every pass (`loop`). The run closes what it opened. */
  readonly open: () => Promise<CaptureReader>;
  /** Where the program runs: an offload card or a kernel path. Its rings decide which packets reach the program. */
  readonly device: DeviceProfile;
  /** Another place, modelled beside it from the same packets' paths. */
  readonly baseline?: DeviceProfile;
  /** Default `wasm`. */
  readonly engine?: EngineName;
  /** Receive queues of the device, 1 to 256. Default: what its profile has. */
  readonly queues?: number;
  /** RSS settings; what is not given comes from the device's profile. */
  readonly rss?: RssSpec;
  /** How packets are spaced. Default: as in the capture. */
  readonly rate?: Rate;
  /** Passes over the traffic. Default 1. */
  readonly loop?: number;
  /** Seed of everything random. Default 1. */
  readonly seed?: number;
  /** Runs the queues concurrently on worker threads; the order of map effects across queues is then not determined. Default false. */
  readonly parallel?: boolean;
  /** Worker threads with `parallel`, 1 to 64. Default: the machine's processors, at most one a queue. */
  readonly workers?: number;
  /** Packets a batch, 1 to 4096. Does not change any modelled result. Default 256. */
  readonly batchSize?: number;
  /** Routes, neighbours and interfaces. */
  readonly network?: NetworkSpec;
  /** Types that programs with CO-RE relocations are adapted to. Default: the running kernel's where they can be read, else built-in ones. */
  readonly btf?: BtfTarget;
  /** Values of kernel settings (`.kconfig`) by name, as in a `.config` file. */
  readonly kconfig?: Readonly<Record<string, string>>;
  /** Port on which packets of a capture interface arrive. Default 0. Called once an interface. */
  readonly portOf?: (iface: CaptureInterface, index: number) => number;
  /** Called once with the machine, before the first packet: seeds maps. */
  readonly setup?: (machine: RunMachine) => void;
  /** Called once with the machine, after the last packet: reads maps, which may be gone when the run has returned (engine kernel). */
  readonly done?: (machine: RunMachine) => void;
  readonly sinks?: readonly Sink[];
  /** Called after each window. */
  readonly progress?: (progress: Progress) => void;
}

/** The control plane's view of the machine that runs. */
export interface RunMachine {
  readonly object: ObjectSpec;
  /** Programs by the index that prog arrays name them by. */
  readonly programs: readonly MachineProgram[];
  readonly maps: readonly MapHandle[];
  readonly cpus: number;
  /** What was proven of programs, by index: engines rely on it. */
  readonly facts?: MachineView["facts"];
}

export interface Progress {
  readonly packets: number;
  /** Bytes of the current pass read, and in all where that is known. */
  readonly bytesRead: number;
  readonly size: number | undefined;
  readonly pass: number;
}

export { FATE_LENGTH, FATE_MAC, FATE_RAN, FATE_RING } from "./runtime/abi.js";

/** Names of FATE_*, as they appear in results. */
export const FATES = ["ran", "ring", "mac", "length"] as const;

/**
 * Packets with what became of them, in arrival order: columns, index `0..count-1`. Everything is overwritten by the next
 * batch. Columns from `verdict` on hold something only where `fate` is FATE_RAN.
 */
export interface PacketBatch {
  readonly count: number;
  /** The machine's memory, which `frame`, `data` and `frags` are addresses in. */
  readonly memory: Uint8Array;
  /** Number of the packet in the run, from 0. */
  readonly packet: Float64Array;
  readonly fate: Uint8Array;
  /** Arrival on the device clock: ns after {@link RunStart.epochNs}. */
  readonly time: Float64Array;
  /** RSS hash and receive queue. */
  readonly hash: Uint32Array;
  readonly queue: Uint16Array;
  /** Capture interface and NIC port. */
  readonly iface: Uint16Array;
  readonly port: Uint8Array;
  /** The frame as captured: address, bytes, and bytes on the wire. */
  readonly frame: Uint32Array;
  readonly captured: Uint32Array;
  readonly wire: Uint32Array;
  /** XDP_ABORTED 0, XDP_DROP 1, XDP_PASS 2, XDP_TX 3, XDP_REDIRECT 4; other return values and faults are XDP_ABORTED. */
  readonly verdict: Uint8Array;
  /** What the program returned. */
  readonly ret: Uint32Array;
  /** The packet after the program: address and bytes of its linear part, and of the part behind it. */
  readonly data: Uint32Array;
  readonly length: Uint32Array;
  readonly frags: Uint32Array;
  readonly fragLength: Uint32Array;
  /** Bytes of metadata in front of `data`. */
  readonly metaLength: Uint32Array;
  /** FAULT_* of the ABI, 0 where there was none; program (index) and slot of it. */
  readonly fault: Uint8Array;
  readonly faultProgram: Uint32Array;
  readonly faultInsn: Uint32Array;
  /** REDIRECT_* of the ABI, and what it names; where verdict is XDP_REDIRECT. */
  readonly redirectKind: Uint8Array;
  readonly redirectMap: Uint32Array;
  readonly redirectKey: Uint32Array;
  readonly redirectTarget: Uint32Array;
  /** Modelled: ns from arrival to the end of the program on the device. */
  readonly latency: Float64Array;
}

/** What a sink is told before the first packet. */
export interface RunStart {
  /** Time 0 of the device clock: ns since 1970, the capture's first timestamp. */
  readonly epochNs: bigint;
  readonly machine: RunMachine;
  /** Names of programs by index, for faults. */
  readonly programs: readonly string[];
  /** The capture's interfaces; those of a pcapng become known while it is read. */
  readonly interfaces: readonly CaptureInterface[];
}

/** Packets of a capture interface: all, those that the program dropped or aborted, and those lost before it. */
export interface InterfaceCount {
  readonly packets: number;
  readonly stopped: number;
  readonly lost: number;
}

/** Takes every packet's outcome. Called in arrival order. */
export interface Sink {
  /** True where it reads the packet's bytes after the program (`data`, `frags`); without it those addresses may be stale. */
  readonly data?: boolean;
  /** False where it reads no columns: they are then not filled for its sake. */
  readonly columns?: boolean;
  start?(run: RunStart): void;
  batch?(batch: PacketBatch): void;
  /** Awaited after each window, so that a slow file slows the run and does not fill memory. */
  drain?(): Promise<void> | void;
  /** `interfaces`: counts by capture interface, as many as had packets. */
  finish?(interfaces: readonly InterfaceCount[]): Promise<void> | void;
}

/** What bounds a device's rate. */
export type Bound = "cores" | "memory" | "mac" | "line" | "pcie" | "host";

/** Drops by cause, packets. */
export interface Drops {
  readonly length: number;
  readonly mac: number;
  readonly ring: number;
}

/** Latencies, ns. Percentiles are within 1.6 % of the exact ones, the maximum is exact. */
export interface LatencyResult {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Behind a card's cores. Packets that the program passed are either delivered or dropped for want of a host descriptor. */
export interface HostSide {
  readonly passed: number;
  readonly delivered: number;
  readonly hostRingDrops: number;
  /** Packets sent (XDP_TX, XDP_REDIRECT), and those for which the port's queue had no room. */
  readonly sent: number;
  readonly txDrops: number;
  /** From arrival to the end of transmission, and to the end of the host processor's work. */
  readonly toWireNs: LatencyResult;
  readonly toHostNs: LatencyResult;
}

/** What a profile says of the run. Every figure is modelled. */
export interface DeviceResult {
  readonly provenance: "modelled";
  readonly profile: string;
  readonly kind: DeviceProfile["kind"];
  /** Whether the card takes the program; false: see reasons. Kernel paths, of which nothing is checked: null. */
  readonly admitted: boolean | null;
  readonly reasons: readonly string[];
  /** Rules that were checked. */
  readonly checked: readonly string[];
  /** Cores that work: flow processing cores, or processors with a receive queue. */
  readonly cores: number;
  readonly queues: number;
  /** Static length of the program: device instructions after translation, or eBPF instructions on a kernel path. */
  readonly instructions: number;
  /** Cycles a packet on the core, firmware or driver included. */
  readonly cyclesPerPacket: { readonly mean: number; readonly max: number };
  readonly nsPerPacket: { readonly mean: number; readonly max: number };
  /** Highest rate that this mix of packets allows, millions a second, and what bounds it. */
  readonly mpps: number;
  readonly bound: Bound;
  /** Rate that each part alone would allow, Mpps. */
  readonly limits: Readonly<Partial<Record<Bound, number>>>;
  /** In this run, at the rate of its arrivals. */
  readonly offeredMpps: number;
  /** From arrival to the end of the program. */
  readonly latencyNs: LatencyResult;
  /** Share of the cores' time that they work, 0 to 1. */
  readonly utilisation: number;
  /** The same of each part: cores, mac, memory, tx, pcie, host; those that are modelled and had work. */
  readonly parts: Readonly<Record<string, number>>;
  /** Packets that each admitted packet found waiting in its ring (on a card: in front of the cores), over time. */
  readonly occupancy: SeriesResult;
  /** Cards only. */
  readonly behind?: HostSide;
  /** Times that the receive MAC fell into its overload fault. */
  readonly collapses: number;
  readonly drops: Drops;
  /** What the figures rest on that a reader should know. */
  readonly notes: readonly string[];
}

export interface QueueResult {
  readonly queue: number;
  /** Packets and bytes that RSS steered here and that ran, and packets that there was no room for. */
  readonly packets: number;
  readonly bytes: number;
  readonly drops: number;
  readonly verdicts: Readonly<Record<string, number>>;
}

/** A fault, with where it is. */
export interface FaultResult {
  readonly packet: number;
  /** What happened, in words. */
  readonly kind: string;
  readonly program: string;
  /** Slot in the program. */
  readonly insn: number;
  readonly address: string;
  readonly line?: { readonly file: string; readonly line: number; readonly text: string };
}

export interface RunResult {
  /** Packets received from the traffic: those that ran and those that were dropped before. */
  readonly packets: number;
  readonly bytes: number;
  /** Packets that the program ran for. */
  readonly executed: number;
  /** Packets by verdict, those with at least one and always XDP_DROP, XDP_PASS, XDP_TX. */
  readonly verdicts: Readonly<Record<string, number>>;
  readonly queues: readonly QueueResult[];
  /** Packets that never reached the program. */
  readonly drops: Drops;
  readonly host: {
    readonly provenance: "measured";
    readonly engine: EngineName;
    readonly workers: number;
    /** From the time spent in the engine's batches alone. */
    readonly mpps: number;
    readonly nsPerPacket: number;
    readonly executeMs: number;
    /** The whole run, reading and writing included. */
    readonly totalMs: number;
    readonly totalMpps: number;
  };
  readonly device: DeviceResult;
  readonly baseline?: DeviceResult;
  readonly faults: { readonly count: number; readonly first?: FaultResult };
  /** As `ethtool -S` names them. */
  readonly counters: Readonly<Record<string, number>>;
  readonly rate: Rate;
  readonly seed: number;
  /** What the programs' CO-RE relocations were resolved against; absent where they have none. */
  readonly btf?: string;
  readonly warnings: readonly string[];
}
