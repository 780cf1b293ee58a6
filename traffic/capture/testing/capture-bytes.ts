/** Builds captures byte by byte, with everything that a writer may do and some that it should not. */

export interface ClassicSpec {
  readonly littleEndian?: boolean;
  readonly magic?: number;
  readonly minor?: number;
  readonly snaplen?: number;
  /** The whole link-type field, FCS bits included. */
  readonly linkType?: number;
  readonly recordHeader?: number;
  readonly packets?: readonly PacketSpec[];
}

export interface PacketSpec {
  readonly seconds?: number;
  readonly fraction?: number;
  readonly data: Uint8Array;
  readonly captured?: number;
  readonly original?: number;
}

export const MICRO = 0xa1b2c3d4;
export const NANO = 0xa1b23c4d;
export const KUZNETZOV = 0xa1b2cd34;

export function classic(spec: ClassicSpec = {}): Buffer {
  const little = spec.littleEndian ?? true;
  const u32 = (...values: number[]): Buffer => words(little, values);
  const version = Buffer.alloc(4);
  if (little) version.writeUInt32LE(2 | ((spec.minor ?? 4) << 16));
  else version.writeUInt32BE((2 << 16) | (spec.minor ?? 4));
  const parts = [u32(spec.magic ?? MICRO), version, u32(0, 0, spec.snaplen ?? 262144, spec.linkType ?? 1)];
  for (const packet of spec.packets ?? []) {
    const { data } = packet;
    const captured = packet.captured ?? data.length;
    parts.push(u32(packet.seconds ?? 1, packet.fraction ?? 0, captured, packet.original ?? captured));
    parts.push(Buffer.alloc((spec.recordHeader ?? 16) - 16, 0xee), Buffer.from(data));
  }
  return Buffer.concat(parts);
}

export function words(little: boolean, values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => {
    if (little) bytes.writeUInt32LE(value >>> 0, i * 4);
    else bytes.writeUInt32BE(value >>> 0, i * 4);
  });
  return bytes;
}

/** Blocks of a pcapng in one byte order. */
export class Blocks {
  readonly little: boolean;
  readonly #parts: Buffer[] = [];

  constructor(little = true) {
    this.little = little;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  raw(bytes: Uint8Array): this {
    this.#parts.push(Buffer.from(bytes));
    return this;
  }

  block(type: number, body: Uint8Array): this {
    const padded = pad(body);
    const length = padded.length + 12;
    return this.raw(Buffer.concat([words(this.little, [type, length]), padded, words(this.little, [length])]));
  }

  section(major = 1, ...options: Buffer[]): this {
    const { little } = this;
    const version = Buffer.alloc(4);
    if (little) version.writeUInt16LE(major);
    else version.writeUInt16BE(major);
    const body = [words(little, [0x1a2b3c4d]), version, words(little, [-1, -1]), ...options];
    return this.block(0x0a0d0d0a, Buffer.concat(body));
  }

  iface(linkType = 1, snaplen = 0, ...options: Buffer[]): this {
    const { little } = this;
    const head = Buffer.alloc(4);
    if (little) head.writeUInt16LE(linkType);
    else head.writeUInt16BE(linkType);
    return this.block(1, Buffer.concat([head, words(little, [snaplen]), ...options]));
  }

  enhanced(data: Uint8Array, at: { iface?: number; ticks?: bigint; original?: number } = {}, ...options: Buffer[]): this {
    const ticks = at.ticks ?? 0n;
    const head = [at.iface ?? 0, Number(ticks >> 32n), Number(ticks & 0xffff_ffffn), data.length, at.original ?? data.length];
    return this.block(6, Buffer.concat([words(this.little, head), pad(data), ...options]));
  }

  simple(data: Uint8Array, original = data.length): this {
    return this.block(3, Buffer.concat([words(this.little, [original]), pad(data)]));
  }

  /** The obsolete packet block: a 16-bit interface and a count of drops. */
  packet(data: Uint8Array, iface = 0, ticks = 0n): this {
    const { little } = this;
    const head = Buffer.alloc(4, 0xdd);
    if (little) head.writeUInt16LE(iface);
    else head.writeUInt16BE(iface);
    const rest = words(little, [Number(ticks >> 32n), Number(ticks & 0xffff_ffffn), data.length, data.length]);
    return this.block(2, Buffer.concat([head, rest, pad(data)]));
  }

  option(code: number, value: Uint8Array): Buffer {
    const head = Buffer.alloc(4);
    if (this.little) {
      head.writeUInt16LE(code);
      head.writeUInt16LE(value.length, 2);
    } else {
      head.writeUInt16BE(code);
      head.writeUInt16BE(value.length, 2);
    }
    return Buffer.concat([head, pad(value)]);
  }
}

function pad(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
