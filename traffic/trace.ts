/**
 * A Trace: the frames of one capture (or of one window of it), packed in shared memory,
 * with a column for each property that the rooms above need. It knows nothing of where it came from.
 */

/** Where a trace's bytes and columns live; the buffer may be a wasm memory's, so that engines read frames in place. */
export interface TraceStorage {
  readonly buffer: SharedArrayBuffer;
  /** First byte that the trace may use, a multiple of 8. */
  readonly byteOffset: number;
  /** Room for frame bytes. */
  readonly frameBytes: number;
  /** Room for packets: the length of every column. */
  readonly packets: number;
  /** The wasm memory that {@link buffer} is of, where it is one: readers then parse usual captures in wasm. */
  readonly memory?: WebAssembly.Memory;
}

/** Bytes that {@link TraceStorage} takes for `packets` packets and `frameBytes` bytes of frames. */
export function traceBytes(frameBytes: number, packets: number): number {
  return align8(frameBytes) + align8(packets * COLUMN_BYTES) + SCRATCH_BYTES;
}

/** time (8) + offset (4) + length (4) + original length (4) + interface (2) + port (1) + spare (1). */
const COLUMN_BYTES = 24;
/** Room for what readers tell their wasm loop. */
export const SCRATCH_BYTES = 1536;

const WASM_PAGE = 65536;

/** A trace never holds a frame larger than this many bytes (the largest snapshot length that libpcap writes). */
export const MAX_FRAME_BYTES = 262_144;

/**
 * Frames and their columns. Columns are indexed by packet, `0..count-1`, in the order of the capture.
 */
export class Trace {
  readonly storage: TraceStorage;
  /**
   * Frame bytes. Frames start anywhere and other bytes may lie between them (readers leave a capture's records as they
   * are); frames do not overlap. The columns follow in the same buffer, so 8 bytes after any frame can be read.
   */
  readonly frames: Uint8Array;
  /** Arrival, nanoseconds after {@link epochNs}. */
  readonly time: Float64Array;
  /** Start of the frame in {@link frames}, bytes. */
  readonly offset: Uint32Array;
  /** Captured length in bytes, without any frame check sequence. */
  readonly length: Uint32Array;
  /** Length on the wire in bytes, without any frame check sequence; at least `length`. */
  readonly originalLength: Uint32Array;
  /** Index of the capture interface, over all files and sections of the capture. */
  readonly iface: Uint16Array;
  /** NIC port on which the frame arrives; readers write 0, the run maps interfaces to ports. */
  readonly port: Uint8Array;
  /** Address in the buffer of {@link SCRATCH_BYTES} bytes, a multiple of 8, that are a reader's while it parses. */
  readonly scratch: number;
  /** Timestamp of time 0, nanoseconds since 1970. */
  epochNs = 0n;
  /** Packets held. */
  count = 0;
  /** Bytes of {@link frames} in use. */
  used = 0;

  constructor(storage: TraceStorage) {
    this.storage = storage;
    const { buffer, byteOffset, frameBytes, packets } = storage;
    this.frames = new Uint8Array(buffer, byteOffset, frameBytes);
    let at = byteOffset + align8(frameBytes);
    this.time = new Float64Array(buffer, at, packets);
    at += packets * 8;
    this.offset = new Uint32Array(buffer, at, packets);
    at += packets * 4;
    this.length = new Uint32Array(buffer, at, packets);
    at += packets * 4;
    this.originalLength = new Uint32Array(buffer, at, packets);
    at += packets * 4;
    this.iface = new Uint16Array(buffer, at, packets);
    at += packets * 2;
    this.port = new Uint8Array(buffer, at, packets);
    this.scratch = byteOffset + traceBytes(frameBytes, packets) - SCRATCH_BYTES;
  }

  /** A trace with memory of its own. */
  static allocate(frameBytes: number, packets: number): Trace {
    const buffer = new SharedArrayBuffer(traceBytes(frameBytes, packets));
    return new Trace({ buffer, byteOffset: 0, frameBytes, packets });
  }

  /** A trace in a wasm memory of its own, which readers fill fastest; for few traces, since each memory reserves addresses. */
  static allocateWasm(frameBytes: number, packets: number): Trace {
    const pages = Math.ceil(traceBytes(frameBytes, packets) / WASM_PAGE);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    return new Trace({ buffer: memory.buffer as unknown as SharedArrayBuffer, byteOffset: 0, frameBytes, packets, memory });
  }

  /** Whether a frame of `length` bytes still fits. */
  fits(length: number): boolean {
    return this.count < this.storage.packets && this.used + align8(length) <= this.storage.frameBytes;
  }

  /** Appends a frame; the caller has asked {@link fits}. Returns the packet's index. */
  push(frame: Uint8Array, timeNs: number, originalLength = frame.length, iface = 0): number {
    const i = this.count++;
    this.frames.set(frame, this.used);
    this.time[i] = timeNs;
    this.offset[i] = this.used;
    this.length[i] = frame.length;
    this.originalLength[i] = originalLength;
    this.iface[i] = iface;
    this.port[i] = 0;
    this.used += align8(frame.length);
    return i;
  }

  /** The bytes of packet `i`, a view. */
  frame(i: number): Uint8Array {
    const start = this.offset[i];
    return this.frames.subarray(start, start + this.length[i]);
  }

  /** Forgets all packets; the epoch stays. */
  clear(): void {
    this.count = 0;
    this.used = 0;
  }
}

function align8(n: number): number {
  return Math.ceil(n / 8) * 8;
}
