/** Traffic within something: a VLAN, or cut as a capture with a snapshot length holds it. */
import { packet } from "../packet/builder.js";
import { ETH_P_8021Q } from "../packet/numbers.js";
import type { VlanSpec } from "../packet/vlan.js";
import { get16, put16 } from "../packet/bytes.js";
import type { Traffic } from "./source.js";

/** `traffic` with a VLAN tag right behind the addresses; apply it twice for QinQ, the outer tag last. */
export function inVlan(traffic: Traffic, spec: VlanSpec): Traffic {
  const tag = packet().vlan(spec).build();
  return (random) => {
    const next = traffic(random);
    return () => {
      const frame = next();
      const out = new Uint8Array(frame.length + tag.length);
      out.set(frame.subarray(0, 12));
      put16(out, 12, spec.tpid ?? ETH_P_8021Q);
      put16(out, 14, get16(tag, 0));
      out.set(frame.subarray(12), 16);
      return out;
    };
  };
}

/** `traffic` with every frame cut to at most `length` bytes. */
export function cutTo(traffic: Traffic, length: number): Traffic {
  return (random) => {
    const next = traffic(random);
    return () => {
      const frame = next();
      return frame.length > length ? frame.slice(0, length) : frame;
    };
  };
}
