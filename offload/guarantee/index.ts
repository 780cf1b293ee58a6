/** The rate that no packet can take away. */
export { GuaranteeError } from "./errors.js";
export { guarantee } from "./guarantee.js";
export type { BoundKind, Guarantee, GuaranteeOptions } from "./guarantee.js";
export type { GuaranteeLine, PathSummary, Share } from "./lines.js";
