/** The authentication header (RFC 4302), over IPv4 and IPv6. The integrity value is seen, not checked. */
import { get32, get8, put32 } from "./bytes.js";
import { IPPROTO_AH } from "./numbers.js";
import { BuildError, View, fieldValue, ipProtocolOf } from "./view.js";
import type { Layer, Site } from "./view.js";

// Fields, by first byte
const NEXT_HEADER = 0;
const LENGTH = 1;
const SPI = 4;
const SEQUENCE = 8;
const ICV = 12;

/** An authentication header in place. */
export class AhView extends View {
  get protocol(): "ah" {
    return "ah";
  }
  /** Units of 4 bytes less two, unlike every other extension header. */
  get headerLength(): number {
    return Math.max(ICV, (this.lengthUnits + 2) * 4);
  }
  get nextProtocol(): number {
    return get8(this.bytes, this.offset + NEXT_HEADER);
  }
  set nextProtocol(protocol: number) {
    this.bytes[this.offset + NEXT_HEADER] = protocol;
  }
  /** Length in units of 4 bytes, less 2. */
  get lengthUnits(): number {
    return get8(this.bytes, this.offset + LENGTH);
  }
  set lengthUnits(units: number) {
    this.bytes[this.offset + LENGTH] = units;
  }
  get spi(): number {
    return get32(this.bytes, this.offset + SPI);
  }
  set spi(spi: number) {
    put32(this.bytes, this.offset + SPI, spi);
  }
  get sequence(): number {
    return get32(this.bytes, this.offset + SEQUENCE);
  }
  set sequence(sequence: number) {
    put32(this.bytes, this.offset + SEQUENCE, sequence);
  }
  /** Integrity check value, padding included. */
  get icv(): Uint8Array {
    return this.bytes.subarray(this.offset + ICV, this.payloadOffset);
  }
}

/** What the builder takes for an authentication header. */
export interface AhSpec {
  readonly spi?: number;
  readonly sequence?: number;
  /** Default 12 zero bytes; a multiple of 4, and of 8 less 4 over IPv6. */
  readonly icv?: Uint8Array;
  /** Default: what the next layer is. */
  readonly nextHeader?: number;
  /** Forged length, units of 4 bytes less 2. */
  readonly lengthUnits?: number;
}

/** An authentication header to be built. */
export function ahLayer(spec: AhSpec): Layer {
  const icv = spec.icv ?? new Uint8Array(12);
  if (icv.length % 4 !== 0 || icv.length > 1016) throw new BuildError("ah", `icv of ${icv.length} bytes; give a multiple of 4, at most 1016`);
  return {
    name: "ah",
    headerLength: ICV + icv.length,
    ipProtocol: IPPROTO_AH,
    pseudo: (_at, outer) => outer,
    write({ bytes, at, end, inner }: Site) {
      const view = new AhView(bytes, at, end);
      view.nextProtocol = ipProtocolOf("ah", spec.nextHeader, inner);
      view.lengthUnits = fieldValue("ah", "lengthUnits", spec.lengthUnits ?? (ICV + icv.length) / 4 - 2, 8);
      view.spi = fieldValue("ah", "spi", spec.spi ?? 1, 32);
      view.sequence = fieldValue("ah", "sequence", spec.sequence ?? 1, 32);
      bytes.set(icv, at + ICV);
    },
  };
}
