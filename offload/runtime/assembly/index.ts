/** The run loop's exports, with those of the device model that it is built on. The memory is imported; all state lies in it, at addresses that the caller gives (../abi.ts). */
export { gather, receive, serve_baseline, serve_behind, serve_device, serve_device_afterwards, take } from "./loop";
export { model_complete, model_receive, model_service } from "./model";
export { egress_consume, egress_pass, egress_transmit } from "../../../nic/runtime/assembly/egress";
export { histogram_record } from "../../../nic/runtime/assembly/histogram";
export { series_record } from "../../../nic/runtime/assembly/series";
export { timeline_complete, timeline_decidable, timeline_offer } from "../../../nic/runtime/assembly/timeline";
