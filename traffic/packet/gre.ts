/** GRE version 0 (RFC 2784) with key and sequence number (RFC 2890). */
import { get16, get32, get8, put16, put32 } from "./bytes.js";
import { fillChecksum, forgeChecksum, sumsUp } from "./checksum.js";
import type { ChecksumOverride, ChecksumState } from "./checksum.js";
import { ETH_P_802_EX1, IPPROTO_GRE } from "./numbers.js";
import { View, etherTypeOf, fieldValue } from "./view.js";
import type { Layer, Site } from "./view.js";

// Fields, by first byte; those after the fixed part move with the flags
const FLAGS = 0;
const VERSION = 1;
const TYPE = 2;
const OPTIONAL = 4;

const HAS_CHECKSUM = 0x80;
const HAS_KEY = 0x20;
const HAS_SEQUENCE = 0x10;

/** A GRE header in place. */
export class GreView extends View {
  get protocol(): "gre" {
    return "gre";
  }
  /** 4 to 16, by the flags. */
  get headerLength(): number {
    return OPTIONAL + (this.hasChecksum ? 4 : 0) + (this.hasKey ? 4 : 0) + (this.hasSequence ? 4 : 0);
  }
  /** The first byte: checksum, routing, key and sequence bits. */
  get flags(): number {
    return get8(this.bytes, this.offset + FLAGS);
  }
  set flags(flags: number) {
    this.bytes[this.offset + FLAGS] = flags;
  }
  /** 0; 1 is PPTP's (RFC 2637), whose fields are others. */
  get version(): number {
    return get8(this.bytes, this.offset + VERSION) & 7;
  }
  set version(version: number) {
    this.bytes[this.offset + VERSION] = version & 7;
  }
  /** EtherType of what follows. */
  get type(): number {
    return get16(this.bytes, this.offset + TYPE);
  }
  set type(type: number) {
    put16(this.bytes, this.offset + TYPE, type);
  }
  get hasChecksum(): boolean {
    return (this.flags & HAS_CHECKSUM) !== 0;
  }
  get hasKey(): boolean {
    return (this.flags & HAS_KEY) !== 0;
  }
  get hasSequence(): boolean {
    return (this.flags & HAS_SEQUENCE) !== 0;
  }
  /** 0 without {@link hasChecksum}. */
  get checksum(): number {
    return this.hasChecksum ? get16(this.bytes, this.offset + OPTIONAL) : 0;
  }
  /** 0 without {@link hasKey}. Setting it without does nothing. */
  get key(): number {
    return this.hasKey ? get32(this.bytes, this.#keyAt) : 0;
  }
  set key(key: number) {
    if (this.hasKey) put32(this.bytes, this.#keyAt, key);
  }
  /** 0 without {@link hasSequence}. Setting it without does nothing. */
  get sequence(): number {
    return this.hasSequence ? get32(this.bytes, this.#sequenceAt) : 0;
  }
  set sequence(sequence: number) {
    if (this.hasSequence) put32(this.bytes, this.#sequenceAt, sequence);
  }
  /** State of the checksum over header and content up to {@link end}. */
  get checksumState(): ChecksumState {
    if (!this.hasChecksum) return "absent";
    return sumsUp(this.bytes, this.offset, this.end) ? "good" : "bad";
  }
  /** Writes the right checksum over header and content up to {@link end}, if the header has one. */
  fillChecksum(): void {
    if (this.hasChecksum) fillChecksum(this.bytes, this.offset + OPTIONAL, this.offset, this.end);
  }

  get #keyAt(): number {
    return this.offset + OPTIONAL + (this.hasChecksum ? 4 : 0);
  }
  get #sequenceAt(): number {
    return this.#keyAt + (this.hasKey ? 4 : 0);
  }
}

/** What the builder takes for a GRE header; each optional field is there when it is given. */
export interface GreSpec {
  readonly key?: number;
  readonly sequence?: number;
  /** `true` for the right checksum, or a forged one. */
  readonly checksum?: true | ChecksumOverride;
  /** Default: what the next layer is. */
  readonly type?: number;
  /** Forged version. */
  readonly version?: number;
}

/** A GRE header to be built. */
export function greLayer(spec: GreSpec): Layer {
  const flags =
    (spec.checksum === undefined ? 0 : HAS_CHECKSUM) |
    (spec.key === undefined ? 0 : HAS_KEY) |
    (spec.sequence === undefined ? 0 : HAS_SEQUENCE);
  const optional = [spec.checksum, spec.key, spec.sequence].filter((field) => field !== undefined);
  return {
    name: "gre",
    headerLength: OPTIONAL + 4 * optional.length,
    ipProtocol: IPPROTO_GRE,
    write({ bytes, at, end, inner }: Site) {
      const view = new GreView(bytes, at, end);
      view.flags = flags;
      view.version = fieldValue("gre", "version", spec.version ?? 0, 3);
      view.type = etherTypeOf("gre", spec.type, inner, ETH_P_802_EX1);
      view.key = fieldValue("gre", "key", spec.key ?? 0, 32);
      view.sequence = fieldValue("gre", "sequence", spec.sequence ?? 0, 32);
    },
    seal({ bytes, at, end }: Site) {
      new GreView(bytes, at, end).fillChecksum();
      if (spec.checksum !== true) forgeChecksum(bytes, at + OPTIONAL, spec.checksum);
    },
  };
}
