/** Wireshark's dissector as an independent judge of built frames. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Whether tshark can be run here. */
export const hasTshark = spawnSync("tshark", ["--version"]).status === 0;

/** Whether tcpdump can be run here. */
export const hasTcpdump = spawnSync("tcpdump", ["--version"]).status === 0;

/** What {@link runTshark} reports of one frame. */
export interface TsharkFrame {
  readonly protocols: string;
  /** Text of expert marks of severity warning or error, and malformed marks. */
  readonly complaints: readonly string[];
}

function withCapture<T>(frames: readonly Uint8Array[], use: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "beeline-packet-"));
  try {
    const file = join(folder, "frames.pcap");
    writeFileSync(file, classicPcap(frames));
    return use(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Dissects `frames` with every checksum check switched on. */
export function runTshark(frames: readonly Uint8Array[]): TsharkFrame[] {
  return withCapture(frames, (file) => {
    const preferences = ["ip.check_checksum:TRUE", "tcp.check_checksum:TRUE", "udp.check_checksum:TRUE", "tcp.analyze_sequence_numbers:FALSE"].flatMap((value) => ["-o", value]);
    const fields = ["frame.protocols", "_ws.expert.message", "_ws.expert.severity", "_ws.malformed"].flatMap((name) => ["-e", name]);
    const run = spawnSync("tshark", ["-n", "-r", file, ...preferences, "-T", "fields", "-E", "separator=\t", "-E", "aggregator=|", ...fields], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    if (run.status !== 0) throw new Error(`tshark: ${run.stderr}`);
    return run.stdout.trimEnd().split("\n").map(readLine);
  });
}

function readLine(line: string): TsharkFrame {
  const [protocols, messages = "", severities = "", malformed = ""] = line.split("\t");
  const severity = severities.split("|").map(Number);
  // Wireshark: note 4194304, warning 6291456, error 8388608.
  const complaints = messages.split("|").filter((_, i) => severity[i] >= 6291456);
  return { protocols, complaints: malformed === "" ? complaints : [...complaints, `malformed ${malformed}`] };
}

/** The lines that `tcpdump -n -t` prints, without the names of link types. */
export function runTcpdump(frames: readonly Uint8Array[]): string[] {
  return withCapture(frames, (file) => {
    const run = spawnSync("tcpdump", ["-n", "-t", "-S", "-r", file], { encoding: "utf8" });
    return run.stdout.trimEnd().split("\n");
  });
}

function classicPcap(frames: readonly Uint8Array[]): Uint8Array {
  const size = frames.reduce((sum, frame) => sum + 16 + frame.length, 24);
  const out = new DataView(new ArrayBuffer(size));
  [0xa1b2c3d4, 0x00020004, 0, 0, 262144, 1].forEach((word, i) => out.setUint32(4 * i, word));
  let at = 24;
  for (const frame of frames) {
    out.setUint32(at + 8, frame.length);
    out.setUint32(at + 12, frame.length);
    new Uint8Array(out.buffer).set(frame, at + 16);
    at += 16 + frame.length;
  }
  return new Uint8Array(out.buffer);
}
