/** Progress of a long run: on stderr, only on a terminal, and only when it is long. */
import { createRequire } from "node:module";
import type * as CliProgress from "cli-progress";
import type { Progress } from "../../offload/index.js";

const SILENT_MS = 500;

export interface ProgressBar {
  update(progress: Progress): void;
  stop(): void;
}

/** Nothing is shown of a run that ends within half a second, or where stderr is no terminal. */
export function progressBar(loop: number): ProgressBar {
  if (!process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const started = performance.now();
  let bar: CliProgress.SingleBar | undefined;
  return {
    update({ packets, bytesRead, size, pass }) {
      if (performance.now() - started < SILENT_MS) return;
      if (bar === undefined) {
        const { Presets, SingleBar } = createRequire(import.meta.url)("cli-progress") as typeof CliProgress;
        const format = size === undefined ? "{packets} packets" : "{bar} {percentage} % | {packets} packets | {eta_formatted} left";
        bar = new SingleBar({ format, stream: process.stderr, clearOnComplete: true, hideCursor: true }, Presets.shades_classic);
        bar.start((size ?? 0) * loop, 0, { packets });
      }
      bar.update((pass - 1) * (size ?? 0) + bytesRead, { packets: packets.toLocaleString("en-US") });
    },
    stop: () => bar?.stop(),
  };
}
