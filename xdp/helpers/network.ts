/** The network that helpers answer from: interfaces, routes and neighbours of a scenario, as data. */
export interface NetworkSpec {
  readonly interfaces: readonly InterfaceSpec[];
  readonly routes: readonly RouteSpec[];
  readonly neighbours: readonly NeighbourSpec[];
  /** Sockets of the host, for the lookup helpers. Default: none. */
  readonly sockets?: readonly SocketSpec[];
  /** Connections that the host tracks, for bpf_xdp_ct_lookup. Default: none. */
  readonly conntrack?: readonly ConnectionSpec[];
}

export interface InterfaceSpec {
  readonly ifindex: number;
  readonly name: string;
  /** `02:00:00:00:00:01` */
  readonly mac: string;
  /** Bytes. */
  readonly mtu: number;
  /** net.ipv4.conf.X.forwarding and its IPv6 twin. */
  readonly forwarding: boolean;
}

export interface RouteSpec {
  /** `10.0.0.0/8` or `2001:db8::/32`. */
  readonly prefix: string;
  /** Next hop; absent for a connected route. An IPv4 route may have an IPv6 next hop. */
  readonly via?: string;
  /** Outgoing interface; not needed for the types other than unicast. */
  readonly ifindex: number;
  readonly type: "unicast" | "local" | "blackhole" | "unreachable" | "prohibit";
  /** Routing table; default 254 (main). */
  readonly table?: number;
  /** Lower wins among routes of one prefix; default 0. */
  readonly metric?: number;
  /** Route MTU in bytes, as `ip route add … mtu lock N` sets it: without the lock the kernel forwards by the interface's MTU. */
  readonly mtu?: number;
  /** Preferred source address (`src`), given back for BPF_FIB_LOOKUP_SRC. */
  readonly src?: string;
}

/** A tracked connection, in the direction that it was opened; programs find it in both. */
export interface ConnectionSpec {
  readonly protocol: "tcp" | "udp";
  readonly source: { readonly address: string; readonly port: number };
  readonly destination: { readonly address: string; readonly port: number };
  /** `IPS_*` bits (linux/netfilter/nf_conntrack_common.h). Default 0x18e: assured, confirmed, replied to, NAT settled. */
  readonly status?: number;
  readonly mark?: number;
}

export interface SocketSpec {
  readonly protocol: "tcp" | "udp";
  /** Address that it is bound to; `0.0.0.0` and `::` are any. An IPv6 socket bound to `::` takes IPv4, too, unless it is `v6only`. */
  readonly address: string;
  readonly port: number;
  /** The other end, of a connected socket; absent where it listens (or is an unconnected UDP socket). */
  readonly peer?: { readonly address: string; readonly port: number };
  readonly v6only?: boolean;
  /** SO_MARK and SO_PRIORITY. Default 0. */
  readonly mark?: number;
  readonly priority?: number;
  /** net.ipv4.tcp_syncookies of the host: 0 never, 1 (default) when the queue is full, which it never is here, 2 always. */
  readonly syncookies?: 0 | 1 | 2;
}

export interface NeighbourSpec {
  readonly address: string;
  readonly mac: string;
  readonly ifindex: number;
}
