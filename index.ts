/** Beeline as a library: everything that the command line does. */
export * from "./nic/index.js";
export * from "./offload/index.js";
export * from "./scenarios/index.js";
export * from "./traffic/index.js";
export * from "./xdp/index.js";
