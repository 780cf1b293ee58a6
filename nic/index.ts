/** A deterministic model of a NIC: ports, RSS, receive queues and rings, the device clock, counters. It knows packets and costs, not programs. */
export { NicCounters } from "./counters.js";
export { MIN_RECEIVE, Nic } from "./nic.js";
export type { NicSpec } from "./nic.js";
export { RssError } from "./rss/errors.js";
export { DEFAULT_FIELDS, fieldTable, FLOW_TYPES, parseFields } from "./rss/fields.js";
export type { FlowType, HashFields } from "./rss/fields.js";
export { indirectionTable, parseIndirection } from "./rss/indirection.js";
export type { IndirectionSpec } from "./rss/indirection.js";
export { MICROSOFT_KEY, parseKey, symmetricKey } from "./rss/key.js";
export { Rss } from "./rss/rss.js";
export type { RssSpec } from "./rss/rss.js";
export { toeplitzHash, toeplitzTable } from "./rss/toeplitz.js";
export { Arrivals, MIN_FRAME, parseRate, RateError, WIRE_OVERHEAD, wireBytes } from "./timeline/arrivals.js";
export type { Rate } from "./timeline/arrivals.js";
export { Histogram } from "./timeline/histogram.js";
export { ADMITTED, DROPPED_MAC, DROPPED_RING, Timeline, UNDECIDED } from "./timeline/timeline.js";
export type { TimelineSpec } from "./timeline/timeline.js";
