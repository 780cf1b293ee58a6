/** Which format a file is in, by its first bytes and never by its name; what is no capture is told by what it is instead. */
import { isClassicMagic } from "./classic-header.js";
import { CaptureError } from "./errors.js";

export type CaptureFormat = "pcap" | "pcapng" | "gzip";

/** First bytes that {@link sniffFormat} wants to see, if the file has that many. */
export const SNIFF_BYTES = 24;

/** Says what `head`, the first bytes of `file`, begins. Throws {@link CaptureError} if it is no capture. */
export function sniffFormat(head: Uint8Array, file: string): CaptureFormat {
  if (head.length === 0) {
    throw new CaptureError({ file }, "the file is empty", "give a pcap or pcapng capture");
  }
  if (isClassicMagic(head)) return "pcap";
  if (startsWith(head, PCAPNG_MAGIC)) return "pcapng";
  if (startsWith(head, GZIP_MAGIC)) return "gzip";
  for (const other of OTHERS) {
    if (startsWith(head, other.magic)) throw new CaptureError({ file, offset: 0 }, other.what, other.advice);
  }
  if (head.every(isText)) {
    throw new CaptureError({ file, offset: 0 }, "this is text, not a capture", "give a pcap or pcapng file");
  }
  const magic = Buffer.from(head.subarray(0, 4)).toString("hex");
  throw new CaptureError(
    { file, offset: 0 },
    `unknown magic number 0x${magic}`,
    "only pcap and pcapng captures (and those in gzip) can be read, convert the file with `editcap -F pcapng`",
  );
}

const PCAPNG_MAGIC = [0x0a, 0x0d, 0x0d, 0x0a];
const GZIP_MAGIC = [0x1f, 0x8b];

const CONVERT = "convert it with `editcap -F pcapng`";

/** Files that users do pass, with the first bytes that tell them. */
const OTHERS: readonly { readonly magic: readonly number[]; readonly what: string; readonly advice: string }[] = [
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], what: "this is an xz file", advice: "decompress it first with `unxz`" },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], what: "this is a zstd file", advice: "decompress it first with `unzstd`" },
  { magic: [0x42, 0x5a, 0x68], what: "this is a bzip2 file", advice: "decompress it first with `bunzip2`" },
  { magic: [0x04, 0x22, 0x4d, 0x18], what: "this is an lz4 file", advice: "decompress it first with `unlz4`" },
  { magic: [0x50, 0x4b, 0x03, 0x04], what: "this is a zip archive", advice: "unpack the capture first" },
  { magic: [0x7f, 0x45, 0x4c, 0x46], what: "this is an ELF object, not a capture", advice: "give a pcap or pcapng file" },
  { magic: [...Buffer.from("snoop\0\0\0")], what: "this is a snoop capture", advice: CONVERT },
  { magic: [...Buffer.from("GMBU")], what: "this is a Network Monitor capture", advice: CONVERT },
  { magic: [...Buffer.from("RTSS")], what: "this is a Network Monitor capture", advice: CONVERT },
  { magic: [0xa1, 0xe2, 0xcb, 0x12], what: "this is a pcap of Navtel's variant", advice: CONVERT },
  { magic: [0x12, 0xcb, 0xe2, 0xa1], what: "this is a pcap of Navtel's variant", advice: CONVERT },
  { magic: [0x1c, 0x00, 0x01, 0xac], what: "this is a pcap of IXIA's hardware variant", advice: CONVERT },
  { magic: [0xac, 0x01, 0x00, 0x1c], what: "this is a pcap of IXIA's hardware variant", advice: CONVERT },
  { magic: [0x1c, 0x00, 0x01, 0xab], what: "this is a pcap of IXIA's software variant", advice: CONVERT },
  { magic: [0xab, 0x01, 0x00, 0x1c], what: "this is a pcap of IXIA's software variant", advice: CONVERT },
];

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return bytes.length >= magic.length && magic.every((byte, i) => bytes[i] === byte);
}

function isText(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 0x09 || byte === 0x0a || byte === 0x0d || byte >= 0x80;
}
