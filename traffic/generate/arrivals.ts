/** When frames come: constant rate, Poisson process, bursts. Rates are packets per second. */
import type { ArrivalProcess } from "./source.js";

/** One packet every `1 / pps` seconds, the first after one such gap. */
export function constantRate(pps: number): ArrivalProcess {
  const gap = gapNs(pps);
  return () => () => gap;
}

/** Independent arrivals (a Poisson process) of `pps` packets a second on average. */
export function poisson(pps: number): ArrivalProcess {
  const gap = gapNs(pps);
  return (random) => () => gap * random.exponential();
}

/**
 * Bursts of `size` packets that follow each other at `peakPps`, with pauses that make `pps` on average.
 * Bursts start independently of each other.
 */
export function bursts(options: { readonly pps: number; readonly size: number; readonly peakPps: number }): ArrivalProcess {
  const within = gapNs(options.peakPps);
  const pause = options.size * gapNs(options.pps) - (options.size - 1) * within;
  if (!(pause > 0)) throw new RangeError(`bursts: peakPps ${options.peakPps} is below pps ${options.pps}; give a higher peak`);
  return (random) => {
    let left = 0;
    return () => {
      if (left > 0) {
        left--;
        return within;
      }
      left = options.size - 1;
      return pause * random.exponential();
    };
  };
}

function gapNs(pps: number): number {
  if (!(pps > 0 && pps < Infinity)) throw new RangeError(`${pps} packets a second is no rate; give a number above 0`);
  return 1e9 / pps;
}
