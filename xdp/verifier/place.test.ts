/** Programs are judged for the kernel that they will run in: its types, its settings. */
import { describe, expect, it } from "vitest";
import type { ObjectSpec, ProgramSpec } from "../object/index.js";
import { btfTarget, builtinTarget } from "../object/index.js";
import { btfOf, fixture } from "../object/testing/fixtures.js";
import { verifyProgram } from "./verify.js";

function named(object: ObjectSpec, name: string): ProgramSpec {
  const program = object.programs.find((one) => one.name === name);
  if (program === undefined) throw new Error(`no program ${name}`);
  return program;
}

describe("a program is judged for its kernel", () => {
  it("by the types that it is adapted to", () => {
    const object = fixture("core");
    const program = named(object, "unguarded");
    expect(verifyProgram(object, program, { btf: btfTarget(btfOf("core"), "core") })).toMatchObject({ accepted: true });
    expect(verifyProgram(object, program, { btf: builtinTarget() })).toMatchObject({ accepted: false, kind: "rejected", message: "invalid func unknown#195896080" });
  });

  it("by its settings: what they switch off is not walked", () => {
    const object = fixture("externs");
    const program = named(object, "settings");
    const settings = { CONFIG_NOWHERE_BOOL: "y", CONFIG_NOWHERE_SHORT: "-5", CONFIG_NOWHERE_CHAR: "m", CONFIG_IPV6: "m" };
    const [off, on] = [{}, settings].map((kconfig) => verifyProgram(object, program, { kconfig }));
    expect(off).toMatchObject({ accepted: true });
    expect(on).toMatchObject({ accepted: true });
    expect(on?.processed).not.toBe(off?.processed);
  });

  it("unless a setting has a value that it cannot have", () => {
    const object = fixture("externs");
    expect(verifyProgram(object, named(object, "settings"), { kconfig: { CONFIG_HZ: "often" } })).toMatchObject({ accepted: false, kind: "invalid" });
  });
});
