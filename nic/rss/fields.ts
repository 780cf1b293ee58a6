/**
 * Which header fields enter the hash, by flow type, in the letters of `ethtool -N DEV rx-flow-hash TYPE FIELDS`.
 */
import { RssError } from "./errors.js";

export const FLOW_TYPES = ["tcp4", "udp4", "sctp4", "ah4", "esp4", "ipv4", "tcp6", "udp6", "sctp6", "ah6", "esp6", "ipv6"] as const;
export type FlowType = (typeof FLOW_TYPES)[number];

/** Layer 3 source and destination address; bytes 0-1 and 2-3 of the layer 4 header. */
export const FIELD_S = 1;
export const FIELD_D = 2;
export const FIELD_F = 4;
export const FIELD_N = 8;
export const FIELDS_L3 = FIELD_S | FIELD_D;

const LETTERS: Readonly<Record<string, number>> = { s: FIELD_S, d: FIELD_D, f: FIELD_F, n: FIELD_N };

/** Letters that ethtool knows and that the modelled NICs do not hash on, with what they mean. */
const REFUSED: Readonly<Record<string, string>> = {
  m: "layer 2 destination",
  v: "VLAN tag",
  t: "layer 3 protocol",
  r: "discard",
  e: "tunnel id",
};

/** Fields by flow type; types that are not named keep their default. */
export type HashFields = Partial<Record<FlowType, string>>;

/**
 * What drivers hash by default: addresses and ports for TCP and UDP, addresses for the rest. An empty string means
 * that packets of the type get hash 0.
 */
export const DEFAULT_FIELDS: Readonly<Record<FlowType, string>> = {
  tcp4: "sdfn", udp4: "sdfn", sctp4: "sd", ah4: "sd", esp4: "sd", ipv4: "sd",
  tcp6: "sdfn", udp6: "sdfn", sctp6: "sd", ah6: "sd", esp6: "sd", ipv6: "sd",
};

/** Bits of FIELD_* for `letters`. Throws {@link RssError}. */
export function parseFields(type: string, letters: string): number {
  if (!isFlowType(type)) throw new RssError("fields", `no flow type '${type}': use one of ${FLOW_TYPES.join(", ")}`);
  let bits = 0;
  for (const letter of letters) {
    if (letter in REFUSED) {
      throw new RssError("fields", `${type}: this NIC cannot hash on '${letter}' (${REFUSED[letter]}): use letters of sdfn`);
    }
    if (!(letter in LETTERS)) throw new RssError("fields", `${type}: no hash field '${letter}': use letters of sdfn`);
    bits |= LETTERS[letter];
  }
  if ((type === "ipv4" || type === "ipv6") && (bits & ~FIELDS_L3) !== 0) {
    throw new RssError("fields", `${type}: 'f' and 'n' need a layer 4 header: use letters of sd`);
  }
  return bits;
}

/** FIELD_* bits by flow type, in the order of {@link FLOW_TYPES}. */
export function fieldTable(fields: HashFields = {}): Uint8Array {
  for (const type of Object.keys(fields)) parseFields(type, "");
  return Uint8Array.from(FLOW_TYPES, (type) => parseFields(type, fields[type] ?? DEFAULT_FIELDS[type]));
}

function isFlowType(type: string): type is FlowType {
  return (FLOW_TYPES as readonly string[]).includes(type);
}
