/**
 * The file header of a classic pcap, all magic numbers that are read, and the names of what is not.
 * Format: draft-ietf-opsawg-pcap; older versions and variants: libpcap's savefile format, as tcpdump.org documents it.
 */
import { CaptureError } from "./errors.js";
import { linkHandling, linkTypeName } from "./link-type.js";
import type { LinkHandling } from "./link-type.js";

export const CLASSIC_HEADER_BYTES = 24;

const MAGIC_MICRO = 0xa1b2c3d4;
const MAGIC_NANO = 0xa1b23c4d;
/** Kuznetzov's variant of 1999 (Red Hat's libpcap): records have 8 more bytes of header. */
const MAGIC_KUZNETZOV = 0xa1b2cd34;

/** What the file header says. */
export interface ClassicHeader {
  readonly littleEndian: boolean;
  /** 1e6 or 1e9. */
  readonly ticksPerSecond: number;
  /** Bytes of a record's header: 16, or 24 in Kuznetzov's variant. */
  readonly recordHeader: number;
  readonly versionMinor: number;
  readonly snaplen: number;
  readonly linkType: number;
  readonly handling: LinkHandling;
  /** Bytes of frame check sequence at the end of each packet. */
  readonly fcsBytes: number;
}

/** Whether the first four bytes of a file are those of a classic pcap that Beeline reads. */
export function isClassicMagic(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && magicOf(bytes) !== undefined;
}

/** Reads the file header from the first bytes of `file`, which start with a magic number that {@link isClassicMagic} knows. */
export function parseClassicHeader(bytes: Uint8Array, file: string): ClassicHeader {
  const magic = magicOf(bytes);
  if (magic === undefined) throw new CaptureError({ file, offset: 0 }, "not a pcap file", "give a pcap or pcapng capture");
  if (bytes.length < CLASSIC_HEADER_BYTES) {
    throw new CaptureError(
      { file, offset: bytes.length },
      `the capture ends within its ${CLASSIC_HEADER_BYTES}-byte file header`,
      "it holds no packets, capture or copy it again",
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const littleEndian = magic.littleEndian;
  const major = view.getUint16(4, littleEndian);
  const versionMinor = view.getUint16(6, littleEndian);
  if (major !== 2) {
    throw new CaptureError(
      { file, offset: 4 },
      `pcap version ${major}.${versionMinor} is not supported`,
      "convert it to version 2.4, for example with `editcap -F pcap`",
    );
  }
  const field = view.getUint32(20, littleEndian);
  const linkType = field & LINK_TYPE_MASK;
  return {
    littleEndian,
    ticksPerSecond: magic.value === MAGIC_NANO ? 1e9 : 1e6,
    recordHeader: magic.value === MAGIC_KUZNETZOV ? 24 : 16,
    versionMinor,
    snaplen: view.getUint32(16, littleEndian),
    linkType,
    handling: requireHandling(linkType, { file, offset: 20 }),
    fcsBytes: (field & FCS_PRESENT) === 0 ? 0 : (field >>> 28) * 2,
  };
}

/** The top bits of the link-type field tell of the frame check sequence: its presence, and its length in 16-bit words. */
const LINK_TYPE_MASK = 0x03ff_ffff;
const FCS_PRESENT = 0x0400_0000;

/** The handling of a link type, or the error that names it. */
export function requireHandling(
  linkType: number,
  place: { readonly file: string; readonly offset: number; readonly packet?: number },
): LinkHandling {
  const handling = linkHandling(linkType);
  if (handling !== undefined) return handling;
  throw new CaptureError(
    place,
    `link type ${linkType} (${linkTypeName(linkType)}) has no Ethernet or IP packets that Beeline can read`,
    "capture on an Ethernet, raw IP, loopback or Linux cooked (`-i any`) interface, or convert the file first",
  );
}

interface Magic {
  readonly value: number;
  readonly littleEndian: boolean;
}

function magicOf(bytes: Uint8Array): Magic | undefined {
  const big = ((bytes[0] << 24) | (bytes[1] << 16) | (bytes[2] << 8) | bytes[3]) >>> 0;
  const little = ((bytes[3] << 24) | (bytes[2] << 16) | (bytes[1] << 8) | bytes[0]) >>> 0;
  for (const value of [MAGIC_MICRO, MAGIC_NANO, MAGIC_KUZNETZOV]) {
    if (big === value) return { value, littleEndian: false };
    if (little === value) return { value, littleEndian: true };
  }
  return undefined;
}
