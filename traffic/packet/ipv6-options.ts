/** The hop-by-hop and destination options headers of IPv6 (RFC 8200 sections 4.3 and 4.6): one format, two numbers. */
import { get8 } from "./bytes.js";
import { IPPROTO_DSTOPTS, IPPROTO_HOPOPTS } from "./numbers.js";
import { BuildError, View, fieldValue, ipProtocolOf } from "./view.js";
import type { Layer, Site } from "./view.js";

// Fields, by first byte
const NEXT_HEADER = 0;
const LENGTH = 1;
const OPTIONS = 2;

/** An options header in place. */
export class Ipv6OptionsView extends View {
  /** Which of the two it is: the header itself does not say. */
  kind: "hop-by-hop" | "destination" = "hop-by-hop";

  get protocol(): "hop-by-hop" | "destination" {
    return this.kind;
  }
  get headerLength(): number {
    return 8 + this.lengthUnits * 8;
  }
  get nextProtocol(): number {
    return get8(this.bytes, this.offset + NEXT_HEADER);
  }
  set nextProtocol(protocol: number) {
    this.bytes[this.offset + NEXT_HEADER] = protocol;
  }
  /** Length in units of 8 bytes, the first 8 not counted. */
  get lengthUnits(): number {
    return get8(this.bytes, this.offset + LENGTH);
  }
  set lengthUnits(units: number) {
    this.bytes[this.offset + LENGTH] = units;
  }
  /** Option bytes, padding included. */
  get options(): Uint8Array {
    return this.bytes.subarray(this.offset + OPTIONS, this.payloadOffset);
  }
}

/** What the builder takes for an options header. */
export interface Ipv6OptionsSpec {
  /** Options without the padding at the end, which the builder adds (Pad1, PadN). */
  readonly options?: Uint8Array;
  /** Default: what the next layer is. */
  readonly nextHeader?: number;
  /** Forged length, units of 8 bytes. */
  readonly lengthUnits?: number;
}

/** An options header to be built. */
export function ipv6OptionsLayer(kind: "hop-by-hop" | "destination", spec: Ipv6OptionsSpec): Layer {
  const options = spec.options ?? new Uint8Array(0);
  const headerLength = Math.ceil((OPTIONS + options.length) / 8) * 8;
  if (headerLength > 2048) throw new BuildError(kind, `${options.length} bytes of options; at most 2046 fit`);
  return {
    name: kind,
    headerLength,
    ipProtocol: kind === "hop-by-hop" ? IPPROTO_HOPOPTS : IPPROTO_DSTOPTS,
    pseudo: (_at, outer) => outer,
    write({ bytes, at, end, inner }: Site) {
      const view = new Ipv6OptionsView(bytes, at, end);
      view.nextProtocol = ipProtocolOf(kind, spec.nextHeader, inner);
      view.lengthUnits = fieldValue(kind, "lengthUnits", spec.lengthUnits ?? headerLength / 8 - 1, 8);
      bytes.set(options, at + OPTIONS);
      pad(bytes, at + OPTIONS + options.length, at + headerLength);
    },
  };
}

/** Pad1 for one byte, PadN for more. */
function pad(bytes: Uint8Array, start: number, end: number): void {
  if (end - start < 2) return;
  bytes[start] = 1;
  bytes[start + 1] = end - start - 2;
}
