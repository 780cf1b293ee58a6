/** Splits a datagram into fragments as a router or a sending host does (RFC 791 section 3.2, RFC 8200 section 4.5). */
import { dissect } from "./dissect.js";
import { Ipv4View } from "./ipv4.js";
import { Ipv6View } from "./ipv6.js";
import { FRAGMENT_HLEN, Ipv6FragmentView } from "./ipv6-fragment.js";
import { IPPROTO_FRAGMENT } from "./numbers.js";
import { BuildError } from "./view.js";

/**
 * The fragments of `frame`, whose outermost IP header is IPv4, each with at most `mtu` bytes of IP packet.
 * All repeat the header with its options. A frame that is small enough comes back alone, as a copy.
 */
export function fragmentIpv4(frame: Uint8Array, mtu: number): Uint8Array[] {
  const ip = outermostIp(frame);
  if (!(ip instanceof Ipv4View)) throw new BuildError("ipv4", "the frame's outermost IP header is IPv6; use fragmentIpv6");
  const content = frame.subarray(ip.payloadOffset, ip.contentEnd);
  if (ip.headerLength + content.length <= mtu) return [frame.slice()];
  const base = ip.fragmentOffset;
  const more = ip.moreFragments;
  return pieces("ipv4", content, mtu - ip.headerLength).map(({ start, piece, last }) => {
    const out = joined(frame.subarray(0, ip.payloadOffset), piece);
    const view = new Ipv4View(out, ip.offset);
    view.totalLength = ip.headerLength + piece.length;
    view.fragmentOffset = base + start;
    view.moreFragments = more || !last;
    view.fillChecksum();
    return out;
  });
}

/**
 * The fragments of `frame`, whose outermost IP header is IPv6, each with at most `mtu` bytes of IP packet.
 * Extension headers go into the fragmented part. A frame that is small enough comes back alone, as a copy.
 */
export function fragmentIpv6(frame: Uint8Array, mtu: number, id = 1): Uint8Array[] {
  const ip = outermostIp(frame);
  if (!(ip instanceof Ipv6View)) throw new BuildError("ipv6", "the frame's outermost IP header is IPv4; use fragmentIpv4");
  const content = frame.subarray(ip.payloadOffset, ip.contentEnd);
  if (ip.headerLength + content.length <= mtu) return [frame.slice()];
  return pieces("ipv6", content, mtu - ip.headerLength - FRAGMENT_HLEN).map(({ start, piece, last }) => {
    const out = joined(frame.subarray(0, ip.payloadOffset), new Uint8Array(FRAGMENT_HLEN), piece);
    const view = new Ipv6View(out, ip.offset);
    const fragment = new Ipv6FragmentView(out, view.payloadOffset);
    fragment.nextProtocol = ip.nextProtocol;
    fragment.fragmentOffset = start;
    fragment.moreFragments = !last;
    fragment.id = id;
    view.nextProtocol = IPPROTO_FRAGMENT;
    view.payloadLength = FRAGMENT_HLEN + piece.length;
    return out;
  });
}

function outermostIp(frame: Uint8Array): Ipv4View | Ipv6View {
  for (const view of dissect(frame).headers) {
    if (view instanceof Ipv4View || view instanceof Ipv6View) return view;
  }
  throw new BuildError("fragment", "the frame has no IP header to fragment");
}

function pieces(layer: string, content: Uint8Array, room: number): { start: number; piece: Uint8Array; last: boolean }[] {
  const step = Math.floor(room / 8) * 8;
  if (step < 8) throw new BuildError(layer, "the MTU leaves no room for 8 bytes of content; give a larger one");
  const found = [];
  for (let start = 0; start < content.length; start += step) {
    found.push({ start, piece: content.subarray(start, start + step), last: start + step >= content.length });
  }
  return found;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
