/**
 * How long `beeline run` takes on a large capture, and how much memory: the default scenario's program over
 * 1,000,000 packets of 64 to 1500 bytes, and over a capture several times as long.
 *
 *   node dist/bench/large-capture.js [--packets N] [--times N]
 *
 * Prints wall time of the whole process and its peak memory, both measured on this machine.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { PcapWriter, packet } from "../traffic/index.js";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const FLOWS = 4096;
const SPACING_NS = 1000;

interface Measurement {
  readonly packets: number;
  readonly fileBytes: number;
  readonly seconds: number;
  readonly peakBytes: number;
}

/** One frame per flow, UDP and TCP, IPv4 and IPv6, of 60 to 1496 bytes (64 to 1500 on the wire). */
function makeFrames(): Uint8Array[] {
  return Array.from({ length: FLOWS }, (_, flow) => {
    const size = 60 + ((flow * 2_654_435_761) % 1437);
    const ends = flow % 4 === 0 ? { src: `2001:db8::${flow.toString(16)}`, dst: "2001:db8:1::1" } : { src: `10.1.${flow >> 8}.${flow & 255}`, dst: "192.0.2.1" };
    const ports = { srcPort: 1024 + flow, dstPort: flow % 3 === 0 ? 53 : 443 };
    const network = packet().eth().ip(ends);
    const headers = flow % 2 === 0 ? network.udp(ports) : network.tcp(ports);
    const bare = headers.build().length;
    return headers.payload(Math.max(0, size - bare)).build();
  });
}

function writeCapture(path: string, frames: readonly Uint8Array[], packets: number): void {
  const writer = new PcapWriter(path);
  for (let i = 0; i < packets; i++) writer.write(frames[(i * 7919) % FLOWS], i * SPACING_NS);
  writer.close();
}

/** Runs the command line in a process of its own, which reports its peak memory when it exits. */
function measure(path: string, packets: number): Measurement {
  const program = join(ROOT, "scenarios/dos-udp-flood/program.bpf.o");
  const report = `process.on("exit",()=>require("node:fs").writeSync(3,String(process.resourceUsage().maxRSS)))`;
  const preload = `data:text/javascript,import{createRequire}from"node:module";const require=createRequire(process.execPath);${report}`;
  const started = performance.now();
  const child = spawnSync(process.execPath, ["--import", preload, join(ROOT, "dist/ui/cli/main.js"), "run", "--program", program, "--pcap", path, "--json"], {
    stdio: ["ignore", "pipe", "inherit", "pipe"],
    maxBuffer: 2 ** 28,
    encoding: "utf8",
  });
  const seconds = (performance.now() - started) / 1000;
  if (child.status !== 0) throw new Error(`beeline run ended with exit code ${child.status}`);
  const ran = (JSON.parse(child.stdout) as { packets: number }).packets;
  if (ran !== packets) throw new Error(`beeline run saw ${ran} of ${packets} packets`);
  return { packets, fileBytes: statSync(path).size, seconds, peakBytes: Number(child.output[3]) * 1024 };
}

const { values } = parseArgs({ options: { packets: { type: "string", default: "1000000" }, times: { type: "string", default: "20" } } });
const folder = mkdtempSync(join(tmpdir(), "beeline-bench-"));
try {
  const frames = makeFrames();
  console.log(`large captures through beeline run, measured on ${cpus().length} x ${cpus()[0].model}, Node ${process.version}, load ${loadavg()[0].toFixed(2)}`);
  for (const times of new Set([1, Number(values.times)])) {
    const path = join(folder, "large.pcap");
    writeCapture(path, frames, Number(values.packets) * times);
    const { packets, fileBytes, seconds, peakBytes } = measure(path, Number(values.packets) * times);
    console.log(`${packets} packets, ${(fileBytes / 2 ** 20).toFixed(0)} MiB: ${seconds.toFixed(2)} s wall, ${(peakBytes / 1e6).toFixed(0)} MB peak, ${(packets / seconds / 1e6).toFixed(2)} Mpps from start to result`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
