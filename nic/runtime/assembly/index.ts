/** The device model's exports. The memory is imported; all state lies in it, at addresses that the caller gives (../abi.ts). */
export { egress_consume, egress_pass, egress_transmit } from "./egress";
export { histogram_record } from "./histogram";
export { series_record } from "./series";
export { timeline_complete, timeline_decidable, timeline_offer } from "./timeline";
