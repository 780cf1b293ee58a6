/** UDP (RFC 768). */
import { get16, put16 } from "./bytes.js";
import { fillChecksum, forgeChecksum, pseudoHeaderSum, sumsUp } from "./checksum.js";
import type { ChecksumOverride, ChecksumState, PseudoHeader } from "./checksum.js";
import { IPPROTO_UDP } from "./numbers.js";
import { View, fieldValue } from "./view.js";
import type { Layer, Site } from "./view.js";

// Fields, by first byte
const SRC_PORT = 0;
const DST_PORT = 2;
const LENGTH = 4;
const CHECKSUM = 6;
const END = 8;

/** A UDP header in place. */
export class UdpView extends View {
  get protocol(): "udp" {
    return "udp";
  }
  get headerLength(): number {
    return END;
  }
  get srcPort(): number {
    return get16(this.bytes, this.offset + SRC_PORT);
  }
  set srcPort(port: number) {
    put16(this.bytes, this.offset + SRC_PORT, port);
  }
  get dstPort(): number {
    return get16(this.bytes, this.offset + DST_PORT);
  }
  set dstPort(port: number) {
    put16(this.bytes, this.offset + DST_PORT, port);
  }
  /** Bytes of header and content, as it stands in the packet. */
  get length(): number {
    return get16(this.bytes, this.offset + LENGTH);
  }
  set length(length: number) {
    put16(this.bytes, this.offset + LENGTH, length);
  }
  /** 0 means that the sender computed none. */
  get checksum(): number {
    return get16(this.bytes, this.offset + CHECKSUM);
  }
  set checksum(checksum: number) {
    put16(this.bytes, this.offset + CHECKSUM, checksum);
  }
  /** End of the datagram by {@link length}, held to what the frame has; a length below 8 is not believed. */
  get contentEnd(): number {
    const length = this.length;
    return length < END ? this.end : Math.min(this.end, this.offset + length);
  }
  /** State of the checksum over this datagram, which ends at {@link end}; over IPv6 an absent one is bad (RFC 8200 8.1). */
  checksumState(pseudo: PseudoHeader): ChecksumState {
    if (this.checksum === 0) return pseudo.version === 4 ? "absent" : "bad";
    const sum = pseudoHeaderSum(this.bytes, pseudo, IPPROTO_UDP, this.end - this.offset);
    return sumsUp(this.bytes, this.offset, this.end, sum) ? "good" : "bad";
  }
  /** Writes the right checksum of this datagram, which ends at {@link end}. */
  fillChecksum(pseudo: PseudoHeader): void {
    const sum = pseudoHeaderSum(this.bytes, pseudo, IPPROTO_UDP, this.end - this.offset);
    fillChecksum(this.bytes, this.offset + CHECKSUM, this.offset, this.end, sum, 0xffff);
  }
}

/** What the builder takes for a UDP header. */
export interface UdpSpec {
  readonly srcPort?: number;
  /** Default: that of the next layer (VXLAN), otherwise 9, discard. */
  readonly dstPort?: number;
  /** Forged length, bytes. */
  readonly length?: number;
  /** 0 sends none. */
  readonly checksum?: ChecksumOverride;
}

/** A UDP header to be built. */
export function udpLayer(spec: UdpSpec): Layer {
  return {
    name: "udp",
    headerLength: END,
    ipProtocol: IPPROTO_UDP,
    write({ bytes, at, end, inner }: Site) {
      const view = new UdpView(bytes, at, end);
      view.srcPort = fieldValue("udp", "srcPort", spec.srcPort ?? 49152, 16);
      view.dstPort = fieldValue("udp", "dstPort", spec.dstPort ?? inner?.udpPort ?? 9, 16);
      view.length = fieldValue("udp", "length", spec.length ?? end - at, 16);
    },
    seal({ bytes, at, end, pseudo }: Site) {
      if (pseudo !== undefined) new UdpView(bytes, at, end).fillChecksum(pseudo);
      forgeChecksum(bytes, at + CHECKSUM, spec.checksum);
    },
  };
}
