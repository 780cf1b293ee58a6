/** ARP for IPv4 over Ethernet (RFC 826). Other hardware and protocol sizes are seen by their size fields only. */
import { ipv4Bytes, macBytes } from "./address.js";
import type { AddressLike } from "./address.js";
import { get16, get8, put16 } from "./bytes.js";
import { ETH_P_ARP, ETH_P_IP } from "./numbers.js";
import { View, fieldValue } from "./view.js";
import type { Layer, Site } from "./view.js";

// Fields, by first byte
const HTYPE = 0;
const PTYPE = 2;
const HLEN = 4;
const PLEN = 5;
const OPER = 6;
const SHA = 8;
const SPA = 14;
const THA = 18;
const TPA = 24;
const END = 28;

export const ARPOP_REQUEST = 1;
export const ARPOP_REPLY = 2;

/** An ARP packet in place. */
export class ArpView extends View {
  get protocol(): "arp" {
    return "arp";
  }
  get headerLength(): number {
    return END;
  }
  get hardwareType(): number {
    return get16(this.bytes, this.offset + HTYPE);
  }
  set hardwareType(type: number) {
    put16(this.bytes, this.offset + HTYPE, type);
  }
  get protocolType(): number {
    return get16(this.bytes, this.offset + PTYPE);
  }
  set protocolType(type: number) {
    put16(this.bytes, this.offset + PTYPE, type);
  }
  get hardwareSize(): number {
    return get8(this.bytes, this.offset + HLEN);
  }
  set hardwareSize(size: number) {
    this.bytes[this.offset + HLEN] = size;
  }
  get protocolSize(): number {
    return get8(this.bytes, this.offset + PLEN);
  }
  set protocolSize(size: number) {
    this.bytes[this.offset + PLEN] = size;
  }
  /** Whether this is ARP for IPv4 over Ethernet, the only kind whose addresses are where the getters look. */
  get isEthernetIpv4(): boolean {
    return this.hardwareType === 1 && this.protocolType === ETH_P_IP && this.hardwareSize === 6 && this.protocolSize === 4;
  }
  get operation(): number {
    return get16(this.bytes, this.offset + OPER);
  }
  set operation(operation: number) {
    put16(this.bytes, this.offset + OPER, operation);
  }
  get senderMac(): Uint8Array {
    return this.bytes.subarray(this.offset + SHA, this.offset + SPA);
  }
  set senderMac(address: AddressLike) {
    this.bytes.set(macBytes(address), this.offset + SHA);
  }
  get senderIp(): Uint8Array {
    return this.bytes.subarray(this.offset + SPA, this.offset + THA);
  }
  set senderIp(address: AddressLike) {
    this.bytes.set(ipv4Bytes(address), this.offset + SPA);
  }
  get targetMac(): Uint8Array {
    return this.bytes.subarray(this.offset + THA, this.offset + TPA);
  }
  set targetMac(address: AddressLike) {
    this.bytes.set(macBytes(address), this.offset + THA);
  }
  get targetIp(): Uint8Array {
    return this.bytes.subarray(this.offset + TPA, this.offset + END);
  }
  set targetIp(address: AddressLike) {
    this.bytes.set(ipv4Bytes(address), this.offset + TPA);
  }
}

/** What the builder takes for an ARP packet. */
export interface ArpSpec {
  /** Default {@link ARPOP_REQUEST}. */
  readonly operation?: number;
  readonly senderMac?: AddressLike;
  readonly senderIp?: AddressLike;
  readonly targetMac?: AddressLike;
  readonly targetIp?: AddressLike;
}

/** An ARP packet to be built. */
export function arpLayer(spec: ArpSpec): Layer {
  const operation = fieldValue("arp", "operation", spec.operation ?? ARPOP_REQUEST, 16);
  return {
    name: "arp",
    headerLength: END,
    etherType: ETH_P_ARP,
    write({ bytes, at }: Site) {
      const view = new ArpView(bytes, at);
      view.hardwareType = 1;
      view.protocolType = ETH_P_IP;
      view.hardwareSize = 6;
      view.protocolSize = 4;
      view.operation = operation;
      view.senderMac = spec.senderMac ?? "02:00:00:00:00:01";
      view.senderIp = spec.senderIp ?? "10.0.0.1";
      view.targetMac = spec.targetMac ?? "00:00:00:00:00:00";
      view.targetIp = spec.targetIp ?? "10.0.0.2";
    },
  };
}
