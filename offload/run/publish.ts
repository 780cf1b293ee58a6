/** Hands rows to sinks, in arrival order, while the packets' bytes are there. */
import type { PacketBatch, Sink } from "../types.js";
import type { Columns } from "./columns.js";

/** What sinks get that read no columns. */
const NOTHING = { count: 0 } as PacketBatch;

export function publish(sinks: readonly Sink[], columns: Columns | undefined, count: number): void {
  if (columns !== undefined) columns.count = count;
  for (const sink of sinks) sink.batch?.(columns ?? NOTHING);
}

/** Whether any of them reads columns. */
export function readColumns(sinks: readonly Sink[]): boolean {
  return sinks.some(({ batch, columns }) => batch !== undefined && columns !== false);
}
