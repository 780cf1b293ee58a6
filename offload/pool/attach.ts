/** Engines on a pool thread, from what the main thread sent. */
import { attachInterpreter } from "../../xdp/index.js";
import type { Engine } from "../../xdp/index.js";
import type { PoolData } from "./task.js";

export function attachEngine(data: PoolData, worker: number): Engine {
  return attachInterpreter(data.memory, data.areas[worker]);
}
