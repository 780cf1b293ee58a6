/**
 * Frames stamped from a template: the same packet with other addresses and ports, its checksums updated instead of
 * summed again. That is what makes floods of millions of packets quick to generate.
 */
import { packet } from "../packet/builder.js";
import { get16, put16, put32 } from "../packet/bytes.js";
import { updateChecksum } from "../packet/checksum.js";

/** Addresses and ports of a flow. */
export interface FlowTuple {
  /** Four or sixteen bytes. */
  readonly src: Uint8Array;
  readonly dst: Uint8Array;
  readonly srcPort: number;
  readonly dstPort: number;
  /** TCP sequence number; default 0. */
  readonly sequence?: number;
}

/** Hardware addresses of generated frames. */
export interface LinkAddresses {
  /** Default 02:00:00:00:00:01. */
  readonly srcMac?: string;
  /** Default 02:00:00:00:00:02. */
  readonly dstMac?: string;
}

/** What the parts of a template that do not change look like. */
export interface TemplateOptions extends LinkAddresses {
  readonly family: 4 | 16;
  readonly protocol: "udp" | "tcp";
  readonly payload: Uint8Array;
  /** `TCP_*` bits. */
  readonly tcpFlags?: number;
}

const ETH = 14;

/** A frame to stamp copies from. */
export class FlowTemplate {
  readonly #frame: Uint8Array;
  readonly #family: 4 | 16;
  readonly #addresses: number;
  readonly #ports: number;
  readonly #checksum: number;
  readonly #isUdp: boolean;

  constructor(options: TemplateOptions) {
    const none = new Uint8Array(options.family);
    const start = packet().eth({ src: options.srcMac, dst: options.dstMac }).ip({ src: none, dst: none });
    const transport = options.protocol === "udp" ? start.udp({ srcPort: 0, dstPort: 0 }) : start.tcp({ srcPort: 0, dstPort: 0, flags: options.tcpFlags });
    this.#frame = transport.payload(options.payload).build({ minLength: 60 });
    this.#family = options.family;
    this.#addresses = ETH + (options.family === 4 ? 12 : 8);
    this.#ports = ETH + (options.family === 4 ? 20 : 40);
    this.#isUdp = options.protocol === "udp";
    this.#checksum = this.#ports + (this.#isUdp ? 6 : 16);
  }

  /** A copy of the frame for the flow. */
  stamp({ src, dst, srcPort, dstPort, sequence = 0 }: FlowTuple): Uint8Array {
    const frame = this.#frame.slice();
    const size = this.#family;
    frame.set(src, this.#addresses);
    frame.set(dst, this.#addresses + size);
    put16(frame, this.#ports, srcPort);
    put16(frame, this.#ports + 2, dstPort);
    if (!this.#isUdp) put32(frame, this.#ports + 4, sequence);
    // The template's addresses, ports and sequence number are zero, so what the checksums gain is the sum of the new words.
    let addresses = 0;
    for (let at = this.#addresses; at < this.#addresses + 2 * size; at += 2) addresses += get16(frame, at);
    const folded = fold(addresses);
    if (size === 4) put16(frame, ETH + 10, updateChecksum(get16(frame, ETH + 10), 0, folded));
    const words = this.#isUdp ? 0 : (sequence >>> 16) + (sequence & 0xffff);
    const transport = updateChecksum(get16(frame, this.#checksum), 0, fold(folded + srcPort + dstPort + words));
    put16(frame, this.#checksum, transport === 0 && this.#isUdp ? 0xffff : transport);
    return frame;
  }
}

function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return folded;
}
