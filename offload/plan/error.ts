/** Thrown where there is nothing to plan from, or what is asked for is not there. */
export class PlanError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "PlanError";
  }
}
