/** The program machine: objects, instruction set, maps, helpers, engines. Knows bytes and programs, not NICs. */
export * as abi from "./abi.js";
export * from "./engine/index.js";
export * from "./helpers/index.js";
export * from "./isa/index.js";
export * from "./maps/index.js";
export * from "./object/index.js";
export { VERDICTS } from "./verdict.js";
export type { XdpAction } from "./verdict.js";
export * from "./verifier/index.js";
