/** How a run waits for its threads: asleep, but for a look now and then, for threads start and tell that they failed only while this one lets them. */

/** Longest sleep before the next look, ms. */
const LOOK_AFTER = 50;

/**
 * Waits until word `word` of `control` is `value` or more; whoever changes it notifies. Throws what `failure` gives, once it
 * gives something. `patience`: ms between looks.
 */
export async function untilAtLeast(control: Int32Array, word: number, value: number, failure: () => unknown, patience = LOOK_AFTER): Promise<void> {
  for (let now = Atomics.load(control, word); now < value; now = Atomics.load(control, word)) {
    if (Atomics.wait(control, word, now, patience) !== "timed-out") continue;
    await letThreadsSpeak();
    const failed = failure();
    if (failed !== undefined) throw failed;
  }
}

/** One turn of this thread's events. */
export function letThreadsSpeak(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
