/** A small network for programs that ask for routes and MTUs: as data for our machines, and made in a network namespace for the kernel. */
import { execFileSync } from "node:child_process";
import { inFreshNetns } from "../../xdp/engine/kernel/index.js";
import type { NetworkSpec, RouteSpec } from "../../xdp/helpers/index.js";
import { openSockets } from "./sockets.js";

/** Routes, of every type and with and without neighbours, for destinations that the frames have. Packets come in on the loopback. */
export const NETWORK: NetworkSpec = {
  interfaces: [
    { ifindex: 1, name: "lo", mac: "00:00:00:00:00:00", mtu: 65536, forwarding: true },
    { ifindex: 2, name: "left", mac: "02:00:00:00:00:02", mtu: 1500, forwarding: true },
    { ifindex: 3, name: "right", mac: "02:00:00:00:00:03", mtu: 1280, forwarding: false },
  ],
  routes: [
    { prefix: "127.0.0.0/8", ifindex: 1, type: "local", table: 255 },
    { prefix: "::1/128", ifindex: 1, type: "local", table: 255 },
    { prefix: "10.0.0.0/30", ifindex: 2, type: "unicast" },
    { prefix: "10.0.0.4/30", via: "172.16.0.1", ifindex: 3, type: "unicast" },
    { prefix: "10.0.0.6/32", via: "172.16.0.1", ifindex: 3, type: "unicast", mtu: 600 },
    { prefix: "192.0.2.0/29", ifindex: 0, type: "blackhole" },
    { prefix: "192.0.2.8/30", ifindex: 0, type: "unreachable" },
    { prefix: "192.0.2.12/30", ifindex: 0, type: "prohibit" },
    { prefix: "2001:db8::/64", ifindex: 2, type: "unicast" },
    { prefix: "2001:db8::a/128", ifindex: 2, type: "unicast", mtu: 1300 },
    { prefix: "2001:db8:1::/64", via: "fe80::9", ifindex: 3, type: "unicast" },
    { prefix: "2001:db8:2::/125", ifindex: 0, type: "blackhole" },
    { prefix: "2001:db8:2::8/126", ifindex: 0, type: "unreachable" },
    { prefix: "2001:db8:2::c/126", ifindex: 0, type: "prohibit" },
  ],
  neighbours: [
    { address: "10.0.0.1", mac: "02:00:00:00:01:01", ifindex: 2 },
    { address: "10.0.0.2", mac: "02:00:00:00:01:02", ifindex: 2 },
    { address: "172.16.0.1", mac: "02:00:00:00:01:03", ifindex: 3 },
    { address: "2001:db8::7", mac: "02:00:00:00:01:04", ifindex: 2 },
    { address: "2001:db8::a", mac: "02:00:00:00:01:05", ifindex: 2 },
    { address: "fe80::9", mac: "02:00:00:00:01:06", ifindex: 3 },
  ],
  sockets: [
    { protocol: "tcp", address: "0.0.0.0", port: 80, mark: 7 },
    { protocol: "tcp", address: "10.0.0.1", port: 22, priority: 3 },
    { protocol: "tcp", address: "::", port: 443 },
    { protocol: "tcp", address: "2001:db8::7", port: 80 },
    { protocol: "udp", address: "0.0.0.0", port: 53 },
    { protocol: "udp", address: "10.0.0.2", port: 53, mark: 9 },
    { protocol: "udp", address: "::", port: 123, v6only: true },
    { protocol: "udp", address: "10.0.0.3", port: 5000, peer: { address: "10.0.0.1", port: 53 } },
  ],
};

/** Runs `work` where the kernel has {@link NETWORK}. */
export function inNetwork<T>(work: () => T): T {
  return inFreshNetns(() => {
    execFileSync("sh", ["-ec", script()], { stdio: ["ignore", "ignore", "pipe"] });
    const close = openSockets(NETWORK.sockets ?? []);
    try {
      return work();
    } finally {
      close();
    }
  });
}

function script(): string {
  const { interfaces, routes, neighbours } = NETWORK;
  const nameOf = (ifindex: number): string => interfaces.find((candidate) => candidate.ifindex === ifindex)?.name ?? "lo";
  const [, left, right] = interfaces;
  return [
    `ip link add ${left.name} index ${left.ifindex} address ${left.mac} mtu ${left.mtu} type veth peer name ${right.name} index ${right.ifindex} address ${right.mac} mtu ${right.mtu}`,
    // The kernel looks for gateways in the table of its own addresses, which is there with the first one.
    "ip link set lo up",
    // No other addresses, or the kernel would add routes of its own.
    ...[left, right].map(({ name }) => `ip link set ${name} addrgenmode none up`),
    ...interfaces.flatMap(({ name, forwarding }) => ["ipv4", "ipv6"].map((family) => `echo ${forwarding ? 1 : 0} >/proc/sys/net/${family}/conf/${name}/forwarding`)),
    // The loopback's own come with it.
    ...routes.filter(({ type }) => type !== "local").map((route) => `ip ${route.prefix.includes(":") ? "-6 " : ""}route add ${routeText(route, nameOf)}`),
    ...neighbours.map(({ address, mac, ifindex }) => `ip neigh add ${address} lladdr ${mac} dev ${nameOf(ifindex)} nud permanent`),
  ].join("\n");
}

function routeText({ prefix, via, ifindex, type, mtu }: RouteSpec, nameOf: (ifindex: number) => string): string {
  if (type !== "unicast") return `${type} ${prefix}`;
  const hop = via === undefined ? "" : `via ${via} `;
  // The next hops are on no network that an interface has an address of.
  const onlink = via !== undefined && !via.includes(":") ? " onlink" : "";
  return `${prefix} ${hop}dev ${nameOf(ifindex)}${onlink}${mtu === undefined ? "" : ` mtu lock ${mtu}`}`;
}
