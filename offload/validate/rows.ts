/**
 * Published figures that the profiles claim to cover, and how ours are found. A row that a figure of a profile, a rule of the
 * model or a choice in an equivalent was taken from is marked as calibrating: it shows that this went in right, no more.
 * Equivalents were written with the measured figures known. What held them is what is published beside the rate: their
 * lengths in eBPF and in the card's instructions (count-min sketch), and what they are described to do.
 */
import { dmaReadGbps, dmaReadNs, dmaWriteReadNs, pcieBothWaysGbps, pcieRawGbps, pcieReadGbps, pcieTlpGbps, pcieWriteGbps, wireBytes } from "../../nic/index.js";
import { findProfile, overrideProfile } from "../profiles/profiles.js";
import type { DeviceProfile } from "../profiles/schema.js";
import { vliwRows } from "../cost/vliw.js";
import { L4LB, seedServers } from "./l4lb.js";
import { measure, objectOf } from "./measure.js";
import type { Equivalent, MeasureOptions } from "./measure.js";
import * as programs from "./programs.js";

/** What group of figures a row belongs to, and how far its median (and worst) error may go: shares. */
export interface Group {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly median: number;
  readonly worst?: number;
}

export interface Row {
  readonly group: string;
  readonly name: string;
  readonly published: number;
  readonly unit: string;
  readonly calibrates: boolean;
  readonly ours: () => number | Promise<number>;
}

const KRUDE = "Krude et al., CoNEXT 2021, doi:10.1145/3485983.3494842, artifact nfp-pred-artifacts@6132d4b";
const HXDP = "Brunella et al., hXDP, OSDI 2020, artifact axbryd/hXDP-Artifacts (bars digitised, +-0.1 Mpps)";
const XDP = "Hoiland-Jorgensen et al., XDP, CoNEXT 2018, data tohojo/xdp-paper@672dc5a";
const PCIE = "Neugebauer et al., SIGCOMM 2018, pcie-bench";

export const GROUPS: readonly Group[] = [
  { id: "nfp-cores", title: "Agilio CX 2x40, XDP_DROP and slow program by cores (stock firmware)", source: KRUDE, median: 0.015, worst: 0.04 },
  { id: "nfp-reads", title: "Agilio CX 2x40, blocking reads of one word (stripped firmware)", source: KRUDE, median: 0.015, worst: 0.04 },
  { id: "nfp-adds", title: "Agilio CX 2x40, posted adds to one word, 50 cores (stripped firmware)", source: KRUDE, median: 0.015, worst: 0.04 },
  { id: "nfp-programs", title: "Agilio CX 2x40, count-min sketch and DoS filter, equivalents (stripped firmware)", source: KRUDE, median: 0.05 },
  { id: "nfp-helper", title: "Agilio CX 2x40, the same with bpf_map_lookup_elem in arrays (stripped firmware)", source: KRUDE, median: 0.05 },
  { id: "nfp-l4lb", title: "Agilio CX, load balancer's equivalent (stock firmware)", source: "github Netronome/bpf-samples@a7dd7d8, l4lb/README.rst", median: 0.05 },
  { id: "nfp-overload", title: "Agilio CX 2x40, XDP_DROP at line rate: overload of the MAC (stock firmware)", source: KRUDE, median: 0.05 },
  { id: "x86-xdp", title: "Linux driver-mode XDP, ConnectX-5, 1 to 6 cores", source: XDP, median: 0.1 },
  { id: "x86-nfp", title: "Linux XDP on the host of an Agilio CX 2x10, nfp driver, 1 to 8 queues", source: "github igor-capeletti/tcc_eBPF_XDP@b4bf10a", median: 0.1 },
  { id: "x86-others", title: "Linux XDP on other cards and processors", source: "J. D. Brouer, prototype-kernel; netdev 20210730061822.6600-1-joamaki@gmail.com", median: 0.1 },
  { id: "x86-hxdp", title: "Linux driver-mode XDP, XL710, Xeon E5-1630v3 at 1.2, 2.1 and 3.7 GHz", source: HXDP, median: 0.1 },
  { id: "hxdp", title: "hXDP, 4 lanes at 156.25 MHz, equivalents", source: HXDP, median: 0.1 },
  { id: "hxdp-rows", title: "hXDP, rows of the firewall's equivalent (76 eBPF instructions of 72) by lanes", source: HXDP, median: 0.1 },
  { id: "pcie-model", title: "PCIe model", source: PCIE, median: 0.01, worst: 0.02 },
  { id: "pcie-measured", title: "PCIe measured on an NFP-6000, Gen3 x8", source: PCIE, median: 0.05 },
  { id: "line", title: "Ethernet line rate", source: "arithmetic of the standard: 20 bytes of preamble and gap", median: 0.001, worst: 0.001 },
];

