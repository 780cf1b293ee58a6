/** Makes keys and values that mean something: fields that are named like addresses, ports or protocols get those of a frame. */
import type { BtfSpec } from "../../xdp/object/index.js";
import { resolved, sizeOfType } from "../../xdp/object/index.js";
import type { Endpoints } from "../differential/seeds.js";
import { endpointsOf } from "../differential/seeds.js";

/** A field of a key or value that is filled as a whole. */
interface Field {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

const AF_INET = 2;
const AF_INET6 = 10;
const NEXT_HEADER = 20;
const PROTOCOL = 23;

/** Fields of a type; one nameless field where BTF does not tell. */
export function fieldsOf(btf: BtfSpec | undefined, typeId: number, size: number): readonly Field[] {
  if (btf === undefined || typeId === 0) return [{ name: "", offset: 0, size }];
  return leaves(btf, typeId, "", 0);
}

function leaves(btf: BtfSpec, typeId: number, name: string, offset: number): Field[] {
  const type = resolved(btf, typeId);
  const size = sizeOfType(btf, typeId) ?? 0;
  // A union of 16 bytes is an address that may be either, and arrays are addresses too.
  if (type.kind !== "struct" && !(type.kind === "union" && ![4, 16].includes(size))) return [{ name, offset, size }];
  return type.members.flatMap((member) => leaves(btf, member.type, `${name}.${member.name}`, offset + (member.bitOffset >> 3)));
}

/** All bytes of a key or value for a frame; `other` gives the words that are not about frames. Undefined where the frame has not what the fields want. */
export function fillFor(frame: Uint8Array, turn: number, fields: readonly Field[], size: number, other: (at: number) => number | undefined): Uint8Array | undefined {
  const ends = endpointsOf(frame);
  const taken = new Map<number, number>();
  const bytes = new Uint8Array(size);
  for (const field of fields) {
    const count = taken.get(field.size) ?? 0;
    taken.set(field.size, count + 1);
    const part = frameBytes(frame, ends, field, fields.length === 1 ? turn & 1 : count & 1);
    const number = other(field.offset);
    if (part === undefined && number === undefined) return undefined;
    if (part !== undefined) bytes.set(part.subarray(0, field.size), field.offset);
    else for (let at = field.offset; at < field.offset + field.size; at += 4) bytes[at] = other(at) ?? 0;
  }
  return bytes;
}

function frameBytes(frame: Uint8Array, { macs, ipv4, ipv6, ports }: Endpoints, { name, size }: Field, turn: number): Uint8Array | undefined {
  const side = /dst|dest|daddr|dport|vip|port16\[1/i.test(name) ? 1 : /src|saddr|sport|source/i.test(name) ? 0 : turn;
  if (/family/i.test(name)) return Uint8Array.of(ipv6.length > 0 ? AF_INET6 : AF_INET, 0);
  if (/proto|nexthdr/i.test(name) || (name === "" && size === 1)) return frame.slice(ipv6.length > 0 ? NEXT_HEADER : PROTOCOL).subarray(0, 1);
  if (/port/i.test(name) && size === 4 && ports.length > 0) return Buffer.concat(ports);
  if (/mac/i.test(name) || size === 6) return macs[side];
  const unnamed = name === "" || /addr|src|dst|vip|ip/i.test(name);
  if (size === 2 && (name === "" || /port/i.test(name))) return ports[side];
  if (size === 4 && unnamed) return ipv4[side];
  if (size === 8 && unnamed) return ipv4[side] ?? macs[side];
  if (size === 16 && unnamed) return ipv6[side] ?? ipv4[side];
  return unnamed && size > 16 && ipv4.length > 0 ? frame.slice(26, 26 + size) : undefined;
}
