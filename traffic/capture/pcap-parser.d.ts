/** What Beeline uses of the package pcap-parser 0.2.1, which brings no types. */
declare module "pcap-parser" {
  import type { EventEmitter } from "node:events";

  export interface PacketHeader {
    readonly timestampSeconds: number;
    /** The raw field: microseconds only if the capture's magic number says so. */
    readonly timestampMicroseconds: number;
    readonly capturedLength: number;
    readonly originalLength: number;
  }

  export interface Packet {
    readonly header: PacketHeader;
    readonly data: Buffer;
  }

  export interface Parser extends EventEmitter {
    on(event: "packetHeader", listener: (header: PacketHeader) => void): this;
    on(event: "packet", listener: (packet: Packet) => void): this;
    on(event: "error", listener: (error: Error) => void): this;
  }

  /** Parses what `stream` emits as "data"; calls its `pause` and `resume`. */
  export function parse(stream: EventEmitter & { pause(): void; resume(): void }): Parser;
}