const stock = findProfile("agilio-cx-2x40");
const lean = findProfile("agilio-cx-2x40-lean");
const hxdp = findProfile("hxdp-fpga");
/**
 * Rows of hXDP that the model of its core was made from: cycles around a program (XDP_DROP), memory accesses a row (XDP_TX),
 * rows of helpers, and that arguments stay in their registers between calls (checksums).
 */
const HXDP_CALIBRATING = new Set(["XDP_DROP", "XDP_TX", "redirect", "map access, 4 B key", "10 checksum calls", "40 checksum calls"]);

const known = new Map<string, Promise<number>>();

/** Highest lossless rate of the model, Mpps; equal questions are answered once. */
function rate(key: string, program: Equivalent, device: DeviceProfile, options: MeasureOptions = {}): Promise<number> {
  let found = known.get(key);
  if (found === undefined) known.set(key, (found = measure(program, device, options).then((result) => result.device.mpps)));
  return found;
}

function row(group: string, name: string, published: number, ours: Row["ours"], calibrates = false, unit = "Mpps"): Row {
  return { group, name, published, unit, calibrates, ours };
}

/** A rate on `cores` cores of a card. */
function onCores(group: string, name: string, program: Equivalent, card: DeviceProfile, cores: number, published: number, calibrates = false): Row {
  return row(group, `${name}, ${cores} cores`, published, () => rate(`${card.name} ${name} ${cores}`, program, overrideProfile(card, { cores })), calibrates);
}

const CORES = [5, 10, 15, 20, 25, 30, 35, 40, 45, 50];

/** The series of a program over 5 to 50 cores; `calibrating`: cores at which a figure was taken from it. */
function byCores(group: string, name: string, program: Equivalent, card: DeviceProfile, values: readonly number[], calibrating: readonly number[] = []): Row[] {
  return values.map((value, i) => onCores(group, name, program, card, CORES[i], value, calibrating.includes(CORES[i])));
}

