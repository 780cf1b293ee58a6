/** All contract cases by group. */
import type { EngineCase } from "../case.js";
import { ALU_CASES } from "./alu.js";
import { ARGUMENT_CASES } from "./argument.js";
import { ATOMIC_CASES } from "./atomic.js";
import { CALL_CASES } from "./call.js";
import { CALLBACK_CASES } from "./callback.js";
import { CONTEXT_CASES } from "./context.js";
import { DYNPTR_CASES } from "./dynptr.js";
import { FAULT_CASES } from "./fault.js";
import { FIB_CASES } from "./fib.js";
import { FRAGMENT_CASES } from "./fragment.js";
import { JUMP_CASES } from "./jump.js";
import { MAP_CASES } from "./map.js";
import { MAP_KIND_CASES } from "./map_kinds.js";
import { MEMORY_CASES } from "./memory.js";
import { METADATA_CASES } from "./metadata.js";
import { NETWORK_CASES } from "./network.js";
import { PACKET_CASES } from "./packet.js";
import { REDIRECT_CASES } from "./redirect.js";
import { SHIFT_CASES } from "./shift.js";
import { TAIL_CASES } from "./tail.js";
import { TEXT_CASES } from "./text.js";
import { TIMER_CASES } from "./timer.js";
import { VALUE_CASES } from "./value.js";

export const CASES: Readonly<Record<string, readonly EngineCase[]>> = {
  arithmetic: ALU_CASES,
  shifts: SHIFT_CASES,
  jumps: JUMP_CASES,
  memory: MEMORY_CASES,
  atomics: ATOMIC_CASES,
  context: CONTEXT_CASES,
  calls: CALL_CASES,
  callbacks: CALLBACK_CASES,
  "tail calls": TAIL_CASES,
  maps: MAP_CASES,
  "map types": MAP_KIND_CASES,
  "packet helpers": PACKET_CASES,
  fragments: FRAGMENT_CASES,
  redirects: REDIRECT_CASES,
  "value helpers": VALUE_CASES,
  "dynptrs and iterators": DYNPTR_CASES,
  "the host's network": NETWORK_CASES,
  timers: TIMER_CASES,
  "metadata of the card": METADATA_CASES,
  "odd arguments": ARGUMENT_CASES,
  "texts and numbers": TEXT_CASES,
  "fib lookup": FIB_CASES,
  faults: FAULT_CASES,
};
