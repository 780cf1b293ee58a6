/** Floods: many packets, little in them. */
import { TCP_SYN } from "../packet/tcp.js";
import { Endpoints } from "./pool.js";
import type { Addresses } from "./pool.js";
import type { Random } from "./random.js";
import { drawSizes } from "./sizes.js";
import type { Sizes } from "./sizes.js";
import type { Traffic } from "./source.js";
import { FlowTemplate } from "./template.js";
import type { LinkAddresses } from "./template.js";

/** One port, or a range with both ends. */
export type Ports = number | { readonly min: number; readonly max: number };

/** A port to use. */
export function drawPort(ports: Ports, random: Random): number {
  return typeof ports === "number" ? ports : random.between(ports.min, ports.max);
}

const ANY_PORT: Ports = { min: 1024, max: 65_535 };

/** What floods have in common. */
export interface FloodOptions extends LinkAddresses {
  /** Sources, drawn anew for each packet: one address is a lone attacker, prefixes are spoofed or a botnet. */
  readonly from: Addresses;
  readonly to: Addresses;
  /** Default 1024 to 65535, drawn for each packet. */
  readonly srcPort?: Ports;
}

/** A {@link udpFlood}. */
export interface UdpFloodOptions extends FloodOptions {
  /** Default 1024 to 65535, drawn for each packet. */
  readonly dstPort?: Ports;
  /** Default 60, the smallest frame. */
  readonly size?: Sizes;
}

/** UDP packets with random content; all packets of one size carry the same. */
export function udpFlood(options: UdpFloodOptions): Traffic {
  const endpoints = new Endpoints(options.from, options.to);
  const sizes = drawSizes(options.size ?? 60);
  return (random) => {
    const templates = new TemplateCache((family, size) => {
      const headers = family === 4 ? 42 : 62;
      return new FlowTemplate({ ...options, family, protocol: "udp", payload: random.bytes(Math.max(0, size - headers)) });
    });
    return () => {
      const { src, dst } = endpoints.draw(random);
      const srcPort = drawPort(options.srcPort ?? ANY_PORT, random);
      const dstPort = drawPort(options.dstPort ?? ANY_PORT, random);
      return templates.of(src.length === 4 ? 4 : 16, sizes(random)).stamp({ src, dst, srcPort, dstPort });
    };
  };
}

/** TCP connection requests that no one will finish. */
export function synFlood(options: FloodOptions & { readonly dstPort?: Ports }): Traffic {
  const endpoints = new Endpoints(options.from, options.to);
  return (random) => {
    const templates = new TemplateCache((family) => new FlowTemplate({ ...options, family, protocol: "tcp", tcpFlags: TCP_SYN, payload: new Uint8Array(0) }));
    return () => {
      const { src, dst } = endpoints.draw(random);
      const srcPort = drawPort(options.srcPort ?? ANY_PORT, random);
      return templates.of(src.length === 4 ? 4 : 16, 0).stamp({ src, dst, srcPort, dstPort: drawPort(options.dstPort ?? 80, random), sequence: random.u32() });
    };
  };
}

/** Templates by family and size, made when first asked for. */
export class TemplateCache {
  readonly #make: (family: 4 | 16, size: number) => FlowTemplate;
  readonly #made = new Map<number, FlowTemplate>();

  constructor(make: (family: 4 | 16, size: number) => FlowTemplate) {
    this.#make = make;
  }

  of(family: 4 | 16, size: number): FlowTemplate {
    const key = size * 32 + family;
    let template = this.#made.get(key);
    if (template === undefined) {
      template = this.#make(family, size);
      this.#made.set(key, template);
    }
    return template;
  }
}