function nfpRows(): Row[] {
  const at5 = (reads: number, published: number): Row => onCores("nfp-reads", `${reads} reads`, programs.lookups(reads), lean, 5, published);
  const added = [27.64788, 24.937061, 22.676278, 20.791025, 19.190048, 17.822677, 16.637833, 15.597375, 14.681541, 13.867825, 13.137967, 12.483452];
  const sketch = [54.257, 54.283, 53.973, 50.039, 46.173, 41.393, 35.429, 30.961, 27.718, 24.943];
  return [
    // The slope over 5 to 25 cores gave the firmware's cycles, the plateau at 30 and 50 the MAC's rate.
    ...byCores("nfp-cores", "XDP_DROP", programs.DROP, stock, [9.508, 19.415, 28.873, 38.499, 47.775, 53.196, 52.116, 52.191, 52.891, 53.191], [5, 10, 15, 20, 25, 30, 50]),
    // Its instructions are not published: the equivalent's rounds were made to take as long on 5 cores.
    ...byCores("nfp-cores", "slow program", programs.slow(), stock, [3.166, 6.305, 9.457, 12.62, 15.789, 18.951, 22.109, 25.282, 28.438, 31.614], [5]),
    ...byCores("nfp-reads", "4 reads", programs.lookups(4), lean, [11.84, 23.526, 34.9, 46.423, 49.568, 49.493, 49.364, 49.425, 49.451, 49.422], [5, 50]),
    ...byCores("nfp-reads", "8 reads", programs.lookups(8), lean, [9.147, 17.958, 24.813, 24.739, 24.846, 24.807, 24.734, 24.726, 24.897, 24.905], [50]),
    ...byCores("nfp-reads", "12 reads", programs.lookups(12), lean, [7.45, 14.318, 16.633, 16.616, 16.624, 16.602, 16.597, 16.618, 16.631, 16.632], [50]),
    at5(6, 10.302274), at5(10, 8.254052), at5(14, 6.832547),
    ...added.map((value, i) => onCores("nfp-adds", `${i + 9} adds`, programs.adds(i + 9), lean, 50, value, i === 0)),
    ...sketch.map((value, i) => onCores("nfp-programs", `count-min sketch, ${i + 1} rows`, programs.countMin(i + 1), lean, 50, value)),
    // Whether the measured programs call the helper is not published: both ways to write them must agree.
    ...sketch.map((value, i) => onCores("nfp-helper", `count-min sketch by helper, ${i + 1} rows`, programs.countMinByHelper(i + 1), lean, 50, value)),
    ...[[4, 11.84], [6, 10.302274], [8, 9.147], [10, 8.254052], [12, 7.45], [14, 6.832547]].map(([reads, value]) => onCores("nfp-helper", `${reads} lookups with a read each`, programs.lookupsByHelper(reads), lean, 5, value)),
    // Measured on 5 cores and scaled by its authors: beyond the MAC's ceiling. Its rules are not published, its lengths are: the
    // kinds of rule in the equivalent were chosen for 150 eBPF instructions, 406 of the card's and 322 cycles of the slowest path.
    row("nfp-programs", "DoS filter, 5 cores x 10", 72.394, async () => 10 * await rate("dos", programs.DOS_FILTER, overrideProfile(lean, { cores: 5 })), true),
    // Its listing names no line; one of 40 Gb/s brings 33.8 million frames of 124 bytes and their check sequence. It bounds what a lookup reads.
    row("nfp-l4lb", "l4lb, one line of 124-byte frames", 33.026761, () => rate("l4lb", L4LB, overrideProfile(stock, { ports: 1 }), { length: 124, seed: seedServers }), true),
    ...[[20, 34.787], [25, 34.589], [30, 34.623]].map(([cores, value]) =>
      row("nfp-overload", `XDP_DROP, line rate, ${cores} cores`, value, async () => {
        const result = await measure(programs.DROP, overrideProfile(stock, { cores }), { packets: 200_000, rate: { kind: "line" } });
        return result.executed / spanUs(200_000, 2);
      }, true)),
  ];
}

/** Microseconds that `packets` 64-byte packets take on `ports` lines of 40 Gb/s. */
function spanUs(packets: number, ports: number): number {
  return ((packets / ports) * wireBytes(60) * 8) / 40e3;
}

/** A rate on one core of a kernel path. */
function one(profile: string, name: string, program: Equivalent, value: number, calibrates: boolean): Row {
  return row("x86-others", `${profile}: ${name}`, value, () => rate(`${profile} ${name}`, program, findProfile(profile), { queues: 1 }), calibrates);
}

function x86Rows(): Row[] {
  const cx5 = findProfile("linux-xdp-native-cx5");
  const series = (name: string, program: Equivalent, ringSize: number, values: readonly number[], calibrating: readonly number[] = []): Row[] =>
    values.map((value, i) => row("x86-xdp", `${name}, ring ${ringSize}, ${i + 1} cores`, value, () => rate(`cx5 ${name} ${ringSize} ${i + 1}`, program, overrideProfile(cx5, { ringSize }), { queues: i + 1 }), calibrating.includes(i + 1)));
  return [
    ...series("XDP_DROP no touch", programs.DROP, 512, [24.8, 50.23, 74.35, 86.2, 86.97, 87.1], [1, 4]),
    ...series("XDP_DROP no touch", programs.DROP, 1024, [24.38, 49.81, 73.23, 86.62, 86.83, 86.61]),
    ...series("XDP_DROP read", programs.READ_DROP, 512, [23.06, 46.54, 68.86, 86.17, 87.34, 87.59], [1]),
    ...series("XDP_DROP read", programs.READ_DROP, 1024, [23.1, 46.55, 64.47, 68.25, 49.91, 56.32], [3, 4, 6]),
    ...series("XDP_TX", programs.TX, 256, [16.9, 34.85, 51.88, 68.95, 70.16, 68.74], [1, 5]),
    ...series("XDP_TX", programs.TX, 512, [17.01, 33.93, 45.52, 50.98, 50.62, 52.32], [4]),
    ...series("XDP_TX", programs.TX, 1024, [16.23, 31.23, 32.34, 32.6, 37.49, 43.23], [4, 6]),
    ...series("XDP_REDIRECT", programs.REDIRECT, 128, [7.58, 14.27, 22.09, 29.51, 36.65, 43.38]),
    ...series("XDP_REDIRECT", programs.REDIRECT, 256, [8.64, 16.74, 25.74, 34.19, 41.46, 46.06], [1]),
    ...series("XDP_REDIRECT", programs.REDIRECT, 512, [8.67, 16.63, 25.23, 28.81, 31.31, 33.97]),
    ...series("XDP_REDIRECT", programs.REDIRECT, 1024, [8.65, 15.98, 19.22, 21.54, 25.46, 29.83]),
    one("linux-xdp-native-cx4", "XDP_DROP no touch", programs.DROP, 19.8, true),
    one("linux-xdp-native-cx4", "XDP_DROP read", programs.READ_DROP, 12.007, true),
    one("linux-xdp-native-cx4", "XDP_TX", programs.TX, 10.11, true),
    one("linux-xdp-generic", "XDP_DROP", programs.DROP, 8.42, true),
    one("linux-xdp-generic", "XDP_TX", programs.TX, 4.575, true),
    one("linux-xdp-native-e810", "XDP_DROP", programs.DROP, 48.6, true),
    one("linux-xdp-native-e810", "XDP_TX", programs.TX, 18.3, true),
  ];
}

