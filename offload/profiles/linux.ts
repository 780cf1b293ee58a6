/**
 * Linux kernel paths. XDP paper: Høiland-Jørgensen et al., "The eXpress Data Path", CoNEXT 2018, raw data in
 * github tohojo/xdp-paper@672dc5a (E5-1650v4 3.6 GHz, ConnectX-5 100G, 64-byte frames). Generic: Jesper Dangaard Brouer's
 * measurements in prototype-kernel (i7-6700K 4.0 GHz, ConnectX-4).
 */
import type { KernelProfile } from "./schema.js";

const PAPER = "XDP paper, CoNEXT 2018, data tohojo/xdp-paper@672dc5a";
const BROUER = "J. D. Brouer, prototype-kernel, i7-6700K 4.0 GHz, ConnectX-4";

export const LINUX_XDP_NATIVE_CX5: KernelProfile = {
  kind: "kernel",
  name: "linux-xdp-native-cx5",
  description: "Linux driver-mode XDP, ConnectX-5 Ex 100G, Xeon E5-1650v4 3.6 GHz, 6 cores",
  mode: "native",
  ports: 2,
  linkBps: 100e9,
  mtu: 9216,
  queues: 6,
  ringSize: 512,
  rssTableSize: 256,
  rssKeyBytes: 40,
  rssKey: "microsoft",
  macPps: 0,
  pciePps: 86.8e6,
  cores: 6,
  clockHz: 3.6e9,
  driverNs: 41.6,
  touchNs: 3,
  passNs: 178.2,
  txNs: 17.2,
  redirectNs: 73.7,
  programScale: 1,
  sources: {
    ports: { evidence: "assumed", source: "dual-port ConnectX-5 Ex" },
    linkBps: { evidence: "primary", source: PAPER },
    mtu: { evidence: "assumed", source: "jumbo frames, with xdp.frags" },
    queues: { evidence: "primary", source: `${PAPER}: 1 to 6 cores` },
    ringSize: { evidence: "primary", source: `${PAPER}: RX ring 512` },
    rssTableSize: { evidence: "primary", source: "Linux 6.1 mlx5 driver" },
    rssKeyBytes: { evidence: "primary", source: "Linux 6.1 mlx5 driver" },
    rssKey: { evidence: "assumed", source: "drivers fill in a random key at boot; Microsoft's makes results repeatable" },
    macPps: { evidence: "assumed", source: "not the limit: PCIe is" },
    pciePps: { evidence: "primary", source: `${PAPER}: 86.8 Mpps without completion compression` },
    cores: { evidence: "primary", source: PAPER },
    clockHz: { evidence: "primary", source: PAPER },
    driverNs: { evidence: "primary", source: `${PAPER}: 41.6 ns a packet, XDP_DROP without touching the packet` },
    touchNs: { evidence: "derived", source: `${PAPER}: 23.06 Mpps reading the packet against 24.8 without, RX ring 512` },
    passNs: { evidence: "derived", source: `${PAPER}: 4.55 Mpps with XDP_PASS and a drop in iptables raw PREROUTING, less driver: the least that a passed packet costs` },
    txNs: { evidence: "derived", source: `${PAPER}: XDP_TX 17.01 Mpps, RX ring 512, less driver` },
    redirectNs: { evidence: "derived", source: `${PAPER}: XDP_REDIRECT 8.67 Mpps, RX ring 512, less driver` },
    programScale: { evidence: "assumed", source: "instruction costs of the K2 table (d6515) as they are" },
  },
};

export const LINUX_XDP_GENERIC: KernelProfile = {
  ...LINUX_XDP_NATIVE_CX5,
  name: "linux-xdp-generic",
  description: "Linux generic XDP (in the stack), ConnectX-4 100G, i7-6700K 4.0 GHz, 4 cores",
  mode: "generic",
  queues: 4,
  cores: 4,
  clockHz: 4e9,
  pciePps: 0,
  driverNs: 118.8,
  touchNs: 0,
  passNs: 140,
  txNs: 99.8,
  redirectNs: 99.8,
  sources: {
    ...LINUX_XDP_NATIVE_CX5.sources,
    ports: { evidence: "assumed", source: "dual-port ConnectX-4" },
    linkBps: { evidence: "primary", source: BROUER },
    queues: { evidence: "assumed", source: "one a core" },
    ringSize: { evidence: "assumed", source: "as in the native profile" },
    pciePps: { evidence: "assumed", source: "not the limit at these rates" },
    cores: { evidence: "primary", source: "i7-6700K: 4 cores" },
    clockHz: { evidence: "primary", source: BROUER },
    driverNs: { evidence: "primary", source: `${BROUER}: generic XDP_DROP 8.42 Mpps` },
    touchNs: { evidence: "derived", source: "the packet was read to build the socket buffer" },
    passNs: { evidence: "derived", source: `native passNs less the 37.5 ns that generic pays before the program (${BROUER})` },
    txNs: { evidence: "derived", source: `${BROUER}: generic XDP_TX 4.575 Mpps, less driver` },
    redirectNs: { evidence: "assumed", source: "as XDP_TX: no published figure" },
  },
};
