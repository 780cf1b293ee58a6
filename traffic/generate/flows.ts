/** Many flows of unequal weight: Zipf's law, as traffic to caches, load balancers and RSS has it. */
import { TCP_ACK, TCP_PSH, TCP_SYN } from "../packet/tcp.js";
import { drawPort, TemplateCache } from "./flood.js";
import type { Ports } from "./flood.js";
import { Endpoints } from "./pool.js";
import type { Addresses } from "./pool.js";
import { Random } from "./random.js";
import { drawSizes } from "./sizes.js";
import type { Sizes } from "./sizes.js";
import type { Traffic } from "./source.js";
import { FlowTemplate } from "./template.js";
import type { FlowTuple, LinkAddresses } from "./template.js";
import { WeightedChoice, zipfWeights } from "./weighted.js";

/** What Zipf-distributed flows have in common. */
interface FlowSetOptions extends LinkAddresses {
  /** How many flows there are. */
  readonly flows: number;
  /** Exponent of Zipf's law: 0 gives all flows the same share. Default 1. */
  readonly skew?: number;
  /** Default 60, the smallest frame; see `IMIX`. */
  readonly size?: Sizes;
}

/** What {@link zipfFlows} takes. */
export interface ZipfFlowOptions extends FlowSetOptions {
  readonly from: Addresses;
  readonly to: Addresses;
  readonly protocol?: "udp" | "tcp";
  /** Default 1024 to 65535, fixed for each flow. */
  readonly srcPort?: Ports;
  /** Default 443, fixed for each flow. */
  readonly dstPort?: Ports;
}

/** A service behind a load balancer. */
export interface Vip {
  readonly address: string;
  readonly port: number;
  readonly protocol?: "udp" | "tcp";
  /** Share of the flows; default 1. */
  readonly weight?: number;
}

/** What {@link vipTraffic} takes. */
export interface VipOptions extends FlowSetOptions {
  readonly vips: readonly Vip[];
  readonly clients: Addresses;
}

/** What a flow is made of, apart from its addresses. */
interface Flow extends FlowTuple {
  readonly protocol: "udp" | "tcp";
}

/** Packets of a fixed set of flows, each drawn by Zipf's law. A TCP flow begins with SYN and goes on with data. */
export function zipfFlows(options: ZipfFlowOptions): Traffic {
  const endpoints = new Endpoints(options.from, options.to);
  return flowSet(options, (random) => ({
    ...endpoints.draw(random),
    srcPort: drawPort(options.srcPort ?? { min: 1024, max: 65_535 }, random),
    dstPort: drawPort(options.dstPort ?? 443, random),
    protocol: options.protocol ?? "udp",
  }));
}

/** Packets of many clients to a few virtual addresses; which client talks most follows Zipf's law. */
export function vipTraffic(options: VipOptions): Traffic {
  const choice = new WeightedChoice(options.vips.map(({ weight }) => weight ?? 1));
  const endpoints = options.vips.map(({ address }) => new Endpoints(options.clients, address));
  return flowSet(options, (random) => {
    const index = choice.draw(random);
    const { port, protocol = "tcp" } = options.vips[index];
    return { ...endpoints[index].draw(random), srcPort: random.between(1024, 65_535), dstPort: port, protocol };
  });
}

function flowSet(options: FlowSetOptions, flowOf: (random: Random) => Flow): Traffic {
  const { flows, skew = 1, size = 60 } = options;
  if (!Number.isInteger(flows) || flows < 1 || flows > 2 ** 24) throw new RangeError(`${flows} flows; give 1 to ${2 ** 24}`);
  const choice = new WeightedChoice(zipfWeights(flows, skew));
  const sizes = drawSizes(size);
  return (random) => {
    const base = random.u32();
    const scratch = new Random(0);
    const begun = new Uint8Array(flows);
    const sequence = new Uint32Array(flows);
    const caches = {
      udp: templates(options, "udp", undefined, random),
      syn: templates(options, "tcp", TCP_SYN, random),
      data: templates(options, "tcp", TCP_PSH | TCP_ACK, random),
    };
    return () => {
      const index = choice.draw(random);
      // A flow is derived from its index each time: millions of flows take no memory for their addresses.
      scratch.reseed(base, index + 1);
      const flow = flowOf(scratch);
      const first = begun[index] === 0;
      const length = sizes(random);
      begun[index] = 1;
      const family = flow.src.length === 4 ? 4 : 16;
      if (flow.protocol === "udp") return caches.udp.of(family, length).stamp(flow);
      const now = sequence[index];
      sequence[index] += first ? 1 : Math.max(0, length - headerBytes(family, "tcp"));
      return (first ? caches.syn.of(family, 0) : caches.data.of(family, length)).stamp({ ...flow, sequence: now });
    };
  };
}

function headerBytes(family: 4 | 16, protocol: "udp" | "tcp"): number {
  return (family === 4 ? 34 : 54) + (protocol === "udp" ? 8 : 20);
}

function templates(link: LinkAddresses, protocol: "udp" | "tcp", tcpFlags: number | undefined, random: Random): TemplateCache {
  return new TemplateCache((family, size) => {
    const payload = random.bytes(Math.max(0, size - headerBytes(family, protocol)));
    return new FlowTemplate({ srcMac: link.srcMac, dstMac: link.dstMac, family, protocol, tcpFlags, payload });
  });
}
