/** The one door to every capture: what a reader of packets is, whatever the file's format. */
import type { Trace } from "../trace.js";

/** An interface on which packets were captured. */
export interface CaptureInterface {
  /** Name from the capture, or "" where it has none. */
  readonly name: string;
  /** Link type of the packets in the file (see tcpdump.org/linktypes.html); frames in the Trace are always Ethernet. */
  readonly linkType: number;
  /** Most bytes kept of a packet; 0 means no limit. As the capture claims it: not all are right. */
  readonly snaplen: number;
  /** Ticks of the file's timestamps in a second: 1e6, 1e9, … */
  readonly ticksPerSecond: number;
  /** Bytes of frame check sequence that end each packet in the file; the Trace has frames without them. */
  readonly fcsBytes: number;
  /** The capture it is in, as the user named it. */
  readonly file: string;
}

/** Reads a capture from its start to its end, one window (a {@link Trace} of fixed size) at a time. */
export interface CaptureReader {
  readonly format: "pcap" | "pcapng" | "merged";
  /** The capture as the user named it. */
  readonly file: string;
  /** Indexed by the Trace's `iface` column. Those of a pcapng become known while it is read. */
  readonly interfaces: readonly CaptureInterface[];
  /** What a user should know though it stopped nothing, such as a capture that was cut off at its end. */
  readonly warnings: readonly string[];
  /** Bytes of the input consumed (compressed bytes, of a compressed one), for progress. */
  readonly bytesRead: number;
  /** Bytes of the input in all, or undefined for a stream. */
  readonly size: number | undefined;
  /**
   * Clears `into`, fills it until its room or the capture ends, and says whether it holds any packet: false is the end.
   *
   * Timestamps are relative to the first of the whole capture, which becomes the Trace's epoch. A regular file answers
   * at once, anything else with a promise; `await` serves both. Throws (or rejects with) {@link CaptureError}.
   */
  read(into: Trace): boolean | Promise<boolean>;
  /** Releases the file or stream. May be called at any time, and twice. */
  close(): void;
}

/** What turns the bytes of one format into packets; the bytes lie in the Trace's own frames, where packets stay. */
export interface RecordParser {
  readonly format: "pcap" | "pcapng";
  readonly interfaces: readonly CaptureInterface[];
  readonly clock: CaptureClockView;
  /** Where parsing stopped, in the frames. Beyond `end`: the bytes up to there are of no interest and need not be read. */
  readonly at: number;
  /** Whether the bytes parsed end within a record, so that the end of the file there means that it was cut off. */
  readonly inRecord: boolean;
  /** Packets delivered so far, over all windows. */
  readonly packets: number;
  /**
   * Parses whole records of `trace.frames[from, end)` and appends their packets to the trace.
   * `fileOffset` is the offset in the file of frame byte 0, to tell where an error is.
   * Returns 0 when the trace has no room for another packet, otherwise how many bytes from {@link at} it must see to go on.
   */
  parse(trace: Trace, from: number, end: number, fileOffset: number): number;
}

/** The capture's time 0. */
export interface CaptureClockView {
  readonly epochNs: bigint;
}

/** Bytes that must be writable in front of the first record: a synthetic Ethernet header may reach back over them. */
export const PARSE_HEADROOM = 16;

/** A length on the wire as the Trace holds it: at least what was captured, and within 32 bits though a file may claim more. */
export function wireLength(claimed: number, captured: number): number {
  if (claimed < captured) return captured;
  return claimed > 0xffff_ffff ? 0xffff_ffff : claimed;
}
