/** Thrown where no bound can be given. */
export class GuaranteeError extends Error {
  /** Instruction that it is about. */
  readonly slot: number;
  constructor(message: string, slot: number) {
    super(message);
    this.name = "GuaranteeError";
    this.slot = slot;
  }
}
