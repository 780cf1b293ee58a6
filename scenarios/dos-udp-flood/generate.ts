/** Writes the scenario's capture anew: `node dist/scenarios/dos-udp-flood/generate.js FILE.pcapng.gz`. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { PcapngWriter } from "../../traffic/index.js";
import { EPOCH_NS, INTERFACES, SNAPLEN, trafficOfScenario } from "./traffic.js";

/** The capture as pcapng: an interface for legitimate packets, one for those of the attack. */
export function captureOfScenario(): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "beeline-generate-"));
  try {
    const path = join(folder, "traffic.pcapng");
    const writer = new PcapngWriter(path, { epochNs: EPOCH_NS, comment: "made by scenarios/dos-udp-flood/generate.ts" });
    for (const name of INTERFACES) writer.addInterface({ name, snaplen: SNAPLEN });
    for (const { frame, timeNs, iface } of trafficOfScenario()) writer.write(frame, timeNs, { iface });
    writer.close();
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, , file] = process.argv;
  if (file === undefined) {
    process.stderr.write("usage: generate.js FILE.pcapng.gz\n");
    process.exitCode = 2;
  } else {
    writeFileSync(file, gzipSync(captureOfScenario(), { level: 9 }));
  }
}
