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
  process.stdout.write(json ? `${JSON.stringify({ profile: device.name, ...found }, null, 2)}\n` : text(device.name, found));
  return 0;
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
    ...(found.lines.length === 0 ? [] : ["", ...found.lines.map((line) => `${count(Math.round(line.cycles)).padStart(width + 2)} cycles${times(line.times)}  ${line.file}:${line.line}  ${line.text}`)]),
    "",
  ].join("\n");
}

function overText({ over, why }: Guarantee): string {
  return over === "verifier"
    ? "over the paths that the verifier finds feasible; where one of its states stands for another, what no packet can take may be counted too"
    : `over all paths of the control flow, of which no packet may take the slowest: ${why ?? "the verifier's are not known"}`;
}
