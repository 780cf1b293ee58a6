/** Opens any capture: finds out what it is and puts the right reader behind the one door. */
import { closeSync, createReadStream, fstatSync, openSync, readSync, statSync } from "node:fs";
import type { Readable } from "node:stream";
import { CLASSIC_HEADER_BYTES, parseClassicHeader } from "./classic-header.js";
import type { ClassicHeader } from "./classic-header.js";
import { ClassicParser } from "./classic-parser.js";
import { CaptureError, systemError } from "./errors.js";
import { SNIFF_BYTES, sniffFormat } from "./format.js";
import { FileInput } from "./input.js";
import type { CaptureInput } from "./input.js";
import { PcapngParser } from "./pcapng-parser.js";
import type { CaptureReader } from "./reader.js";
import { StreamInput } from "./stream-input.js";
import { WindowReader } from "./window-reader.js";

/** How to open a capture. */
export interface OpenCaptureOptions {
  /** What to call a stream in messages; default `-`. A path is called by its path. */
  readonly name?: string;
}

/**
 * Opens a capture: a path (`-` is standard input; pipes and devices work too) or a stream of bytes, in pcap or pcapng
 * format, plain or in gzip. Throws {@link CaptureError} if it cannot be read or is no capture.
 */
export async function openCapture(from: string | Readable, options: OpenCaptureOptions = {}): Promise<CaptureReader> {
  if (typeof from !== "string") return openStream(new StreamInput(from, options.name ?? "-"));
  if (from === "-") return openStream(new StreamInput(process.stdin, "-"));
  // Not opened yet: to open a pipe blocks until it has a writer.
  if (!statFile(from).isFile()) return openStream(new StreamInput(createReadStream(from), from));
  return openFile(from);
}

function statFile(path: string): ReturnType<typeof statSync> & object {
  let stat;
  try {
    stat = statSync(path);
  } catch (error) {
    throw systemError(path, error);
  }
  if (stat.isDirectory()) throw new CaptureError({ file: path }, "this is a directory", "give a capture file in it");
  return stat;
}

async function openFile(path: string): Promise<CaptureReader> {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    throw systemError(path, error);
  }
  try {
    const head = new Uint8Array(SNIFF_BYTES);
    const seen = head.subarray(0, readSync(fd, head, 0, SNIFF_BYTES, 0));
    const format = sniffFormat(seen, path);
    const input = new FileInput(path, fd, fstatSync(fd).size, () => closeSync(fd));
    if (format === "gzip") return await openGzip(input);
    if (format === "pcapng") return new WindowReader(input, new PcapngParser(path));
    return classicReader(input, parseClassicHeader(seen, path));
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

async function openStream(input: StreamInput): Promise<CaptureReader> {
  try {
    const head = await peek(input);
    const format = sniffFormat(head, input.file);
    if (format === "gzip") return await openGzip(input);
    if (format === "pcapng") return new WindowReader(input, new PcapngParser(input.file));
    const header = parseClassicHeader(head, input.file);
    const { PcapParserReader, pcapParserReads } = await import("./pcap-parser-reader.js");
    if (pcapParserReads(header)) return new PcapParserReader(input, header);
    return classicReader(input, header);
  } catch (error) {
    input.close();
    throw error;
  }
}

async function openGzip(compressed: CaptureInput): Promise<CaptureReader> {
  const { GunzipInput } = await import("./gunzip-input.js");
  const input = new GunzipInput(compressed);
  const head = await peek(input);
  const format = sniffFormat(head, input.file);
  if (format === "gzip") {
    throw new CaptureError({ file: input.file }, "compressed twice with gzip", "decompress it once with `gunzip`");
  }
  if (format === "pcapng") return new WindowReader(input, new PcapngParser(input.file));
  return classicReader(input, parseClassicHeader(head, input.file));
}

function classicReader(input: CaptureInput, header: ClassicHeader): CaptureReader {
  // At hand: the header was parsed from there.
  input.read(new Uint8Array(CLASSIC_HEADER_BYTES), 0, CLASSIC_HEADER_BYTES);
  return new WindowReader(input, new ClassicParser(header, input.file));
}

/** The first bytes of an input, which stay in it. */
async function peek(input: CaptureInput): Promise<Uint8Array> {
  const head = new Uint8Array(SNIFF_BYTES);
  let seen = 0;
  while (seen < SNIFF_BYTES) {
    await input.fill?.();
    const n = input.read(head, seen, SNIFF_BYTES);
    if (n === 0) break;
    seen += n;
  }
  const bytes = head.subarray(0, seen);
  input.unread(bytes);
  return bytes;
}
