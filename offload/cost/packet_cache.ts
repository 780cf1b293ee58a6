/**
 * Which packet loads the card's translator serves from its packet cache: loads from one pointer within 64 bytes, on a
 * straight stretch of code without packet writes, are read by one memory command (Linux 6.1 nfp driver, "pkt cache").
 */
import {
  BPF_ADD, BPF_ALU, BPF_ALU64, BPF_CALL, BPF_JMP, BPF_JMP32, BPF_LD, BPF_LDX, BPF_MOV, BPF_ST, BPF_STX, BPF_X, bytesOf, classOf, operationOf,
} from "../../xdp/index.js";
import type { ProgramSpec } from "../../xdp/index.js";
import { KIND_PACKET } from "./kinds.js";
import type { Kinds } from "./kinds.js";
import { jumpTargets } from "./flow.js";

const WINDOW = 64;

/** 1 by slot where a packet load finds its bytes already read. */
export function packetCacheHits(program: ProgramSpec, kinds: Kinds): Uint8Array {
  const { insns } = program;
  const hits = new Uint8Array(insns.length);
  const targets = jumpTargets(insns);
  for (const { start } of program.functions) targets[start] = 1;
  // Value number of each register, and its constant distance from that value.
  const value = new Int32Array(11);
  const offset = new Int32Array(11);
  let fresh = 1;
  let cached = 0;
  let low = 0;
  let high = 0;
  for (let slot = 0; slot < insns.length; slot++) {
    const { op, dst, src, off, imm } = insns[slot];
    if (targets[slot] !== 0) {
      cached = 0;
      for (let r = 0; r < 11; r++) value[r] = fresh++;
    }
    const operation = operationOf(op);
    switch (classOf(op)) {
      case BPF_LDX:
        if (kinds.of(slot, src) === KIND_PACKET) {
          const from = offset[src] + off;
          const to = from + bytesOf(op);
          const lowest = Math.min(low, from);
          const highest = Math.max(high, to);
          if (cached === value[src] && highest - lowest <= WINDOW) {
            hits[slot] = 1;
            low = lowest;
            high = highest;
          } else {
            cached = value[src];
            low = from;
            high = to;
          }
        }
        value[dst] = fresh++;
        offset[dst] = 0;
        break;
      case BPF_ST:
      case BPF_STX:
        if (kinds.of(slot, dst) === KIND_PACKET) cached = 0;
        break;
      case BPF_ALU64:
        if (operation === BPF_MOV && (op & BPF_X) !== 0 && off === 0) {
          value[dst] = value[src];
          offset[dst] = offset[src];
        } else if (operation === BPF_ADD && (op & BPF_X) === 0) offset[dst] += imm;
        else {
          value[dst] = fresh++;
          offset[dst] = 0;
        }
        break;
      case BPF_ALU:
      case BPF_LD:
        value[dst] = fresh++;
        offset[dst] = 0;
        break;
      case BPF_JMP:
      case BPF_JMP32:
        if (operation === BPF_CALL) {
          cached = 0;
          for (let r = 0; r <= 5; r++) {
            value[r] = fresh++;
            offset[r] = 0;
          }
        }
    }
  }
  return hits;
}