/** XDP_TX behind lookups in a loop, by frame bytes (check sequence included), on 1, 2, 4 and 8 queues. */
const NFP_DRIVER: readonly (readonly [mode: "native" | "generic", lookups: number, bytes: number, values: readonly number[]])[] = [
  ["native", 0, 64, [7.349, 12.361, 12.672, 12.379]], ["native", 0, 256, [4.499, 4.499, 4.499, 4.499]], ["native", 0, 1500, [0.817, 0.817, 0.817, 0.817]],
  ["native", 1, 64, [7.048, 12.305, 12.588, 12.408]], ["native", 1, 256, [4.499, 4.499, 4.499, 4.499]], ["native", 1, 1500, [0.817, 0.817, 0.817, 0.817]],
  ["native", 100, 64, [2.504, 4.239, 9.015, 12.393]], ["native", 100, 256, [2.491, 4.215, 4.499, 4.499]], ["native", 100, 1500, [0.817, 0.817, 0.817, 0.817]],
  ["native", 200, 64, [1.558, 2.782, 5.557, 11.08]], ["native", 200, 256, [1.554, 2.778, 4.498, 4.499]], ["native", 200, 1500, [0.817, 0.817, 0.817, 0.817]],
  ["generic", 0, 64, [1.068, 1.597, 2.736, 4.969]], ["generic", 0, 256, [1.065, 1.588, 2.686, 4.469]], ["generic", 0, 1500, [0.817, 0.817, 0.817, 0.817]],
  ["generic", 1, 64, [1.086, 1.603, 2.905, 5.206]], ["generic", 1, 256, [1.064, 1.586, 2.876, 4.498]], ["generic", 1, 1500, [0.817, 0.817, 0.817, 0.817]],
  ["generic", 100, 64, [0.807, 1.262, 2.294, 4.409]], ["generic", 100, 256, [0.792, 1.246, 2.28, 4.251]], ["generic", 100, 1500, [0.751, 0.817, 0.817, 0.817]],
  ["generic", 200, 64, [0.671, 1.066, 1.949, 3.92]], ["generic", 200, 256, [0.661, 1.057, 1.945, 3.848]], ["generic", 200, 1500, [0.635, 0.817, 0.817, 0.817]],
];
const QUEUES = [1, 2, 4, 8];
/** Series that figures of the profiles were taken from: one queue, and for what more queues cost the whole of it. */
const NFP_DRIVER_CALIBRATING = new Set(["native 0 64 1", "native 0 64 4", "native 200 64 1", "native 200 64 4", "generic 0 64 1", "generic 0 64 2", "generic 0 64 4", "generic 0 64 8"]);

function nfpDriverRows(): Row[] {
  return NFP_DRIVER.flatMap(([mode, lookups, bytes, values]) => values.map((value, i) => {
    const key = `${mode} ${lookups} ${bytes} ${QUEUES[i]}`;
    // One line of 10 Gb/s was offered.
    const device = overrideProfile(findProfile(`linux-xdp-${mode}-nfp`), { ports: 1 });
    return row("x86-nfp", `${mode}, ${lookups} lookups, ${bytes} B, ${QUEUES[i]} queues`, value, () => rate(`nfp ${key}`, programs.txLookups(lookups), device, { queues: QUEUES[i], length: bytes - 4 }), NFP_DRIVER_CALIBRATING.has(key));
  }));
}

