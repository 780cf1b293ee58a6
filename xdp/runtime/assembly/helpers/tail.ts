/** Tail calls: which program comes next. Jumping there is the engine's. */
import { ENV_TAIL_CALLS, MACHINE, MACHINE_PROGRAM_COUNT, MAP_TYPE, MAX_TAIL_CALLS } from "../../../abi";
import { prog_array_get } from "../maps/index";

const BPF_MAP_TYPE_PROG_ARRAY: u32 = 3;

/** Number of the program at `index`, plus 1; 0 where the call falls through: no entry, or the chain is too long. Counts the call. */
export function tail_call_target(env: u32, map: u32, index: u32): u32 {
  if (load<u32>(map, MAP_TYPE) != BPF_MAP_TYPE_PROG_ARRAY) return 0;
  const calls = load<u32>(env, ENV_TAIL_CALLS);
  if (calls >= u32(MAX_TAIL_CALLS)) return 0;
  const program = prog_array_get(map, index);
  if (program == 0 || program > load<u32>(MACHINE, MACHINE_PROGRAM_COUNT)) return 0;
  store<u32>(env, calls + 1, ENV_TAIL_CALLS);
  return program;
}
