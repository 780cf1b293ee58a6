/**
 * Link types: how a packet in a file becomes an Ethernet frame in the Trace.
 *
 * XDP programs see Ethernet, so packets without such a header get a synthetic one ({@link SYNTHETIC_DESTINATION},
 * {@link SYNTHETIC_SOURCE}, EtherType from the packet's protocol). It is written in place over the record's header (or the
 * cooked header), which has been read by then: no byte of the packet moves.
 *
 * Layouts: tcpdump.org/linktypes.html and the pages that it links to.
 */

export const LINKTYPE_NULL = 0;
export const LINKTYPE_ETHERNET = 1;
export const LINKTYPE_RAW = 101;
export const LINKTYPE_LOOP = 108;
export const LINKTYPE_LINUX_SLL = 113;
export const LINKTYPE_IPV4 = 228;
export const LINKTYPE_IPV6 = 229;
export const LINKTYPE_LINUX_SLL2 = 276;
/** DLT_RAW of most systems and of OpenBSD, which some writers put into files as they are. */
const DLT_RAW = 12;
const DLT_RAW_OPENBSD = 14;

/** Destination of a synthetic Ethernet header, unless the capture says that the packet was broadcast. */
export const SYNTHETIC_DESTINATION: readonly number[] = [0x02, 0, 0, 0, 0, 0x01];
/** Source of a synthetic Ethernet header, unless the capture has a 6-byte source address. */
export const SYNTHETIC_SOURCE: readonly number[] = [0x02, 0, 0, 0, 0, 0x02];
/** EtherType of a synthetic header when the protocol cannot be told (a reserved value that no protocol uses). */
export const ETHERTYPE_UNKNOWN = 0xffff;

const ETHERNET_HEADER = 14;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;

/** How packets of a link type get their Ethernet header; {@link LinkKind} names the work, `header` what is taken off first. */
export interface LinkHandling {
  readonly kind: LinkKind;
  /** Bytes of the packet's own link header, replaced by the Ethernet header. */
  readonly header: number;
}

export type LinkKind = "ethernet" | "ip" | "ipv4" | "ipv6" | "family" | "cooked" | "cooked2";

const HANDLED: ReadonlyMap<number, LinkHandling> = new Map([
  [LINKTYPE_ETHERNET, { kind: "ethernet", header: 0 }],
  [LINKTYPE_RAW, { kind: "ip", header: 0 }],
  [DLT_RAW, { kind: "ip", header: 0 }],
  [DLT_RAW_OPENBSD, { kind: "ip", header: 0 }],
  [LINKTYPE_IPV4, { kind: "ipv4", header: 0 }],
  [LINKTYPE_IPV6, { kind: "ipv6", header: 0 }],
  [LINKTYPE_NULL, { kind: "family", header: 4 }],
  [LINKTYPE_LOOP, { kind: "family", header: 4 }],
  [LINKTYPE_LINUX_SLL, { kind: "cooked", header: 16 }],
  [LINKTYPE_LINUX_SLL2, { kind: "cooked2", header: 20 }],
]);

/** How to make Ethernet of a link type, or undefined when Beeline cannot. */
export function linkHandling(linkType: number): LinkHandling | undefined {
  return HANDLED.get(linkType);
}

/** Bytes that a frame is longer than its packet in the file. */
export function linkGrowth(handling: LinkHandling): number {
  return handling.kind === "ethernet" ? 0 : ETHERNET_HEADER - handling.header;
}

/** Name of a link type, for messages. */
export function linkTypeName(linkType: number): string {
  return NAMES[linkType] ?? "unknown";
}

const NAMES: Readonly<Record<number, string>> = {
  0: "NULL",
  1: "ETHERNET",
  3: "AX25",
  6: "IEEE802_5 (Token Ring)",
  7: "ARCNET_BSD",
  8: "SLIP",
  9: "PPP",
  10: "FDDI",
  12: "RAW",
  14: "RAW",
  50: "PPP_HDLC",
  51: "PPP_ETHER",
  99: "SYMANTEC_FIREWALL",
  100: "ATM_RFC1483",
  101: "RAW",
  104: "C_HDLC",
  105: "IEEE802_11",
  107: "FRELAY",
  108: "LOOP",
  109: "ENC",
  113: "LINUX_SLL",
  114: "LTALK",
  117: "PFLOG",
  119: "IEEE802_11_PRISM",
  122: "IP_OVER_FC",
  127: "IEEE802_11_RADIOTAP",
  129: "ARCNET_LINUX",
  138: "APPLE_IP_OVER_IEEE1394",
  140: "MTP2",
  141: "MTP3",
  143: "DOCSIS",
  144: "LINUX_IRDA",
  147: "USER0",
  149: "USER2",
  163: "IEEE802_11_AVS",
  165: "BACNET_MS_TP",
  166: "PPP_PPPD",
  177: "LINUX_LAPD",
  187: "BLUETOOTH_HCI_H4",
  189: "USB_LINUX",
  192: "PPI",
  195: "IEEE802_15_4_WITHFCS",
  197: "ERF",
  201: "BLUETOOTH_HCI_H4_WITH_PHDR",
  220: "USB_LINUX_MMAPPED",
  224: "FC_2",
  226: "IPNET",
  227: "CAN_SOCKETCAN",
  228: "IPV4",
  229: "IPV6",
  230: "IEEE802_15_4_NOFCS",
  231: "DBUS",
  239: "NFLOG",
  240: "NETANALYZER",
  247: "INFINIBAND",
  248: "SCTP",
  249: "USBPCAP",
  253: "NETLINK",
  254: "BLUETOOTH_LINUX_MONITOR",
  258: "PKTAP",
  265: "NORDIC_BLE",
  271: "VSOCK",
  272: "NORDIC_BLE",
  274: "ETHERNET_MPACKET",
  276: "LINUX_SLL2",
};

