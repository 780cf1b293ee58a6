/** How a program wants to run among others: libxdp's XDP_RUN_CONFIG, a struct `_PROGRAM` in section `.xdp_run_config` that only BTF reads. */
import { resolved, typeOf } from "./btf_types.js";
import { VERDICTS } from "../verdict.js";
import type { XdpAction } from "../verdict.js";
import type { ObjectSpec } from "./spec.js";

const SECTION = ".xdp_run_config";
const DEFAULT_PRIORITY = 50;

/** A program's place in a chain. */
export interface RunConfig {
  /** Lower runs first. */
  readonly priority: number;
  /** Actions after which the next program runs. */
  readonly chainCallActions: readonly XdpAction[];
}

/** What the object says of a program; where it says nothing, priority 50, and the next program runs after XDP_PASS. */
export function runConfig(object: ObjectSpec, program: string): RunConfig {
  const { btf } = object;
  let priority = DEFAULT_PRIORITY;
  const actions = new Set<XdpAction>(["XDP_PASS"]);
  const section = btf?.types.find((t) => t.kind === "datasec" && t.name === SECTION);
  const variables = btf && section?.kind === "datasec" ? section.vars.map((v) => typeOf(btf, v.type)) : [];
  const variable = variables.find((v) => v.kind === "var" && v.name === `_${program}`);
  const struct = btf && variable?.kind === "var" ? resolved(btf, variable.type) : undefined;
  if (!btf || struct?.kind !== "struct") return { priority, chainCallActions: [...actions] };
  for (const { name, type } of struct.members) {
    const pointer = resolved(btf, type);
    const array = pointer.kind === "ptr" ? resolved(btf, pointer.type) : undefined;
    if (array?.kind !== "array") continue;
    const action = VERDICTS.find((a) => a === name);
    if (name === "priority") priority = array.count;
    else if (action && array.count > 0) actions.add(action);
    else if (action) actions.delete(action);
  }
  return { priority, chainCallActions: VERDICTS.filter((a) => actions.has(a)) };
}
