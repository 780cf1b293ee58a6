/**
 * bpf_xdp_adjust_head by a number that is known, without a call: as the runtime's function (runtime/assembly/helpers/packet.ts),
 * for packets that have no metadata to move along.
 */
import { ENV_DATA, ENV_DATA_META, ENV_LOW_WATER, MIN_PACKET, XDP_FRAME_BYTES } from "../../abi.js";
import type { PacketLocals } from "./emitter.js";
import type { FunctionBuilder, Local } from "./function-builder.js";

const EINVAL = 22;
/** Headroom is opened by single stores up to here, by a loop beyond. */
const MOST_STORES = 64;

export interface HeadParts {
  readonly to: FunctionBuilder;
  readonly env: Local<"i32">;
  /** Start of the packet's slot. */
  readonly slot: Local<"i32">;
  readonly packet: PacketLocals;
  /** Lowest byte that the program was given so far. */
  readonly low: Local<"i64">;
  readonly address: Local<"i64">;
  readonly result: Local<"i64">;
  /** Whether helpers look at the packet's ends, which the environment then has to say. */
  readonly shared: boolean;
}

/** Moves the packet's start by `bytes`, and sets the result to 0; or sets it to -EINVAL. */
export function emitMoveHead(parts: HeadParts, bytes: number): void {
  const { to, env, slot, packet, address, result, shared } = parts;
  to.get(packet.data).i64(bytes).op("i64.add").tee(address);
  if (bytes < 0) to.get(slot).i32(XDP_FRAME_BYTES).op("i32.add").op("i64.extend_i32_u").op("i64.lt_s");
  else to.get(packet.end).i64(MIN_PACKET).op("i64.sub").op("i64.gt_s");
  to.if();
  to.i64(-EINVAL).set(result);
  to.else();
  if (bytes < 0) openHeadroom(parts, -bytes);
  to.get(address).tee(packet.data).set(packet.meta);
  if (shared) {
    to.get(env).get(address).memory("i64.store32", ENV_DATA);
    to.get(env).get(address).memory("i64.store32", ENV_DATA_META);
  }
  to.i64(0).set(result);
  to.end();
}

/** Bytes that were not given before are an earlier packet's: zeroed. `bytes`: from the new start to the old one. */
function openHeadroom({ to, env, packet, low, address, shared }: HeadParts, bytes: number): void {
  if (shared) to.get(env).memory("i64.load32_u", ENV_LOW_WATER).set(low);
  to.get(address).get(low).op("i64.lt_u").if();
  if (bytes <= MOST_STORES) {
    to.get(low).get(packet.data).op("i64.eq").if();
    let done = 0;
    for (const [size, store] of [[8, "i64.store"], [4, "i64.store32"], [2, "i64.store16"], [1, "i64.store8"]] as const) {
      for (; bytes - done >= size; done += size) to.get(address).op("i32.wrap_i64").i64(0).memory(store, done);
    }
    to.else();
  }
  const again = to.loop();
  to.get(low).i64(1).op("i64.sub").tee(low).op("i32.wrap_i64").i64(0).memory("i64.store8", 0);
  to.get(low).get(address).op("i64.gt_u").brIf(again);
  to.end();
  if (bytes <= MOST_STORES) to.end();
  to.get(address).set(low);
  if (shared) to.get(env).get(low).memory("i64.store32", ENV_LOW_WATER);
  to.end();
}
