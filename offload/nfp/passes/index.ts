/** The passes before selection, in the driver's order. */
import type { NfpProgram } from "../meta.js";
import { loadMask, loadShift } from "./classic_load.js";
import { gatherCopies } from "./gather.js";
import { negativeConstants } from "./negative.js";
import { packetCache } from "./packet_cache.js";
import { registerInit } from "./register_init.js";

export type Pass = (program: NfpProgram) => void;

export const PASSES: Readonly<Record<string, Pass>> = {
  "register-init": registerInit,
  "negative-constants": negativeConstants,
  "load-mask": loadMask,
  "load-shift": loadShift,
  "gather-copies": gatherCopies,
  "packet-cache": packetCache,
};
