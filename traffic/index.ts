/** Packets and captures. Knows nothing of BPF or NICs. */
export { MAX_FRAME_BYTES, Trace, traceBytes } from "./trace.js";
export type { TraceStorage } from "./trace.js";
export { openCapture } from "./capture/open.js";
export type { OpenCaptureOptions } from "./capture/open.js";
export { CaptureError } from "./capture/errors.js";
export type { CapturePlace } from "./capture/errors.js";
export type { CaptureInterface, CaptureReader } from "./capture/reader.js";
export { SYNTHETIC_DESTINATION, SYNTHETIC_SOURCE, ETHERTYPE_UNKNOWN } from "./capture/link-type.js";
