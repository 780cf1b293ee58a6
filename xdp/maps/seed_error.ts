/** Seeds that do not fit the object's maps. */
export class SeedError extends Error {
  /** Where the seeds come from. */
  readonly file: string;
  readonly map: string | undefined;
  /** Index in the map's list, from 0. */
  readonly entry: number | undefined;
  constructor(problem: string, where: SeedPlace, cause?: unknown) {
    const place = [where.map === undefined ? "" : `map ${where.map}`, where.entry === undefined ? "" : `entry ${where.entry}`].filter((part) => part !== "").join(", ");
    super(`${where.file}: ${place === "" ? "" : `${place}: `}${problem}`, cause === undefined ? undefined : { cause });
    this.name = "SeedError";
    this.file = where.file;
    this.map = where.map;
    this.entry = where.entry;
  }
}

/** Where in the seeds something is. */
export interface SeedPlace {
  readonly file: string;
  readonly map?: string;
  readonly entry?: number;
}
