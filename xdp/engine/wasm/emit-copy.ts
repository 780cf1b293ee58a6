/** Copies a frame into its slot, for programs that may write to packets. */
import { XDP_PACKET_HEADROOM } from "../../abi.js";
import type { FunctionBuilder, Local } from "./function-builder.js";
import type { MemoryOp } from "./opcodes.js";

export interface CopyParts {
  readonly to: FunctionBuilder;
  /** Bytes, at least MIN_PACKET. */
  readonly length: Local<"i32">;
  readonly frame: Local<"i32">;
  readonly slot: Local<"i32">;
  readonly scratch32: Local<"i32">;
}

/** Copies `length` bytes from `frame` to the slot: whole words, of which the last ends where the frame does. */
export function emitCopyLinear({ to, length, frame, slot, scratch32 }: CopyParts): void {
  const copy = (load: MemoryOp, store: MemoryOp, bytes: number): void => {
    to.get(slot).get(scratch32).op("i32.add").get(frame).get(scratch32).op("i32.add").memory(load, 0).memory(store, XDP_PACKET_HEADROOM);
    to.get(scratch32).i32(bytes).op("i32.add").set(scratch32);
  };
  to.i32(0).set(scratch32);
  to.get(length).i32(16).op("i32.ge_u").if();
  const again = to.loop();
  copy("v128.load", "v128.store", 16);
  to.get(scratch32).get(length).i32(16).op("i32.sub").op("i32.lt_u").brIf(again);
  to.end();
  to.get(length).i32(16).op("i32.sub").set(scratch32);
  copy("v128.load", "v128.store", 16);
  to.else();
  copy("i64.load", "i64.store", 8);
  to.get(length).i32(8).op("i32.sub").set(scratch32);
  copy("i64.load", "i64.store", 8);
  to.end();
}
