/** Small frames built byte by byte, so that RSS tests do not lean on the packet builder. */
import { Trace } from "../../traffic/index.js";

export function ipv4(text: string): number[] {
  return text.split(".").map(Number);
}

/** Full form of an IPv6 address, 16 bytes. */
export function ipv6(text: string): number[] {
  const [head, tail = ""] = text.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === "" ? [] : tail.split(":");
  const words = text.includes("::") ? [...front, ...Array<string>(8 - front.length - back.length).fill("0"), ...back] : front;
  return words.flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 255]);
}

export interface FrameOptions {
  readonly vlans?: readonly number[];
  /** IPv4: the 16-bit fragment field. */
  readonly fragment?: number;
  /** IPv4: options, bytes (multiple of 4). */
  readonly options?: number;
  /** IPv6: extension headers before layer 4, as [type, bytes] with bytes a multiple of 8. */
  readonly extensions?: readonly (readonly [number, number])[];
}

/** An Ethernet frame with an IP header (by the length of the addresses) and `l4` behind it. */
export function frame(src: readonly number[], dst: readonly number[], protocol: number, l4: readonly number[], options: FrameOptions = {}): Uint8Array {
  const type = src.length === 4 ? [0x08, 0x00] : [0x86, 0xdd];
  const tags = (options.vlans ?? []).flatMap((tpid) => [tpid >> 8, tpid & 255, 0, 7]);
  const ethernet = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, ...tags, ...type];
  if (src.length === 4) {
    const more = options.options ?? 0;
    const total = 20 + more + l4.length;
    const fragment = options.fragment ?? 0;
    return Uint8Array.from([
      ...ethernet, 0x45 + more / 4, 0, total >> 8, total & 255, 0, 0, fragment >> 8, fragment & 255, 64, protocol, 0, 0,
      ...src, ...dst, ...Array<number>(more).fill(1), ...l4,
    ]);
  }
  const extensions = options.extensions ?? [];
  const next = extensions.length > 0 ? extensions[0][0] : protocol;
  const chain = extensions.flatMap(([, bytes], i) => {
    const after = i + 1 < extensions.length ? extensions[i + 1][0] : protocol;
    return [after, bytes / 8 - 1, ...Array<number>(bytes - 2).fill(0)];
  });
  const payload = chain.length + l4.length;
  return Uint8Array.from([...ethernet, 0x60, 0, 0, 0, payload >> 8, payload & 255, next, 64, ...src, ...dst, ...chain, ...l4]);
}

/** The first eight bytes of a TCP, UDP or SCTP header. */
export function ports(source: number, destination: number): number[] {
  return [source >> 8, source & 255, destination >> 8, destination & 255, 0, 8, 0, 0];
}

export function traceOf(frames: readonly Uint8Array[]): Trace {
  const trace = Trace.allocate(frames.reduce((sum, bytes) => sum + bytes.length + 8, 8), Math.max(1, frames.length));
  frames.forEach((bytes, i) => trace.push(bytes, i * 1000));
  return trace;
}
