/** What drops or forwards a packet in the Linux kernel, as measured on one processor: what a card saves. */

export interface HostPath {
  readonly name: string;
  readonly mppsPerCore: number;
  readonly source: string;
}

const PAPER = "XDP paper, CoNEXT 2018, data tohojo/xdp-paper@672dc5a: Xeon E5-1650v4 3.6 GHz, ConnectX-5, one core, 64 B";
const CLOUDFLARE = "Cloudflare, \"drop 10 M\": one core, 14 Mpps offered (secondary)";

/** Published rates of one core, millions of packets a second. */
export const HOST_PATHS: readonly HostPath[] = [
  { name: "iptables raw PREROUTING drop", mppsPerCore: 5.05, source: PAPER },
  { name: "iptables filter INPUT drop", mppsPerCore: 3.32, source: PAPER },
  { name: "conntrack drop", mppsPerCore: 1.82, source: PAPER },
  { name: "firewalld ruleset drop", mppsPerCore: 0.72, source: PAPER },
  { name: "Linux forwarding, single route", mppsPerCore: 1.74, source: PAPER },
  { name: "XDP router (bpf_fib_lookup)", mppsPerCore: 5.36, source: PAPER },
  { name: "tc u32 ingress drop", mppsPerCore: 1.8, source: CLOUDFLARE },
  { name: "nftables ingress drop", mppsPerCore: 1.53, source: CLOUDFLARE },
  { name: "BPF socket filter drop", mppsPerCore: 0.512, source: CLOUDFLARE },
  { name: "userspace recvmmsg discard", mppsPerCore: 0.175, source: CLOUDFLARE },
];
