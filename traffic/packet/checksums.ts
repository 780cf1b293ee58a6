/** All checksums of a frame at once, outer and inner: look at them, or make them right. */
import type { ChecksumState, PseudoHeader } from "./checksum.js";
import { dissect } from "./dissect.js";
import type { HeaderView } from "./dissect.js";
import type { ProtocolName } from "./view.js";

/** One checksum of a frame. */
export interface ChecksumReport {
  readonly protocol: ProtocolName;
  /** First byte of the header that has it. */
  readonly offset: number;
  readonly state: ChecksumState;
}

interface Covered {
  readonly view: HeaderView;
  readonly pseudo: PseudoHeader | undefined;
  /** Whether the frame holds all that the checksum covers. */
  readonly whole: boolean;
}

/** The state of every checksum in `frame`, an Ethernet frame, outermost first. */
export function verifyChecksums(frame: Uint8Array): ChecksumReport[] {
  const reports: ChecksumReport[] = [];
  for (const { view, pseudo, whole } of covered(frame)) {
    const state = stateOf(view, pseudo);
    if (state === undefined) continue;
    const judged = whole || view.protocol === "ipv4" || state === "absent" ? state : "unknown";
    reports.push({ protocol: view.protocol, offset: view.offset, state: judged });
  }
  return reports;
}

/**
 * Makes every checksum in `frame` right, inner ones first as outer ones cover them. Checksums over bytes that
 * the frame does not hold stay as they are, and so do the absent ones of UDP over IPv4.
 */
export function fillChecksums(frame: Uint8Array): void {
  for (const { view, pseudo, whole } of covered(frame).toReversed()) {
    if (view.protocol === "ipv4") view.fillChecksum();
    else if (!whole) continue;
    else if (view.protocol === "icmp" || view.protocol === "gre") view.fillChecksum();
    else if (pseudo === undefined) continue;
    else if (view.protocol === "tcp" || view.protocol === "icmpv6") view.fillChecksum(pseudo);
    else if (view.protocol === "udp" && view.checksumState(pseudo) !== "absent") view.fillChecksum(pseudo);
  }
}

function stateOf(view: HeaderView, pseudo: PseudoHeader | undefined): ChecksumState | undefined {
  switch (view.protocol) {
    case "ipv4":
    case "icmp":
    case "gre":
      return view.checksumState;
    case "tcp":
    case "udp":
    case "icmpv6":
      return pseudo === undefined ? "unknown" : view.checksumState(pseudo);
    default:
      return undefined;
  }
}

function covered(frame: Uint8Array): Covered[] {
  let pseudo: PseudoHeader | undefined;
  let whole = true;
  return dissect(frame).headers.map((view) => {
    const entry = { view, pseudo, whole };
    switch (view.protocol) {
      case "ipv4":
        pseudo = view.pseudoHeader;
        whole &&= !view.isFragment && view.offset + view.totalLength <= frame.length;
        break;
      case "ipv6":
        pseudo = view.pseudoHeader;
        whole &&= view.payloadOffset + view.payloadLength <= frame.length;
        break;
      case "routing":
        if (pseudo !== undefined) pseudo = view.finalDestination(pseudo);
        break;
      case "fragment":
        whole &&= !view.isFragment;
        break;
      case "udp":
        entry.whole &&= view.length === 0 || view.offset + view.length <= view.end;
        break;
      default:
    }
    return entry;
  });
}
