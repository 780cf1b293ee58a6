/** Helpers: which there are, what they take, and the network that some of them answer from. */
export * from "./error.js";
export * from "./names.js";
export type * from "./network.js";
export * from "./table.js";
