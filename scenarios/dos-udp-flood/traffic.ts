/** The traffic of this scenario: a UDP flood in four shapes over what a small service usually gets. */
import { amplification, arpRequests, bursts, constantRate, dnsAnswers, httpsClients, icmpNoise, mergeSources, poisson, quicClients, stream, udpFlood } from "../../traffic/index.js";
import type { AmplifierName, ArrivalProcess, Source, Traffic } from "../../traffic/index.js";

/** Interfaces of the capture, by number: the label that a packet has in the result. */
export const INTERFACES = ["legitimate", "attack"] as const;
/** 2026-03-02 12:00:00 UTC. */
export const EPOCH_NS = 1_772_452_800_000_000_000n;

/** Headers are enough here: packets are cut as `tcpdump -s 96` cuts them. */
export const SNAPLEN = 96;

const SEED = 7;
const DURATION_NS = 0.5e9;
const SERVICE = ["192.0.2.53", "2001:db8:53::53"];
const CLIENTS = ["203.0.113.0/25", "198.51.100.0/24", "2001:db8:c::/64"];
const RESOLVED = ["192.0.2.128/28"];
const REFLECTORS: Readonly<Record<AmplifierName, string>> = {
  dns: "203.0.113.192/26",
  ntp: "100.64.1.0/24",
  memcached: "100.64.2.0/28",
  ssdp: "100.64.3.0/24",
  cldap: "100.64.4.0/25",
};
const REFLECTED_PPS: Readonly<Record<AmplifierName, number>> = { dns: 1200, ntp: 1500, memcached: 300, ssdp: 700, cldap: 500 };

function legitimate(label: string, traffic: Traffic, arrivals: ArrivalProcess): Source {
  return stream({ label, traffic, arrivals, seed: SEED, endNs: DURATION_NS, iface: 0 });
}

/** The attack starts when a quarter of the capture is over. */
function attack(label: string, traffic: Traffic, arrivals: ArrivalProcess): Source {
  return stream({ label, traffic, arrivals, seed: SEED, startNs: DURATION_NS / 4, endNs: DURATION_NS, iface: 1 });
}

/** All packets in order of time; the same ones every time. */
export function trafficOfScenario(): Source {
  const reflections = (Object.keys(REFLECTORS) as AmplifierName[]).map((service) =>
    attack(`amplification ${service}`, amplification({ service, from: REFLECTORS[service], to: SERVICE[0] }), poisson(REFLECTED_PPS[service])));
  return mergeSources(
    legitimate("dns answers", dnsAnswers({ from: RESOLVED, to: SERVICE[0] }), poisson(900)),
    legitimate("https", httpsClients({ from: CLIENTS, to: SERVICE }), poisson(1800)),
    legitimate("quic", quicClients({ from: CLIENTS, to: SERVICE }), poisson(1200)),
    legitimate("ping", icmpNoise({ from: CLIENTS, to: SERVICE }), poisson(40)),
    legitimate("arp", arpRequests("192.0.2.0/24"), poisson(10)),
    // Spoofed sources, from prefixes that should never be seen and are on the blocklist.
    attack("spoofed", udpFlood({ from: ["198.18.0.0/15", "240.0.0.0/4"], to: SERVICE[0], dstPort: 53, size: 60 }), poisson(11_000)),
    attack("spoofed IPv6", udpFlood({ from: "2001:db8:bad::/48", to: SERVICE[1], dstPort: 53, size: 66 }), poisson(3000)),
    ...reflections,
    // Few sources, each far above the rate that one source may have.
    attack("one source", udpFlood({ from: "203.0.113.250", to: SERVICE[0], dstPort: 443, size: 200 }), constantRate(6000)),
    attack("bursts", udpFlood({ from: "203.0.113.251", to: SERVICE[0], dstPort: 53, size: 60 }), bursts({ size: 400, peakPps: 200_000, pps: 4000 })),
    // What no rule here can tell from a client.
    attack("low and slow", udpFlood({ from: "198.51.100.0/24", to: SERVICE[0], dstPort: 53, size: 60 }), poisson(300)),
  );
}
