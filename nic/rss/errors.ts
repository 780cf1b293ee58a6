/** Thrown where an RSS setting is not one that `ethtool -X` or `ethtool -N` would take. */
export class RssError extends Error {
  /** Which setting: `key`, `indirection`, `weight`, `fields`, … */
  readonly setting: string;
  constructor(setting: string, message: string) {
    super(message);
    this.name = "RssError";
    this.setting = setting;
  }
}
