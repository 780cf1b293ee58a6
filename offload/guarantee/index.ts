/** The rate that no packet can take away. */
export { GuaranteeError } from "./errors.js";
export { guarantee } from "./guarantee.js";
export type { BoundKind, Example, Guarantee, GuaranteeOptions } from "./guarantee.js";
export { ARRIVAL_NS as EXAMPLE_ARRIVAL_NS } from "./trial.js";
export type { ExamplePacket } from "./example.js";
export type { GuaranteeLine, PathSummary, Share } from "./lines.js";
