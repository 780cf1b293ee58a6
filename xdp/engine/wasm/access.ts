/** What must be checked about one memory access, given what is known of its pointer. */
import { STACK_FRAME_BYTES, XDP_MD_BYTES } from "../../abi.js";
import { STACK_SIZE } from "../../isa/register.js";
import { REGION_MAP_VALUE, REGION_METADATA, REGION_PACKET, REGION_STACK } from "../../verifier/facts.js";
import { reachOf } from "./state.js";
import type { State } from "./state.js";
import { hintOf } from "./value.js";
import type { Value } from "./value.js";

/**
 * - `frame`: proven, at the constant offset `off` from r10
 * - `context`: proven, a read at the constant offset `off`
 * - `proven`: nothing to check, for what is known here of the pointer
 * - `verified`: nothing to check, for what the verifier knew; the memory is of these kinds (REGION_*)
 * - `packet`, `stack`: compare with that region first, ask the runtime where it is not there
 * - `ask`: ask the runtime
 */
export type Access = { readonly check: "frame" | "context"; readonly off: number } | { readonly check: "verified"; readonly regions: number } | { readonly check: "proven" | "packet" | "stack" | "ask" };

const PROVEN: Access = { check: "proven" };

/** Whether an access that was verified stays away from the stack, the program's own and its callers'. */
export function isOffStack(access: Access): boolean {
  return access.check === "verified" && (access.regions & ~(REGION_PACKET | REGION_METADATA | REGION_MAP_VALUE)) === 0;
}

/** Whether an access that was verified stays away from the packet. */
export function isOffPacket(access: Access): boolean {
  return access.check === "verified" && (access.regions & ~(REGION_STACK | REGION_MAP_VALUE)) === 0;
}

/** Whether nothing is left to check. */
export function isSafe({ check }: Access): boolean {
  return check === "frame" || check === "context" || check === "proven" || check === "verified";
}

/**
 * The access of `bytes` bytes at `base` + `off`; `depth`: frames that are surely there above this function's own; `regions`:
 * kinds of memory that it was verified to be in bounds of, 0 where it was not verified.
 */
export function classifyAccess(state: State, base: Value, off: number, bytes: number, write: boolean, depth: number, regions = 0): Access {
  const access = classify(state, base, off, bytes, write, depth);
  return regions === 0 || isSafe(access) ? access : { check: "verified", regions };
}

function classify(state: State, base: Value, off: number, bytes: number, write: boolean, depth: number): Access {
  switch (base.kind) {
    case "stack":
      if (base.min + off < -STACK_SIZE || base.max + off + bytes > depth * STACK_FRAME_BYTES) return { check: "stack" };
      return base.min === base.max ? { check: "frame", off: base.min + off } : PROVEN;
    case "ctx":
      return !write && base.off + off >= 0 && base.off + off + bytes <= XDP_MD_BYTES ? { check: "context", off: base.off + off } : { check: "ask" };
    case "packet":
      return base.off + off >= 0 && base.off + off + bytes <= reachOf(state, base.id) ? PROVEN : { check: "packet" };
    case "value":
      if (base.nullable || base.access === (write ? "read" : "write")) return { check: "ask" };
      return base.min + off >= 0 && base.max + off + bytes <= base.size ? PROVEN : { check: "ask" };
    default: {
      const hint = hintOf(base);
      return hint === "packet" || hint === "stack" ? { check: hint } : { check: "ask" };
    }
  }
}
