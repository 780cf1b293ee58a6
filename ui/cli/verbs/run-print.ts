/** What `beeline run` says to a person. Every rate is marked as measured or modelled. */
import { basename } from "node:path";
import type { DeviceResult, FaultResult } from "../../../offload/index.js";
import { count, duration, figure, share } from "../format.js";
import { table } from "../table.js";
import type { RunReport } from "./run.js";

/** Prints to stdout. */
export function printRun(report: RunReport): void {
  const sections = [heading(report), verdicts(report), labels(report), rules(report), queues(report), speed(report), faults(report), expectations(report)];
  process.stdout.write(`${sections.filter((section) => section !== "").join("\n\n")}\n`);
}

function heading({ request, entry, instructions, result }: RunReport): string {
  const files = request.captures.map(({ file }) => basename(file)).join(", ");
  const objects = request.programs.map((program) => basename(program.file)).join(" + ");
  const lines = [request.title];
  if (request.description !== undefined) lines.push(request.description.trim());
  lines.push(`${entry} (${objects}, ${count(instructions)} instructions) over ${files}: ${count(result.packets)} packets, ${count(result.bytes)} bytes`);
  if (result.btf !== undefined) lines.push(`adapted to the types of ${result.btf} (CO-RE)`);
  return lines.join("\n");
}

function verdicts({ result }: RunReport): string {
  const rows = Object.entries(result.verdicts).filter(([, packets]) => packets > 0).map(([verdict, packets]) => [verdict, count(packets), share(packets, result.packets)]);
  const { length, mac, ring } = result.drops;
  for (const [cause, packets] of [["too short or too long", length], ["MAC overload", mac], ["ring full", ring]] as const) {
    if (packets > 0) rows.push([`never ran: ${cause}`, count(packets), share(packets, result.packets)]);
  }
  return table(["Verdict", "packets", "share"], rows);
}

function labels({ labels: { counts } }: RunReport): string {
  if (counts.length === 0) return "";
  const lost = counts.some((one) => one.lost > 0);
  const rows = counts.map((one) => [one.label, count(one.packets), count(one.stopped), share(one.stopped, one.packets), ...(lost ? [count(one.lost)] : [])]);
  return table(["Traffic", "packets", "stopped", "share", ...(lost ? ["lost before"] : [])], rows);
}

function rules({ rules: hits, result }: RunReport): string {
  const rows = Object.entries(hits).map(([rule, packets]) => [rule, count(packets), share(packets, result.packets)]);
  return rows.length === 0 ? "" : table(["Rule", "hits", "share"], rows);
}

function queues({ result }: RunReport): string {
  const rows = result.queues.map((one) => [String(one.queue), count(one.packets), share(one.packets, result.packets), count(one.bytes), count(one.drops)]);
  return table(["Queue", "packets", "share", "bytes", "ring drops"], rows);
}

function speed({ result }: RunReport): string {
  const { host } = result;
  const rows = [[`this machine, ${host.engine}, ${host.workers} ${host.workers === 1 ? "worker" : "workers"}`, "measured", figure(host.mpps), `${figure(host.nsPerPacket)} ns`, "-"], modelled(result.device)];
  if (result.baseline !== undefined) rows.push(modelled(result.baseline));
  const lines = [table(["Speed", "figure is", "Mpps", "per packet", "bound by"], rows)];
  lines.push(`measured: engine only; the whole run, files included, took ${duration(host.totalMs * 1e6)} (${figure(host.totalMpps)} Mpps)`);
  const { latencyNs, offeredMpps, profile, utilisation } = result.device;
  lines.push(`modelled: ${profile} at the ${figure(offeredMpps)} Mpps offered: cores ${share(utilisation, 1)} busy, latency p50 ${duration(latencyNs.p50)}, p99 ${duration(latencyNs.p99)}, p99.9 ${duration(latencyNs.p999)}`);
  lines.push(...behind(result.device));
  for (const device of [result.device, result.baseline]) {
    if (device === undefined) continue;
    if (device.admitted === false) lines.push(`${device.profile} would refuse this program:`, ...device.reasons.map((reason) => `  ${reason}`));
    for (const note of device.notes) lines.push(`${device.profile}: ${note}`);
  }
  return lines.join("\n");
}

/** Parts of the device with work, and what is behind a card's cores. */
function behind({ parts, behind: host, collapses }: DeviceResult): string[] {
  const busy = Object.entries(parts).map(([part, busyShare]) => `${part} ${share(busyShare, 1)}`).join(", ");
  const lines = [`modelled: busy there: ${busy}`];
  if (host !== undefined && host.sent + host.txDrops > 0) lines.push(`modelled: ${count(host.sent)} packets sent, ${count(host.txDrops)} dropped before the line, p99 ${duration(host.toWireNs.p99)} from arrival to the line`);
  if (host !== undefined && host.passed > 0) lines.push(`modelled: ${count(host.delivered)} packets to the host, ${count(host.hostRingDrops)} dropped at its rings, p99 ${duration(host.toHostNs.p99)} from arrival to the host's processor`);
  if (collapses > 0) lines.push(`modelled: the receive MAC fell into its overload fault ${count(collapses)} times`);
  return lines;
}

function modelled(device: DeviceResult): string[] {
  return [`${device.profile}, ${device.cores} cores`, "modelled", figure(device.mpps), `${figure(device.nsPerPacket.mean)} ns`, device.bound];
}

function faults({ result }: RunReport): string {
  const { count: found, first } = result.faults;
  if (first === undefined) return "";
  return `${count(found)} packets made the program fault (verdict XDP_ABORTED); the first: ${describeFirst(first)}`;
}

function describeFirst({ packet, kind, program, insn, address, line }: FaultResult): string {
  const source = line === undefined ? "" : `, ${line.file}:${line.line}: ${line.text.trim()}`;
  return `packet ${packet}, ${kind} at ${address}, program ${program}, instruction ${insn}${source}`;
}

function expectations({ expectations: { checked, failures } }: RunReport): string {
  if (checked === 0) return "";
  if (failures.length === 0) return `Expectations: all ${checked} hold.`;
  return [`Expectations: ${failures.length} of ${checked} do not hold:`, ...failures.map((failure) => `  ${failure}`)].join("\n");
}
