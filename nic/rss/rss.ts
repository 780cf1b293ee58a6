/**
 * Receive side scaling: hash and queue of every packet of a Trace, as columns. Knows frames, not programs.
 */
import type { Trace } from "../../traffic/index.js";
import { BLOCK_INDIRECTION } from "./block.js";
import { FIELD_D, FIELD_F, FIELD_N, FIELD_S, FIELDS_L3, fieldTable, FLOW_TYPES } from "./fields.js";
import type { FlowType, HashFields } from "./fields.js";
import { indirectionTable } from "./indirection.js";
import type { IndirectionSpec } from "./indirection.js";
import { parseKey } from "./key.js";
import { makeLoop } from "./loop.js";
import type { RssLoop } from "./loop.js";
import { toeplitzTable } from "./toeplitz.js";

/** RSS settings, as data. */
export interface RssSpec {
  /** `symmetric`, `microsoft`, or hex as {@link parseKey} reads it. Default `microsoft`. */
  readonly key?: string;
  /** Length of key that the device takes, bytes; usually 40 or 52. Default 40. */
  readonly keyBytes?: number;
  /** Entries of the indirection table, a power of 2. Default 128. */
  readonly tableSize?: number;
  readonly indirection?: IndirectionSpec;
  /** Hash fields that differ from the default, by flow type. */
  readonly fields?: HashFields;
}

const TCP4 = FLOW_TYPES.indexOf("tcp4");
const IPV4 = FLOW_TYPES.indexOf("ipv4");
const TCP6 = FLOW_TYPES.indexOf("tcp6");
const IPV6 = FLOW_TYPES.indexOf("ipv6");

const ETH_HLEN = 14;
const MAX_VLAN_TAGS = 2;
/** Parsers in NICs give up after a few extension headers; the packet is then hashed on its addresses alone. */
const MAX_EXTENSION_HEADERS = 8;

/** From the IP protocol number to its flow type behind tcp4 or tcp6; those of IPv6 stand in the same order. Others: plain IP. */
const BY_PROTOCOL = new Uint8Array(256).fill(IPV4 - TCP4);
for (const [protocol, type] of [[6, "tcp4"], [17, "udp4"], [132, "sctp4"], [51, "ah4"], [50, "esp4"]] as const) {
  BY_PROTOCOL[protocol] = FLOW_TYPES.indexOf(type) - TCP4;
}

/** Extension headers that are walked over: hop-by-hop, routing, destination options, mobility, HIP, Shim6. */
const EXTENSION = new Uint8Array(256);
for (const header of [0, 43, 60, 135, 139, 140]) EXTENSION[header] = 1;
const FRAGMENT = 44;

/**
 * An RSS engine with its key, fields and indirection table. Non-IP frames get hash 0 and queue 0; fragments, and packets
 * whose layer 4 header is not there, are hashed on their addresses; up to two VLAN tags and IPv6 extension headers are
 * skipped; of tunnels the outer header counts.
 */
export class Rss {
  readonly key: Uint8Array;
  /** Queue by hash & (size - 1). */
  readonly indirection: Uint16Array;
  private readonly table: Uint32Array;
  private readonly fields: Uint8Array;
  /** Index of the flow type as which the last frame was hashed. */
  private kind = 0;
  private loop: RssLoop | undefined;

  /** `queues` is the number of receive queues of the NIC. Throws RssError. */
  constructor(spec: RssSpec, queues: number) {
    this.key = parseKey(spec.key ?? "microsoft", spec.keyBytes ?? 40);
    this.indirection = indirectionTable(spec.tableSize ?? 128, queues, spec.indirection);
    this.table = toeplitzTable(this.key);
    this.fields = fieldTable(spec.fields);
  }

  /** Bytes of the tables that {@link attach} writes. */
  get tableBytes(): number {
    return BLOCK_INDIRECTION + this.indirection.byteLength;
  }

  /**
   * Puts the tables at `address` of `memory`, a multiple of 8: traces whose columns are there are then classified in wasm,
   * whole windows at a time. Throws WasmMissingError.
   */
  attach(memory: WebAssembly.Memory, address: number): void {
    const { table, fields, indirection } = this;
    this.loop = makeLoop(memory, address, { toeplitz: table, flow: BY_PROTOCOL, extension: EXTENSION, fields, indirection });
  }

  /** Hash fields of a flow type: FIELD_* bits. */
  fieldsOf(type: FlowType): number {
    return this.fields[FLOW_TYPES.indexOf(type)];
  }

  /** Writes hash and queue of packets `0..trace.count-1`; the columns are at least that long. */
  classify(trace: Trace, hash: Uint32Array, queue: Uint16Array): void {
    if (this.loop?.classify(trace, hash, queue) === true) return;
    const { frames, offset, length, count } = trace;
    const { indirection } = this;
    const mask = indirection.length - 1;
    for (let i = 0; i < count; i++) {
      const start = offset[i];
      const value = this.hashFrame(frames, start, start + length[i]);
      if (value < 0) {
        hash[i] = 0;
        queue[i] = 0;
      } else {
        hash[i] = value;
        queue[i] = indirection[value & mask];
      }
    }
  }