/**
 * Writes the Ethernet header of a packet whose link header (of `handling.header` bytes) starts at `start` and whose
 * captured bytes end at `end`. Returns where the frame starts, which may be up to 14 bytes before `start`: those are
 * overwritten, nothing from `end` on is. A packet that is cut within its link header becomes a bare Ethernet header of
 * {@link ETHERTYPE_UNKNOWN}.
 */
export function writeEthernet(bytes: Uint8Array, start: number, end: number, handling: LinkHandling): number {
  if (handling.kind === "ethernet") return start;
  const payload = end - start - handling.header;
  if (payload < 0) {
    writeAddresses(bytes, end - ETHERNET_HEADER, false, -1);
    writeType(bytes, end - ETHERNET_HEADER, ETHERTYPE_UNKNOWN);
    return end - ETHERNET_HEADER;
  }
  const frame = start + handling.header - ETHERNET_HEADER;
  let type = ETHERTYPE_UNKNOWN;
  let broadcast = false;
  let source = -1;
  switch (handling.kind) {
    case "ip":
      type = ipVersionType(bytes, start, end);
      break;
    case "ipv4":
      type = ETHERTYPE_IPV4;
      break;
    case "ipv6":
      type = ETHERTYPE_IPV6;
      break;
    case "family":
      type = familyType(bytes, start);
      break;
    case "cooked":
      // Type (2), ARPHRD (2), address length (2), address (8), protocol (2).
      type = cookedType(word(bytes, start + 14), word(bytes, start + 2), payload);
      broadcast = word(bytes, start) === COOKED_BROADCAST;
      source = word(bytes, start + 4) === 6 ? start + 6 : -1;
      break;
    case "cooked2":
      // Protocol (2), zero (2), ifindex (4), ARPHRD (2), type (1), address length (1), address (8).
      type = cookedType(word(bytes, start), word(bytes, start + 8), payload);
      broadcast = bytes[start + 10] === COOKED_BROADCAST;
      source = bytes[start + 11] === 6 ? start + 12 : -1;
      break;
  }
  writeAddresses(bytes, frame, broadcast, source);
  writeType(bytes, frame, type);
  return frame;
}

const COOKED_BROADCAST = 1;
/** Linux ARPHRD numbers for which a cooked header's protocol field is no EtherType: FRAD, radiotap, netlink. */
const NOT_ETHERTYPE: ReadonlySet<number> = new Set([770, 803, 824]);
/** Linux ETH_P_802_3 and ETH_P_802_2: the payload is Novell's raw 802.3 or starts with an LLC header. */
const ETH_P_802_3 = 0x0001;
const ETH_P_802_2 = 0x0004;
const MAX_802_3_LENGTH = 1500;

function cookedType(protocol: number, arphrd: number, payload: number): number {
  if (NOT_ETHERTYPE.has(arphrd)) return ETHERTYPE_UNKNOWN;
  if (protocol >= 0x0600) return protocol;
  const ieee8023 = protocol === ETH_P_802_2 || protocol === ETH_P_802_3;
  return ieee8023 ? Math.min(payload, MAX_802_3_LENGTH) : ETHERTYPE_UNKNOWN;
}

/** `source` is where the source address is now, or -1. It may overlap the header. */
function writeAddresses(bytes: Uint8Array, at: number, broadcast: boolean, source: number): void {
  // Backwards and before the destination: the old address lies at or before the new one.
  for (let i = 5; i >= 0; i--) bytes[at + 6 + i] = source >= 0 ? bytes[source + i] : SYNTHETIC_SOURCE[i];
  for (let i = 0; i < 6; i++) bytes[at + i] = broadcast ? 0xff : SYNTHETIC_DESTINATION[i];
}

function writeType(bytes: Uint8Array, at: number, type: number): void {
  bytes[at + 12] = type >> 8;
  bytes[at + 13] = type & 0xff;
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

function ipVersionType(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return ETHERTYPE_UNKNOWN;
  const version = bytes[start] >> 4;
  if (version === 4) return ETHERTYPE_IPV4;
  return version === 6 ? ETHERTYPE_IPV6 : ETHERTYPE_UNKNOWN;
}

/**
 * The BSD loopback header is an address family in the byte order of the machine that captured (NULL) or the network's
 * (LOOP). Families are small, so the end that is not zero tells the order, whoever wrote the file.
 */
function familyType(bytes: Uint8Array, start: number): number {
  const big = (word(bytes, start) << 16) | word(bytes, start + 2);
  const little = bytes[start] | (bytes[start + 1] << 8);
  const family = (big & 0xffff_0000) === 0 ? big : word(bytes, start + 2) === 0 ? little : -1;
  if (family === AF_INET) return ETHERTYPE_IPV4;
  return AF_INET6.has(family) ? ETHERTYPE_IPV6 : ETHERTYPE_UNKNOWN;
}

const AF_INET = 2;
/** AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, macOS. */
const AF_INET6: ReadonlySet<number> = new Set([10, 24, 28, 30]);
