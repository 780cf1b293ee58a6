/**
 * Sources of packets in time. Three small parts compose: *traffic* says what frames look like, *arrivals* say when
 * they come, and a {@link stream} joins them under a label; streams are merged, limited and changed as iterables.
 * Time is a number that the caller starts; nothing here reads a clock.
 */
import { Random } from "./random.js";

/** One packet of a source. */
export interface GeneratedPacket {
  /** Ethernet frame without frame check sequence; it belongs to the receiver. */
  readonly frame: Uint8Array;
  /** Arrival, whole nanoseconds from the start of the scenario; never falls within a source. */
  readonly timeNs: number;
  /** Which stream made it. */
  readonly label: string;
  /** Capture interface on which it is seen. */
  readonly iface: number;
}

/** Packets in order of time. Iterating again gives the same packets again. */
export type Source = Iterable<GeneratedPacket>;

/** What frames look like: opened with a stream of random numbers, it gives one frame a call, for ever. */
export type Traffic = (random: Random) => () => Uint8Array;

/** When frames come: opened with a stream of random numbers, it gives the nanoseconds to the next frame, for ever. */
export type ArrivalProcess = (random: Random) => () => number;

/** What {@link stream} joins. */
export interface StreamOptions {
  /** Names the stream: in packets, and in the random numbers, so that streams of one seed are independent. */
  readonly label: string;
  readonly seed: number;
  readonly traffic: Traffic;
  readonly arrivals: ArrivalProcess;
  /** Packets before it are not sent; default 0. */
  readonly startNs?: number;
  /** Packets at or after it are not sent; default never. */
  readonly endNs?: number;
  /** Most packets that are sent; default no limit. */
  readonly count?: number;
  /** Default 0. */
  readonly iface?: number;
}

/** Traffic that arrives. Without `endNs` and `count` it has no end: limit it with {@link takePackets} or {@link packetsUntil}. */
export function stream(options: StreamOptions): Source {
  return {
    *[Symbol.iterator]() {
      const { label, iface = 0, count = Infinity, endNs = Infinity } = options;
      const random = new Random(options.seed).fork(label);
      const gap = options.arrivals(random.fork("arrivals"));
      const next = options.traffic(random.fork("traffic"));
      let time = options.startNs ?? 0;
      for (let sent = 0; sent < count; sent++) {
        time += gap();
        const timeNs = Math.floor(time);
        if (timeNs >= endNs) return;
        yield { frame: next(), timeNs, label, iface };
      }
    },
  };
}

/** All packets of `sources` in order of time; at equal times in the order of the arguments. */
export function mergeSources(...sources: readonly Source[]): Source {
  return {
    *[Symbol.iterator]() {
      const iterators = sources.map((source) => source[Symbol.iterator]());
      const heads = iterators.map((iterator) => iterator.next());
      for (;;) {
        let first = -1;
        let time = Infinity;
        for (let i = 0; i < heads.length; i++) {
          const head = heads[i];
          if (head.done !== true && (first < 0 || head.value.timeNs < time)) {
            first = i;
            time = head.value.timeNs;
          }
        }
        if (first < 0) return;
        yield heads[first].value as GeneratedPacket;
        heads[first] = iterators[first].next();
      }
    },
  };
}

/** The first `count` packets of `source`. */
export function takePackets(source: Source, count: number): Source {
  return {
    *[Symbol.iterator]() {
      let left = count;
      if (left <= 0) return;
      for (const packet of source) {
        yield packet;
        if (--left <= 0) return;
      }
    },
  };
}

/** The packets of `source` before `endNs`. */
export function packetsUntil(source: Source, endNs: number): Source {
  return {
    *[Symbol.iterator]() {
      for (const packet of source) {
        if (packet.timeNs >= endNs) return;
        yield packet;
      }
    },
  };
}

/** `source` with every packet changed; times must not fall. */
export function mapPackets(source: Source, change: (packet: GeneratedPacket) => GeneratedPacket): Source {
  return {
    *[Symbol.iterator]() {
      for (const packet of source) yield change(packet);
    },
  };
}

/** The frames of a listing, over and over. */
export function repeatFrames(list: readonly Uint8Array[]): Traffic {
  if (list.length === 0) throw new RangeError("repeatFrames([]) has nothing to send; give at least one frame");
  return () => {
    let i = 0;
    return () => list[i++ % list.length].slice();
  };
}
