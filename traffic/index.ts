/** Packets and captures. Knows nothing of BPF or NICs. */
export { MAX_FRAME_BYTES, Trace, traceBytes } from "./trace.js";
export type { TraceStorage } from "./trace.js";
