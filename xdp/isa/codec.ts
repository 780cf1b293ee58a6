/** Bytes to instructions and back: 8 bytes a slot, little-endian (RFC 9669, section 3.1). */
import type { Insn } from "../object/spec.js";
import { InsnError } from "./error.js";

/** Bytes of one instruction slot. */
export const INSN_BYTES = 8;

/**
 * Instructions of little-endian bytes. It judges nothing but the length: see {@link validate}.
 * @throws InsnError where the length is not a multiple of 8.
 */
export function decode(bytes: Uint8Array): Insn[] {
  if (bytes.length % INSN_BYTES !== 0) {
    throw new InsnError(Math.floor(bytes.length / INSN_BYTES), 0, `${bytes.length} bytes are not a whole number of 8-byte instructions`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const insns: Insn[] = [];
  for (let at = 0; at < bytes.length; at += INSN_BYTES) {
    const registers = view.getUint8(at + 1);
    insns.push({ op: view.getUint8(at), dst: registers & 0x0f, src: registers >> 4, off: view.getInt16(at + 2, true), imm: view.getInt32(at + 4, true) });
  }
  return insns;
}

/**
 * Little-endian bytes of instructions.
 * @throws InsnError where a field does not fit its bits.
 */
export function encode(insns: readonly Insn[]): Uint8Array {
  const bytes = new Uint8Array(insns.length * INSN_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [i, { op, dst, src, off, imm }] of insns.entries()) {
    if ((op & 0xff) !== op) throw new InsnError(i, op, `opcode ${op} is not a byte`);
    if ((dst & 0x0f) !== dst || (src & 0x0f) !== src) throw new InsnError(i, op, `register r${(dst & 0x0f) === dst ? src : dst} does not fit 4 bits`);
    if ((off << 16) >> 16 !== off) throw new InsnError(i, op, `offset ${off} does not fit 16 bits`);
    if ((imm | 0) !== imm) throw new InsnError(i, op, `immediate ${imm} does not fit 32 bits`);
    const at = i * INSN_BYTES;
    view.setUint8(at, op);
    view.setUint8(at + 1, dst | (src << 4));
    view.setInt16(at + 2, off, true);
    view.setInt32(at + 4, imm, true);
  }
  return bytes;
}
