/** What `beeline plan` prints for people. */
import type { Configuration, PlanResult } from "../../../offload/index.js";
import { count, duration, figure, share } from "../format.js";
import { table } from "../table.js";

/** The whole plan, section by section; sections that have nothing to say are left out. */
export function planText(result: PlanResult): string {
  return [heading(result), admission(result), target(result), candidates(result), savings(result), sizes(result), attack(result), fill(result), result.notes.map((note) => `note: ${note}`).join("\n")]
    .filter((section) => section !== "").join("\n\n");
}

function heading({ profile, highest, packets, meanFrameBytes, verdicts, ranges }: PlanResult): string {
  const limits = Object.entries(highest.limits).map(([part, mpps]) => `${part} ${figure(mpps)}`).join(", ");
  const mix = Object.entries(verdicts).filter(([, n]) => n > 0).map(([name, n]) => `${name} ${share(n, packets)}`).join(", ");
  return [
    `${count(packets)} packets, ${figure(meanFrameBytes)} bytes a frame (check sequence included): ${mix}`,
    `${profile}, modelled: ${figure(highest.mpps)} Mpps (${figure(highest.gbps)} Gb/s on the wire) without loss, bound by ${highest.bound}`,
    `  each part alone, Mpps: ${limits}`,
    `  latency there: p50 ${duration(highest.trial.latencyNs.p50)}, p99 ${duration(highest.trial.latencyNs.p99)}, p99.9 ${duration(highest.trial.latencyNs.p999)}, max ${duration(highest.trial.latencyNs.max)}`,
    ...ranges.map(({ of, low, high }) => `  ${figure(low)} to ${figure(high)} Mpps with ${of}`),
  ].join("\n");
}

function admission({ profile, admitted, reasons }: PlanResult): string {
  return admitted === false ? [`${profile} refuses this program; figures say what it would do if it took it:`, ...reasons.map((reason) => `  ${reason}`)].join("\n") : "";
}

function target({ demand, smallest, profile, admitted }: PlanResult): string {
  if (demand === undefined || smallest === undefined) return "";
  const p99 = demand.p99Ns === undefined ? "" : `, p99 ${duration(demand.p99Ns)}`;
  const head = `Target ${figure(demand.mpps)} Mpps, loss ${demand.loss * 100} %${p99}`;
  if (smallest.configuration === undefined) return `${head}: ${profile} does not meet it: ${smallest.why ?? ""}`;
  const meets = admitted === false ? "refuses the program, but would meet it" : "meets it";
  return `${head}: ${profile} ${meets} with ${configuration(smallest.configuration)}\n  then: cores ${share(smallest.trial.parts.cores ?? 0, 1)} busy, latency p50 ${duration(smallest.trial.latencyNs.p50)}, p99 ${duration(smallest.trial.latencyNs.p99)}`;
}

function configuration({ cores, queues, ringSize, ports, ingressPackets }: Configuration): string {
  const ingress = ingressPackets === undefined ? "" : `, ${ingressPackets} packets in front of the cores`;
  return `${plural(ports, "port")}, ${plural(cores, "core")}, ${plural(queues, "queue")}, rings of ${ringSize}${ingress}`;
}

function candidates({ candidates: all, demand }: PlanResult): string {
  if (all.length === 0) return "";
  const rows = all.map((one) => [one.profile, figure(one.mpps), one.bound, one.meets === undefined ? (one.admitted === false ? "refuses" : "-") : one.meets ? "yes" : "no"]);
  const more = all.flatMap((one) => {
    if (one.configuration !== undefined) return [`  ${one.profile} does with ${configuration(one.configuration)}`];
    return one.why === undefined ? [] : [`  ${one.profile}: ${one.why}`];
  });
  return [table(["Others, modelled", "Mpps without loss", "bound by", demand === undefined ? "takes it" : "would do"], rows), ...more].join("\n");
}

function savings({ savings: all, savingsAtMpps, hostCores, profile }: PlanResult): string {
  if (all.length === 0) return "";
  const rows = all.map((one) => [one.path, figure(one.mppsPerCore), one.provenance, figure(one.cores), figure(one.saved)]);
  return [table([`Host processors at ${figure(savingsAtMpps)} Mpps`, "Mpps a core", "figure is", "cores", "saved"], rows), `  with ${profile} the host needs ${figure(hostCores)} for what is passed (modelled)`].join("\n");
}

function sizes({ bySize }: PlanResult): string {
  return table(["Frame, bytes (modelled)", "Mpps", "Gb/s", "bound by"], bySize.map((row) => [String(row.bytes), figure(row.mpps), figure(row.gbps), row.bound]));
}

function attack({ byAttackShare: shift }: PlanResult): string {
  if (shift === undefined) return "";
  const head = shift.by === "label" ? `Share of traffic labelled ${shift.attack} (modelled)` : `Share of ${shift.attack} (modelled)`;
  const rows = shift.rows.map((row) => [`${row.share * 100} %`, figure(row.mpps), figure(row.gbps), row.bound]);
  const stopped = shift.by === "label" ? `; the program stops ${share(shift.stopped, 1)} of it, and ${share(shift.hurt, 1)} of the rest` : "";
  return [table([head, "Mpps", "Gb/s", "bound by"], rows), `  in this traffic it is ${share(shift.share, 1)}${stopped}`].join("\n");
}

function fill({ byFill }: PlanResult): string {
  if (byFill.length === 0) return "";
  return table(["Hash tables full to (modelled)", "Mpps", "Gb/s", "bound by"], byFill.map((row) => [`${row.fill * 100} %`, figure(row.mpps), figure(row.gbps), row.bound]));
}

function plural(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? "" : "s"}`;
}
