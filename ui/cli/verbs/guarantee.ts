/** `beeline plan --guarantee`: the rate that no packet can take away, and the path that bounds it. */
import { guarantee } from "../../../offload/index.js";
import type { DeviceProfile, Guarantee } from "../../../offload/index.js";
import type { RunOptions } from "../../../offload/index.js";
import { selectProgram } from "../../../xdp/index.js";
import { UsageError } from "../errors.js";
import { count, figure } from "../format.js";

/** Kinds of work that are named. */
const SHARES = 5;

/** Prints the guarantee; needs no traffic. */
export function printGuarantee(workload: Omit<RunOptions, "device">, device: DeviceProfile, json: boolean): number {
  if (device.kind === "kernel") throw new UsageError(`--guarantee is of a card's cores, whose cycles are known: ${device.name} is a kernel path`);
  const { object, entry, btf, kconfig } = workload;
  const found = guarantee(object, selectProgram(object, entry), device, { ...(btf === undefined ? {} : { btf }), ...(kconfig === undefined ? {} : { kconfig }) });
  process.stdout.write(json ? `${JSON.stringify(jsonOf(device.name, found), null, 2)}\n` : text(device.name, found));
  return 0;
}

function jsonOf(profile: string, { example, ...found }: Guarantee): object {
  return { profile, ...found, ...(example === undefined ? {} : { example: { ...example.run, onPath: example.onPath, packet: Buffer.from(example.packet).toString("hex"), maps: example.maps } }) };
}

function text(profile: string, found: Guarantee): string {
  const limits = Object.entries(found.limits).map(([part, mpps]) => `${part} ${figure(mpps)}`).join(", ");
  const width = Math.max(0, ...found.lines.map(({ cycles }) => count(Math.round(cycles)).length));
  const most = Math.max(0, ...found.lines.map(({ times }) => times));
  const times = (n: number): string => (most === 1 ? "" : (n === 1 ? "" : `x${count(n)}`).padStart(count(most).length + 3));
  return [
    `${profile}, modelled: ${figure(found.mpps)} Mpps whatever packets come, bound by ${found.bound} (each alone, Mpps: ${limits})`,
    `  slowest path: at most ${count(Math.round(found.cycles))} cycles a packet, firmware included, ${count(found.instructions)} eBPF instructions; ${figure(found.memoryCycles)} cycles of the memory engine at most`,
    `  ${overText(found)}`,
    `  most of it: ${found.shares.slice(0, SHARES).map(({ what, cycles }) => `${what} ${count(Math.round(cycles))}`).join(", ")}`,
    ...exampleText(found),
    ...(found.lines.length === 0 ? [] : ["", ...found.lines.map((line) => `${count(Math.round(line.cycles)).padStart(width + 2)} cycles${times(line.times)}  ${line.file}:${line.line}  ${line.text}`)]),
    "",
  ].join("\n");
}

function overText({ over, why }: Guarantee): string {
  switch (over) {
    case "paths": return "over the paths that the verifier finds feasible, slowest first: the conditions of this one agree, those of every slower one contradict each other";
    case "verifier": return "over the paths that the verifier finds feasible; where one of its states stands for another, what no packet can take may be counted too";
    case "control flow": return `over all paths of the control flow, of which no packet may take the slowest: ${why ?? "the verifier's are not known"}`;
  }
}

function exampleText({ example, noExample, cycles }: Guarantee): string[] {
  if (example === undefined) return [`  no example packet: ${noExample ?? "none was sought"}`];
  const { run, packet, maps, onPath } = example;
  const seeds = Object.entries(maps).map(([name, entries]) => `${name} (${entries.length} ${entries.length === 1 ? "entry" : "entries"})`);
  return [
    `  example packet: takes ${count(Math.round(run.cycles))} cycles of at most ${count(Math.round(cycles))}${onPath ? ", on the slowest path itself" : ""}: ${packet.length} bytes${seeds.length === 0 ? "" : `, with ${seeds.join(", ")} in the maps`}`,
    ...hexLines(packet),
  ];
}

const BYTES_A_LINE = 32;
const MOST_LINES = 8;

function hexLines(packet: Uint8Array): string[] {
  const lines: string[] = [];
  for (let at = 0; at < packet.length && lines.length < MOST_LINES; at += BYTES_A_LINE) lines.push(`    ${Buffer.from(packet.subarray(at, at + BYTES_A_LINE)).toString("hex").replaceAll(/(.{8})(?=.)/g, "$1 ")}`);
  if (packet.length > BYTES_A_LINE * MOST_LINES) lines.push(`    and ${count(packet.length - BYTES_A_LINE * MOST_LINES)} more bytes`);
  return lines;
}