/** The programs of the hXDP paper: x86 at 1.2, 2.1 and 3.7 GHz, then hXDP. */
const HXDP_ROWS: readonly (readonly [name: string, program: Equivalent, x86: readonly [number, number, number], fpga: number])[] = [
  ["XDP_DROP", programs.DROP, [34.3, 38.4, 39.3], 52.2],
  ["XDP_TX", programs.TX, [4.9, 7.4, 12.9], 22.4],
  ["redirect", programs.REDIRECT, [3.4, 5.5, 9.7], 15.0],
  ["map access, 1 B key", programs.mapAccess(1), [9.47, 16.1, 27.8], 22.4],
  ["map access, 2 B key", programs.mapAccess(2), [9.64, 16.5, 28.5], 22.4],
  ["map access, 4 B key", programs.mapAccess(4), [9.15, 15.6, 27.1], 22.4],
  ["map access, 8 B key", programs.mapAccess(8), [8.42, 14.6, 24.9], 22.4],
  ["map access, 16 B key", programs.mapAccess(16), [6.08, 10.3, 18.1], 22.4],
  ["1 checksum call", programs.checksums(1), [7.71, 11.8, 20.45], 22.4],
  ["10 checksum calls", programs.checksums(10), [2.11, 3.38, 5.93], 9.82],
  ["20 checksum calls", programs.checksums(20), [1.09, 1.79, 3.19], 6.06],
  ["30 checksum calls", programs.checksums(30), [0.77, 1.28, 2.24], 4.34],
  ["40 checksum calls", programs.checksums(40), [0.58, 0.96, 1.73], 3.38],
  ["simple firewall", programs.FIREWALL, [2.6, 4.2, 7.39], 6.53],
  ["xdp1", programs.XDP1, [10.7, 15.95, 27.9], 11.3],
  ["xdp2 (tx)", programs.XDP2, [4.53, 7.04, 12.3], 6.92],
  ["rxq_info (drop)", programs.rxqInfo(1), [11.7, 19.5, 34.0], 11.2],
  ["rxq_info (tx)", programs.rxqInfo(3), [4.53, 7.04, 12.3], 9.95],
];
/** Programs that figures of the profiles were taken from. */
const CALIBRATING = new Set(["XDP_DROP", "XDP_TX", "redirect", "map access, 1 B key", "map access, 2 B key", "map access, 4 B key", "map access, 8 B key", "map access, 16 B key", "1 checksum call", "40 checksum calls", "xdp1"]);
/** Rows at other clocks that the share which scales with the clock, and the driver's time, were taken from. */
const CLOCK_CALIBRATING = new Set(["XDP_DROP 0", "XDP_TX 0", "XDP_TX 1", "xdp1 0", "xdp1 1"]);

function hxdpRows(): Row[] {
  const xl710 = findProfile("linux-xdp-native-xl710");
  const clocks = [1.2e9, 2.1e9, 3.7e9];
  return HXDP_ROWS.flatMap(([name, program, x86, fpga]) => [
    ...x86.map((value, i) => row("x86-hxdp", `${name}, ${clocks[i] / 1e9} GHz`, value, () => rate(`xl710 ${name} ${clocks[i]}`, program, overrideProfile(xl710, { clockHz: clocks[i] }), { queues: 1 }), (i === 2 && CALIBRATING.has(name)) || CLOCK_CALIBRATING.has(`${name} ${i}`))),
    row("hxdp", name, fpga, () => rate(`hxdp ${name}`, program, hxdp), HXDP_CALIBRATING.has(name)),
  ]);
}

function gbps(name: string, published: number, ours: () => number, calibrates = false): Row {
  return row("pcie-model", name, published, ours, calibrates, "Gb/s");
}

function measured(name: string, published: number, ours: () => number, unit: string, calibrates = false): Row {
  return row("pcie-measured", name, published, ours, calibrates, unit);
}

