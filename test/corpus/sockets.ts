/** Sockets of this process, in the network namespace that its thread is in: what a program's lookups find. */
import { createRequire } from "node:module";
import type * as Koffi from "koffi";
import { ipBytes } from "../../traffic/packet/address.js";
import type { NetworkSpec } from "../../xdp/helpers/index.js";

type SocketSpec = NonNullable<NetworkSpec["sockets"]>[number];

/* linux/socket.h, in.h, in6.h, asm-generic/socket.h */
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_PRIORITY = 12;
const SO_MARK = 36;
const IPPROTO_IP = 0;
const IP_TRANSPARENT = 19;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const IPV6_TRANSPARENT = 75;

interface Calls {
  readonly socket: (family: number, type: number, protocol: number) => number;
  readonly setsockopt: (fd: number, level: number, option: number, value: Uint8Array, size: number) => number;
  readonly bind: (fd: number, address: Uint8Array, size: number) => number;
  readonly connect: (fd: number, address: Uint8Array, size: number) => number;
  readonly listen: (fd: number, backlog: number) => number;
  readonly close: (fd: number) => number;
  readonly errno: () => number;
}

let calls: Calls | undefined;

function libc(): Calls {
  if (calls !== undefined) return calls;
  const koffi = createRequire(import.meta.url)("koffi") as typeof Koffi;
  const library = koffi.load(null);
  calls = {
    socket: library.func("socket", "int", ["int", "int", "int"]),
    setsockopt: library.func("setsockopt", "int", ["int", "int", "int", "const uint8_t *", "uint32"]),
    bind: library.func("bind", "int", ["int", "const uint8_t *", "uint32"]),
    connect: library.func("connect", "int", ["int", "const uint8_t *", "uint32"]),
    listen: library.func("listen", "int", ["int", "int"]),
    close: library.func("close", "int", ["int"]),
    errno: () => koffi.errno(),
  };
  return calls;
}

/** Opens sockets, whether or not an interface has their address; returns what closes them. */
export function openSockets(specs: readonly SocketSpec[]): () => void {
  const fds: number[] = [];
  const close = (): void => {
    for (const fd of fds.splice(0)) libc().close(fd);
  };
  try {
    for (const spec of specs) open(spec, fds);
  } catch (error) {
    close();
    throw error;
  }
  return close;
}

function open(spec: SocketSpec, fds: number[]): void {
  const { socket, setsockopt, bind, connect, listen } = libc();
  const six = spec.address.includes(":");
  const done = (step: string, result: number): number => {
    if (result < 0) throw new Error(`${step} of the socket at ${spec.address} port ${spec.port} fails with errno ${libc().errno()}`);
    return result;
  };
  const fd = done("socket", socket(six ? AF_INET6 : AF_INET, spec.protocol === "tcp" ? SOCK_STREAM : SOCK_DGRAM, 0));
  fds.push(fd);
  const set = (level: number, option: number, value: number): number => done("setsockopt", setsockopt(fd, level, option, Uint8Array.of(value, value >> 8, value >> 16, value >> 24), 4));
  // Sockets of one port and several addresses.
  set(SOL_SOCKET, SO_REUSEADDR, 1);
  if (six) set(IPPROTO_IPV6, IPV6_V6ONLY, spec.v6only ? 1 : 0);
  set(six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_TRANSPARENT : IP_TRANSPARENT, 1);
  if (spec.mark !== undefined) set(SOL_SOCKET, SO_MARK, spec.mark);
  if (spec.priority !== undefined) set(SOL_SOCKET, SO_PRIORITY, spec.priority);
  const address = socketAddress(spec.address, spec.port);
  done("bind", bind(fd, address, address.length));
  if (spec.peer !== undefined) {
    const peer = socketAddress(spec.peer.address, spec.peer.port);
    done("connect", connect(fd, peer, peer.length));
  } else if (spec.protocol === "tcp") done("listen", listen(fd, 8));
}

/** struct sockaddr_in, sockaddr_in6. */
function socketAddress(address: string, port: number): Uint8Array {
  const ip = ipBytes(address);
  const bytes = new Uint8Array(ip.length === 4 ? 16 : 28);
  bytes.set([ip.length === 4 ? AF_INET : AF_INET6, 0, port >> 8, port & 0xff]);
  bytes.set(ip, ip.length === 4 ? 4 : 8);
  return bytes;
}
