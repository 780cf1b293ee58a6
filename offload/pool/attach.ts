/** Engines on a pool thread, from what the main thread sent. */
import { attachInterpreter, attachWasmEngine } from "../../xdp/index.js";
import type { Engine } from "../../xdp/index.js";
import type { PoolData } from "./task.js";

export function attachEngine(data: PoolData, worker: number): Engine {
  const area = data.areas[worker];
  return data.program === undefined ? attachInterpreter(data.memory, area) : attachWasmEngine(data.program, data.memory, area);
}
