/** Maps: made in a machine's memory, seen by the control plane, seeded and dumped. Their code is in the wasm runtime. */
export { type CreateMapsOptions, createMaps } from "./create.js";
export { type PerfEvent, type PerfEvents, drainPerfEvents, drainRingbuf, openPerfReaders, pushUserRingbuf } from "./drain.js";
export { type CpuValue, type DumpEntry, type HexBytes, type InnerDump, type MapDump, dumpMap, dumpMaps } from "./dump.js";
export { MapError } from "./error.js";
export type { InnerMaps, MapHandle } from "./handle.js";
export type { MapRuntime } from "./runtime_handle.js";
export { seedMaps } from "./seed.js";
export { SeedError } from "./seed_error.js";
export { isMapTypeSupported } from "./shape.js";
export { refusalReason } from "./refused.js";
