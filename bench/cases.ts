/** The benchmark set: programs, one packet each, and what their maps hold. */
import { packet } from "../traffic/index.js";

/** Entries of one map, keys and values behind each other. */
export interface MapContents {
  readonly name: string;
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
  readonly count: number;
}

export interface BenchCase {
  readonly title: string;
  /** programs/FILE.bpf.o and .bpf.c. */
  readonly file: string;
  readonly entry: string;
  readonly frame: Uint8Array;
  /** In the order of the program's MAPS. */
  readonly maps: readonly MapContents[];
  /** Whether FILE.x16.bpf.o runs the body 16 times a packet: bodies that cost less than telling packets apart. */
  readonly small: boolean;
  /** Whether the program writes to packets. */
  readonly writes: boolean;
  readonly ringbuf: boolean;
  /** The verdict of the packet, by which all builds of a program are held to the same work. */
  readonly verdict: number;
}

const SOURCE = 0x0a010203;
const MILLION = 1_000_000;
const XDP_DROP = 1;
const XDP_PASS = 2;
const XDP_TX = 3;

function frameTo(port: number): Uint8Array {
  return packet().eth().ip({ src: "10.1.2.3", dst: "192.0.2.1" }).udp({ srcPort: 4321, dstPort: port }).payload(18).build();
}

interface Entries {
  readonly keySize: number;
  readonly valueSize: number;
  readonly count: number;
  fill(key: DataView, value: DataView, i: number): void;
}

function contents(name: string, { keySize, valueSize, count, fill }: Entries): MapContents {
  const keys = new Uint8Array(keySize * count);
  const values = new Uint8Array(valueSize * count);
  for (let i = 0; i < count; i++) fill(new DataView(keys.buffer, i * keySize, keySize), new DataView(values.buffer, i * valueSize, valueSize), i);
  return { name, keys, values, count };
}

/** Addresses that differ and look like any, the packet's first. */
function address(i: number): number {
  return i === 0 ? SOURCE : (Math.imul(i, 0x9e3779b1) ^ 0x0a010203) >>> 0;
}

const addresses = (count: number): MapContents => contents("blocklist", { keySize: 4, valueSize: 8, count, fill: (key, _, i) => key.setUint32(0, address(i)) });

/** Prefixes of 12 to 28 bits, the shorter ones first; few have 12, most have 24 and more. The packet's source is in one of 24. */
function prefixes(count: number): MapContents {
  const made: { bits: number; address: number }[] = [{ bits: 24, address: (SOURCE & 0xffffff00) >>> 0 }];
  const seen = new Set([`24/${made[0].address}`]);
  for (let i = 1; made.length < count; i++) {
    const bits = i % 64 === 0 ? 16 + (i % 8) : 24 + (i % 5);
    const one = { bits, address: (address(i) & ~(2 ** (32 - bits) - 1)) >>> 0 };
    const name = `${bits}/${one.address}`;
    if (seen.has(name)) continue;
    seen.add(name);
    made.push(one);
  }
  const sorted = made.toSorted((a, b) => a.bits - b.bits);
  return contents("blocklist", {
    keySize: 8,
    valueSize: 4,
    count,
    fill: (key, value, i) => {
      key.setUint32(0, sorted[i].bits, true);
      key.setUint32(4, sorted[i].address);
      value.setUint32(0, 1, true);
    },
  });
}

const RING = 4096;
const BACKENDS = 64;
const loadBalancer: readonly MapContents[] = [
  contents("vips", {
    keySize: 8,
    valueSize: 8,
    count: 1,
    fill: (key) => {
      key.setUint32(0, 0xc0000201);
      key.setUint16(4, 53);
      key.setUint8(6, 17);
    },
  }),
  contents("ring", {
    keySize: 4,
    valueSize: 4,
    count: RING,
    fill: (key, value, i) => {
      key.setUint32(0, i, true);
      value.setUint32(0, (i * 7) % BACKENDS, true);
    },
  }),
  contents("backends", {
    keySize: 4,
    valueSize: 8,
    count: BACKENDS,
    fill: (key, value, i) => {
      key.setUint32(0, i, true);
      value.setUint32(0, 0x0a640000 + i);
    },
  }),
];

function one(title: string, file: string, verdict: number, more: Partial<BenchCase> = {}): BenchCase {
  return { title, file, entry: `xdp_${file}`, frame: frameTo(53), maps: [], small: false, writes: false, ringbuf: false, verdict, ...more };
}

/** The set. Made anew each time: large maps are not kept. */
export function benchCases(): BenchCase[] {
  return [
    one("drop", "drop", XDP_DROP, { small: true }),
    one("parse + port filter", "port_filter", XDP_DROP, { small: true }),
    one("per-protocol counter", "protocol_counter", XDP_DROP, { small: true }),
    one("blocklist, hash, 1 entry", "blocklist_hash", XDP_DROP, { maps: [addresses(1)] }),
    one("blocklist, hash, 1,000,000", "blocklist_hash", XDP_DROP, { maps: [addresses(MILLION)] }),
    one("blocklist, LPM, 1 prefix", "blocklist_lpm", XDP_DROP, { maps: [prefixes(1)] }),
    one("blocklist, LPM, 1,000,000", "blocklist_lpm", XDP_DROP, { maps: [prefixes(MILLION)] }),
    one("LRU connection table", "connections", XDP_PASS),
    one("encapsulation + checksum", "encapsulate", XDP_TX, { maps: loadBalancer, writes: true }),
    one("jhash, 50 rounds", "jhash_loop", XDP_PASS),
    one("8 tail calls", "tail_calls", XDP_DROP),
    one("rate limit", "rate_limit", XDP_DROP),
    one("ring buffer events", "events", XDP_PASS, { ringbuf: true }),
  ];
}
