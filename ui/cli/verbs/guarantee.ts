/** `beeline plan --guarantee`: the rate that no packet can take away, and the path that bounds it. */
import { EXAMPLE_ARRIVAL_NS, guarantee } from "../../../offload/index.js";
import type { DeviceProfile, Guarantee } from "../../../offload/index.js";
import type { RunOptions } from "../../../offload/index.js";
import { OutputFile, PcapWriter } from "../../../traffic/index.js";
import { selectProgram } from "../../../xdp/index.js";
import { EXIT_FINDING, UsageError } from "../errors.js";
import { count, figure } from "../format.js";

/** Kinds of work that are named. */
const SHARES = 5;

export interface GuaranteeFlags {
  readonly json: boolean;
  /** Where the example goes, if anywhere. */
  readonly example: string | undefined;
}

/** Prints the guarantee, and writes the example; needs no traffic. Returns the exit code: 1 where an example is asked for and there is none. */
export function printGuarantee(workload: Omit<RunOptions, "device">, device: DeviceProfile, flags: GuaranteeFlags): number {
  if (device.kind === "kernel") throw new UsageError(`--guarantee is of a card's cores, whose cycles are known: ${device.name} is a kernel path`);
  const { object, entry, btf, kconfig, queues = device.queues } = workload;
  const found = guarantee(object, selectProgram(object, entry), { ...device, queues }, { ...(btf === undefined ? {} : { btf }), ...(kconfig === undefined ? {} : { kconfig }) });
  const files = flags.example === undefined || found.example === undefined ? undefined : writeExample(flags.example, found.example);
  process.stdout.write(flags.json ? `${JSON.stringify({ ...jsonOf(device.name, found), ...(files === undefined ? {} : { files }) }, null, 2)}\n` : text(device.name, found, files));
  return flags.example !== undefined && files === undefined ? EXIT_FINDING : 0;
}

interface ExampleFiles {
  readonly pcap: string;
  readonly maps?: string;
}

/** A capture of the one packet and, where maps must hold something, their seeds beside it. */
function writeExample(pcap: string, { packet, maps }: NonNullable<Guarantee["example"]>): ExampleFiles {
  const writer = new PcapWriter(pcap, { epochNs: EXAMPLE_ARRIVAL_NS });
  writer.write(packet, 0);
  writer.close();
  if (Object.keys(maps).length === 0) return { pcap };
  const path = `${pcap.replace(/\.p?cap$/, "")}.json`;
  const file = new OutputFile(path);
  file.write(Buffer.from(`${JSON.stringify(maps, null, 1)}\n`));
  file.close();
  return { pcap, maps: path };
}

function jsonOf(profile: string, { example, ...found }: Guarantee): object {
  return { profile, ...found, ...(example === undefined ? {} : { example: { ...example.run, onPath: example.onPath, tried: example.tried, packet: Buffer.from(example.packet).toString("hex"), maps: example.maps } }) };
}

function text(profile: string, found: Guarantee, files: ExampleFiles | undefined): string {
  const limits = Object.entries(found.limits).map(([part, mpps]) => `${part} ${figure(mpps)}`).join(", ");
  const width = Math.max(0, ...found.lines.map(({ cycles }) => count(Math.round(cycles)).length));
  const most = Math.max(0, ...found.lines.map(({ times }) => times));
  const times = (n: number): string => (most === 1 ? "" : (n === 1 ? "" : `x${count(n)}`).padStart(count(most).length + 3));
  return [
    `${profile}, modelled: ${figure(found.mpps)} Mpps whatever packets come, bound by ${found.bound} (each alone, Mpps: ${limits})`,
    `  slowest path: at most ${count(Math.round(found.cycles))} cycles a packet, firmware included, ${count(found.instructions)} eBPF instructions; ${figure(found.memoryCycles)} cycles of the memory engine at most`,
    `  ${overText(found)}`,
    ...(found.pathCycles < found.cycles - 0.5 ? [`  what follows is of the slowest path that was followed to its end: ${count(Math.round(found.pathCycles))} cycles`] : []),
    `  most of it: ${found.shares.slice(0, SHARES).map(({ what, cycles }) => `${what} ${count(Math.round(cycles))}`).join(", ")}`,
    ...exampleText(found),
    ...(found.admitted ? [] : [`  ${profile} refuses this program; the figures say what it would do if it took it:`, ...found.reasons.map((reason) => `    ${reason}`)]),
    ...(files === undefined ? [] : [`    written: ${files.pcap}${files.maps === undefined ? "" : ` and ${files.maps}`}; beeline run replays it with --pcap ${files.pcap}${files.maps === undefined ? "" : ` --maps ${files.maps}`}`]),
    ...(found.lines.length === 0 ? [] : ["", ...found.lines.map((line) => `${count(Math.round(line.cycles)).padStart(width + 2)} cycles${times(line.times)}  ${line.file}:${line.line}  ${line.text}`.trimEnd())]),
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
  const { run, packet, maps, onPath, tried } = example;
  const how = onPath ? ", on the slowest path itself" : tried > 0 ? ` (the slowest of ${count(tried)} tried)` : "";
  const seeds = Object.entries(maps).map(([name, entries]) => `${name} (${entries.length} ${entries.length === 1 ? "entry" : "entries"})`);
  return [
    `  example packet: takes ${count(Math.round(run.cycles))} cycles of at most ${count(Math.round(cycles))}${how}: ${packet.length} bytes${seeds.length === 0 ? "" : `, with ${seeds.join(", ")} in the maps`}`,
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