function pcieRows(): Row[] {
  const x8 = { generation: 3, lanes: 8 };
  const both = (name: string, overhead: number, small: number, large: number): Row[] => [
    gbps(`Gen3x8 both ways, ${name}, 64 B`, small, () => pcieBothWaysGbps(x8, 64, overhead), true),
    gbps(`Gen3x8 both ways, ${name}, 1500 B`, large, () => pcieBothWaysGbps(x8, 1500, overhead)),
  ];
  const reads: readonly (readonly [number, number])[] = [[8, 586], [64, 600], [128, 626], [256, 666], [512, 746], [1024, 906], [1520, 1040], [2048, 1173]];
  const writeReads: readonly (readonly [number, number])[] = [[8, 786], [64, 800], [256, 906], [512, 1040], [1024, 1306], [1520, 1600]];
  const bandwidth: readonly (readonly [number, number])[] = [[16, 7.64], [32, 15.06], [64, 28.65], [128, 42.96], [256, 46.89], [512, 55.11], [1024, 49.1], [2048, 55.25]];
  return [
    gbps("Gen3x8 raw", 63.02, () => pcieRawGbps(x8)), gbps("Gen3x16 raw", 126.03, () => pcieRawGbps({ generation: 3, lanes: 16 })),
    gbps("Gen3x8 transactions", 57.88, () => pcieTlpGbps(x8), true), gbps("Gen3x16 transactions", 113.7, () => pcieTlpGbps({ generation: 3, lanes: 16 }), true),
    gbps("Gen4x8 transactions", 115.77, () => pcieTlpGbps({ generation: 4, lanes: 8 })), gbps("Gen4x16 transactions", 227.4, () => pcieTlpGbps({ generation: 4, lanes: 16 })),
    gbps("Gen5x16 transactions", 454.8, () => pcieTlpGbps({ generation: 5, lanes: 16 })),
    ...([[64, 42.1, 44.1], [128, 48.75, 50.06], [256, 52.92, 53.69]] as const).flatMap(([size, write, read]) => [
      gbps(`Gen3x8 writes of ${size} B`, write, () => pcieWriteGbps(x8, size)), gbps(`Gen3x8 reads of ${size} B`, read, () => pcieReadGbps(x8, size)),
    ]),
    ...both("simple NIC", 168, 13.23, 46.09), ...both("kernel driver", 88.8, 18.44, 48.11), ...both("DPDK driver", 60.2, 21.51, 48.88),
    ...reads.map(([size, ns]) => measured(`DMA read of ${size} B`, ns, () => dmaReadNs(size), "ns", size === 64 || size === 1520)),
    ...writeReads.map(([size, ns]) => measured(`DMA write and read of ${size} B`, ns, () => dmaWriteReadNs(size), "ns", size === 8 || size === 1520)),
    ...bandwidth.map(([size, value]) => measured(`DMA reads of ${size} B`, value, () => dmaReadGbps(x8, size), "Gb/s", size === 64)),
  ];
}

function lineRows(): Row[] {
  const rates: readonly (readonly [number, readonly number[]])[] = [
    [10, [14.881, 8.446, 4.529, 2.35, 1.197, 0.962, 0.813]], [40, [59.524, 33.784, 18.116, 9.398, 4.789, 3.846, 3.251]], [100, [148.81, 84.459, 45.29, 23.496, 11.973, 9.615, 8.127]],
  ];
  const sizes = [64, 128, 256, 512, 1024, 1280, 1518];
  return rates.flatMap(([gbps, values]) => values.map((value, i) => row("line", `${gbps}GbE, ${sizes[i]} B`, value, () => (gbps * 1e3) / (wireBytes(sizes[i] - 4) * 8))));
}

/** Rows that hXDP's compiler makes of a whole program (fig. 8). The other programs' equivalents are shorter than the programs. */
function laneRows(): Row[] {
  return [51, 33, 28, 27].map((value, i) => row("hxdp-rows", `simple firewall, ${i + 1} lanes`, value, () => {
    const object = objectOf(programs.FIREWALL);
    return vliwRows(object.programs[0], i + 1, object.maps).reduce((a, b) => a + b, 0);
  }, false, "rows"));
}

/** All rows, group by group. */
export function validationRows(): readonly Row[] {
  return [...nfpRows(), ...x86Rows(), ...nfpDriverRows(), ...hxdpRows(), ...laneRows(), ...pcieRows(), ...lineRows()].toSorted((a, b) => groupIndex(a) - groupIndex(b));
}

function groupIndex({ group }: Row): number {
  return GROUPS.findIndex(({ id }) => id === group);
}
