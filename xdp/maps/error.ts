import { E2BIG, EEXIST, EINVAL, ENOENT, ENOMEM, ENOSPC, ENOTSUPP, EOPNOTSUPP, EOVERFLOW } from "./uapi.js";

const NAMES: Readonly<Record<number, string>> = {
  [ENOENT]: "ENOENT",
  [E2BIG]: "E2BIG",
  [ENOMEM]: "ENOMEM",
  [EEXIST]: "EEXIST",
  [EINVAL]: "EINVAL",
  [ENOSPC]: "ENOSPC",
  [EOVERFLOW]: "EOVERFLOW",
  [EOPNOTSUPP]: "EOPNOTSUPP",
  [ENOTSUPP]: "ENOTSUPP",
};

/** A map that cannot be made, or an operation that a map refuses. */
export class MapError extends Error {
  /** Name of the map. */
  readonly map: string;
  /** What the kernel says to the same, as a positive errno; absent where the kernel has no say. */
  readonly errno: number | undefined;
  /** The message without the map's name. */
  readonly reason: string;
  constructor(map: string, reason: string, errno?: number) {
    const full = errno === undefined ? reason : `${reason} (${NAMES[errno] ?? `errno ${errno}`})`;
    super(`map ${map}: ${full}`);
    this.name = "MapError";
    this.map = map;
    this.errno = errno;
    this.reason = full;
  }
}
