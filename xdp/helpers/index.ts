/** Helpers: which there are, what they take, and the network that some of them answer from. */
export { ProgramError, UnsupportedError, placeText } from "./error.js";
export type { ProgramPlace, UnsupportedKind } from "./error.js";
export { HELPER_NAMES, helperName } from "./names.js";
export type { ConnectionSpec, InterfaceSpec, NeighbourSpec, NetworkSpec, RouteSpec, SocketSpec } from "./network.js";
export { NetworkError, placeNetwork } from "./network_tables.js";
export type { NetworkMemory } from "./network_tables.js";
export { FIRST_KFUNC, KFUNCS, KFUNC_BY_NAME } from "./kfuncs.js";
export { NOT_FOR_XDP, REFUSED_HELPERS, REFUSED_KFUNCS, whyNoHelper, whyNoKfunc } from "./refused.js";
export type { Refusal } from "./refused.js";
export { BPF_FUNC_map_delete_elem, BPF_FUNC_map_lookup_elem, BPF_FUNC_map_update_elem, BPF_FUNC_redirect_map, BPF_FUNC_tail_call, HELPERS, HELPER_BY_ID } from "./table.js";
export type { HelperSpec } from "./table.js";
