/** Ready experiments, and how a scenario.yaml is read. */
export { ScenarioError } from "./error.js";
export { checkExpectations } from "./expect.js";
export type { ExpectationResult, Findings } from "./expect.js";
export { loadScenario, parseScenario } from "./load.js";
export type { Scenario } from "./load.js";
export type { Range, ScenarioSpec } from "./schema.js";
export { ruleHits } from "./rules.js";
export type { RulesSpec } from "./rules.js";