  /** The flow type as which the frame in `bytes[start, end)` is hashed; undefined where RSS does not apply to it. */
  flowTypeOf(bytes: Uint8Array, start: number, end: number): FlowType | undefined {
    return this.hashFrame(bytes, start, end) < 0 ? undefined : FLOW_TYPES[this.kind];
  }

  /** Hash of the frame in `bytes[start, end)`, or -1 where RSS does not apply to it. */
  hashFrame(bytes: Uint8Array, start: number, end: number): number {
    let at = start + ETH_HLEN;
    if (at > end) return -1;
    let type = (bytes[at - 2] << 8) | bytes[at - 1];
    for (let tags = 0; tags < MAX_VLAN_TAGS && (type === 0x8100 || type === 0x88a8 || type === 0x9100); tags++) {
      at += 4;
      if (at > end) return -1;
      type = (bytes[at - 2] << 8) | bytes[at - 1];
    }
    if (type === 0x0800) return this.hashIpv4(bytes, at, end);
    if (type === 0x86dd) return this.hashIpv6(bytes, at, end);
    return -1;
  }

  private hashIpv4(bytes: Uint8Array, ip: number, end: number): number {
    if (ip + 20 > end) return -1;
    const first = bytes[ip];
    const header = (first & 15) * 4;
    if (first >> 4 !== 4 || header < 20) return -1;
    let kind = IPV4;
    const l4 = ip + header;
    const fragment = ((bytes[ip + 6] & 0x3f) << 8) | bytes[ip + 7];
    if (fragment === 0) {
      // A total length of 0 is what captures of segmented sends have: the frame's end counts then.
      const total = (bytes[ip + 2] << 8) | bytes[ip + 3];
      if (l4 + 4 <= end && (total === 0 || total >= header + 4)) kind = TCP4 + BY_PROTOCOL[bytes[ip + 9]];
    }
    const fields = this.fields[kind];
    if (fields === 0) return -1;
    this.kind = kind;
    const { table } = this;
    let hash = 0;
    let base = 0;
    if ((fields & FIELDS_L3) === FIELDS_L3) {
      hash =
        table[bytes[ip + 12]] ^ table[256 + bytes[ip + 13]] ^ table[512 + bytes[ip + 14]] ^ table[768 + bytes[ip + 15]] ^
        table[1024 + bytes[ip + 16]] ^ table[1280 + bytes[ip + 17]] ^ table[1536 + bytes[ip + 18]] ^ table[1792 + bytes[ip + 19]];
      base = 2048;
    } else if ((fields & FIELD_S) !== 0) {
      hash = word(table, 0, bytes, ip + 12);
      base = 1024;
    } else if ((fields & FIELD_D) !== 0) {
      hash = word(table, 0, bytes, ip + 16);
      base = 1024;
    }
    if (kind !== IPV4) hash ^= this.ports(fields, base, bytes, l4);
    return hash >>> 0;
  }

  private hashIpv6(bytes: Uint8Array, ip: number, end: number): number {
    const header = ip + 40;
    if (header > end || bytes[ip] >> 4 !== 6) return -1;
    let next = bytes[ip + 6];
    let l4 = header;
    let kind = IPV6;
    for (let headers = 0; EXTENSION[next] === 1 && headers < MAX_EXTENSION_HEADERS && l4 + 8 <= end; headers++) {
      next = bytes[l4];
      l4 += (bytes[l4 + 1] + 1) * 8;
    }
    if (next !== FRAGMENT) {
      const payload = (bytes[ip + 4] << 8) | bytes[ip + 5];
      if (l4 + 4 <= end && (payload === 0 || header + payload >= l4 + 4)) kind = TCP6 + BY_PROTOCOL[next];
    }
    const fields = this.fields[kind];
    if (fields === 0) return -1;
    this.kind = kind;
    const { table } = this;
    let hash = 0;
    let base = 0;
    if ((fields & FIELD_S) !== 0) {
      for (let i = 0; i < 16; i += 4) hash ^= word(table, i * 256, bytes, ip + 8 + i);
      base = 4096;
    }
    if ((fields & FIELD_D) !== 0) {
      for (let i = 0; i < 16; i += 4) hash ^= word(table, base + i * 256, bytes, ip + 24 + i);
      base += 4096;
    }
    if (kind !== IPV6) hash ^= this.ports(fields, base, bytes, l4);
    return hash >>> 0;
  }

  /** The share of the first four bytes of layer 4, as far as they are hashed. */
  private ports(fields: number, base: number, bytes: Uint8Array, l4: number): number {
    const { table } = this;
    let hash = 0;
    let at = base;
    if ((fields & FIELD_F) !== 0) {
      hash = table[at + bytes[l4]] ^ table[at + 256 + bytes[l4 + 1]];
      at += 512;
    }
    if ((fields & FIELD_N) !== 0) hash ^= table[at + bytes[l4 + 2]] ^ table[at + 256 + bytes[l4 + 3]];
    return hash;
  }
}

function word(table: Uint32Array, base: number, bytes: Uint8Array, at: number): number {
  return table[base + bytes[at]] ^ table[base + 256 + bytes[at + 1]] ^ table[base + 512 + bytes[at + 2]] ^ table[base + 768 + bytes[at + 3]];
}
