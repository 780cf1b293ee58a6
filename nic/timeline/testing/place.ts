/** Places in ring buffers that are counted through without end. */

/**
 * `count` modulo `size`, for whole numbers: exact while `count` is below 2^52. The remainder operator on numbers that may be
 * beyond 2^31 is a call of fmod, which takes longer than all else that a packet needs here.
 */
export function placeIn(count: number, size: number): number {
  return count - Math.floor(count / size) * size;
}
