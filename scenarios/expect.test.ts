import { describe, expect, it } from "vitest";
import { checkExpectations } from "./expect.js";

const found = { packets: 100, faults: 0, verdicts: { XDP_DROP: 60, XDP_PASS: 40 }, stopped: { attack: 0.95, legitimate: 0 }, rules: { blocklist: 50 } };

describe("expectations", () => {
  it("hold where every figure fits", () => {
    const expected = { packets: 100, faults: 0, verdicts: { XDP_DROP: { min: 60, max: 60 }, XDP_TX: 0 }, stopped: { attack: { min: 0.9 }, legitimate: { max: 0.01 } }, rules: { blocklist: 50 } };
    expect(checkExpectations(expected, found)).toEqual({ checked: 7, failures: [] });
  });

  it.each([
    [{ packets: 99 }, "packets: expected 99, found 100"],
    [{ verdicts: { XDP_DROP: { max: 59 } } }, "verdicts.XDP_DROP: expected at most 59, found 60"],
    [{ stopped: { attack: { min: 0.96 } } }, "stopped.attack: expected at least 0.96, found 0.95"],
    [{ rules: { blocklist: { min: 1, max: 2 } } }, "rules.blocklist: expected 1 to 2, found 50"],
    [{ stopped: { other: { min: 0 } } }, "stopped.other: expected at least 0, but the run has no such figure"],
  ])("%j fails with its reason", (expected, reason) => {
    expect(checkExpectations(expected, found)).toEqual({ checked: 1, failures: [reason] });
  });

  it("of a scenario without any always hold", () => {
    expect(checkExpectations(undefined, found)).toEqual({ checked: 0, failures: [] });
  });
});
