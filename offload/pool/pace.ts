/**
 * Keeps the workers of a pool near each other in time, as cores of a device are: programs that compare times across queues
 * (rate limits) would else see them jump by as much as one worker is ahead of another. Nothing depends on it but closeness.
 */

/** Packets that a worker may be ahead of the slowest: some times as many as it runs while the system wakes a thread, or they wait for each other in turn. */
const AHEAD = 8192;
/** A worker that has nothing more to do. */
const DONE = 0x7fffffff;
/** Longest wait, ms: a thread that the system does not let run must not stop the others for good. */
const PATIENCE = 20;

/** Before a round: all workers stand at its first packet. */
export function begin(progress: Int32Array, first: number): void {
  for (let worker = 0; worker < progress.length; worker++) Atomics.store(progress, worker, wrap(first));
}

/** Tells where `worker` is, and waits while it is too far ahead. */
export function keepPace(progress: Int32Array, worker: number, packet: number): void {
  const at = wrap(packet);
  Atomics.store(progress, worker, at);
  Atomics.notify(progress, worker);
  for (let other = 0; other < progress.length; other++) {
    if (other === worker) continue;
    const there = Atomics.load(progress, other);
    if (there !== DONE && at - there > AHEAD) waitFor(progress, other, at);
  }
}

/** The round is over for `worker`. */
export function finish(progress: Int32Array, worker: number): void {
  Atomics.store(progress, worker, DONE);
  Atomics.notify(progress, worker);
}

function waitFor(progress: Int32Array, other: number, at: number): void {
  const until = performance.now() + PATIENCE;
  for (;;) {
    const there = Atomics.load(progress, other);
    const left = until - performance.now();
    if (there === DONE || at - there <= AHEAD || left <= 0) return;
    Atomics.wait(progress, other, there, left);
  }
}

/** Packet numbers go beyond 31 bits in long runs; one round never spans the wrap but by its own length. */
function wrap(packet: number): number {
  return packet % DONE;
}
