/** The network of the fib cases, built in the running kernel: its bpf_fib_lookup must give the same answers. */
import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import type { NetworkSpec } from "../helpers/index.js";
import { KernelError, KernelMachine, createKernelEngine, inFreshNetns, kernelAvailable } from "./kernel/index.js";
import type { KernelEngine } from "./kernel/index.js";
import { FIB_LOOKUPS, NETWORK, fibPackets, fibProgram } from "./testing/cases/fib.js";
import { runCase } from "./testing/run.js";

/** `ip` commands that make the network. */
function commands({ interfaces, routes, neighbours }: NetworkSpec): string[] {
  const names = new Map(interfaces.map(({ ifindex, name }) => [ifindex, name]));
  const device = (ifindex: number): string => (names.has(ifindex) ? ` dev ${names.get(ifindex)}` : "");
  return [
    ...interfaces.flatMap(({ ifindex, name, mac, mtu, forwarding }) => [
      `ip link add ${name} index ${ifindex} address ${mac} mtu ${mtu} type veth peer name peer${ifindex}`,
      `ip link set ${name} up`,
      `ip link set peer${ifindex} up`,
      `echo ${forwarding ? 1 : 0} > /proc/sys/net/ipv4/conf/${name}/forwarding`,
      `echo ${forwarding ? 1 : 0} > /proc/sys/net/ipv6/conf/${name}/forwarding`,
    ]),
    // A source address must be one of the host.
    ...routes.filter(({ src }) => src !== undefined).map(({ src, ifindex }) => `ip addr add ${src}/${src?.includes(":") ? "128 nodad" : "32"}${device(ifindex)}`),
    ...routes
      .filter(({ type }) => type !== "local")
      .map(({ prefix, via, ifindex, type, table, metric, mtu, src }) => {
        const to = via === undefined ? "" : ` via ${via.includes(":") && !prefix.includes(":") ? "inet6 " : ""}${via}`;
        const more = `${table === undefined ? "" : ` table ${table}`}${metric === undefined ? "" : ` metric ${metric}`}${mtu === undefined ? "" : ` mtu lock ${mtu}`}${src === undefined ? "" : ` src ${src}`}`;
        return `ip ${prefix.includes(":") ? "-6 " : ""}route add ${type === "unicast" ? "" : `${type} `}${prefix}${to}${device(ifindex)}${more}`;
      }),
    ...neighbours.map(({ address, mac, ifindex }) => `ip neigh add ${address} lladdr ${mac}${device(ifindex)} nud permanent`),
  ];
}

function possible(): boolean {
  if (!kernelAvailable().available) return false;
  try {
    inFreshNetns(() => execFileSync("ip", ["link", "add", "probe", "type", "veth", "peer", "name", "other"], { stdio: "ignore" }));
    return true;
  } catch (error) {
    if (error instanceof KernelError || error instanceof Error) return false;
    throw error;
  }
}

it.skipIf(!possible())("the kernel answers every lookup as the runtime does", () => {
  const differences: string[] = [];
  inFreshNetns(() => {
    execFileSync("sh", ["-ec", commands(NETWORK).toSorted((a, b) => order(a) - order(b)).join("\n")]);
    for (const lookup of FIB_LOOKUPS) {
      const { in: frame, out } = fibPackets(lookup);
      try {
        runCase(
          { description: lookup.description, asm: fibProgram(lookup.flags ?? 0), packets: [{ in: frame, ret: lookup.ret >>> 0, data: out }] },
          {
            kernel: true,
            createMachine: (options) => new KernelMachine(options),
            createEngine: (machine) => createKernelEngine(machine),
            close: (machine, engine) => {
              (engine as KernelEngine | undefined)?.close();
              machine.close();
            },
          },
        );
      } catch (error) {
        differences.push(`${lookup.description}: ${error instanceof Error ? error.message : error}`);
      }
    }
  });
  expect(differences).toEqual([]);
});

/** Gateways must be reachable when a route through them is added. */
function order(command: string): number {
  if (/ via inet6/.test(command)) return 5;
  if (/ via /.test(command)) return 4;
  if (/ neigh /.test(command)) return 6;
  if (/ route /.test(command)) return 3;
  return / addr /.test(command) ? 2 : 1;
}
