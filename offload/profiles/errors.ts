/** Thrown for a profile that is not there, or a figure that a profile cannot have. */
export class ProfileError extends Error {
  /** The key, or the profile's name. */
  readonly key: string;
  constructor(key: string, message: string) {
    super(message);
    this.name = "ProfileError";
    this.key = key;
  }
}
