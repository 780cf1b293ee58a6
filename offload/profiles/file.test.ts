import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseProfileText } from "./file.js";
import { findProfile } from "./profiles.js";

const parse = (text: string) => parseProfileText(text, "mine.yaml", findProfile);

describe("a profile of the user's", () => {
  it("builds on another and says what was set where", () => {
    const profile = parse("base: agilio-cx-2x40\ndescription: more cores\ncores: 96\nclockHz: 1.2e9\nsources:\n  clockHz: { evidence: primary, source: data sheet }\n");
    expect(profile).toMatchObject({ name: "mine", description: "more cores", kind: "offload", cores: 96, clockHz: 1.2e9, queues: 8 });
    expect(profile.sources.cores).toEqual({ evidence: "assumed", source: "set in mine.yaml" });
    expect(profile.sources.clockHz).toEqual({ evidence: "primary", source: "data sheet" });
    expect(profile.sources.macPps.evidence).toBe("primary");
  });
  it("may be complete, and JSON", () => {
    const { sources: _, ...figures } = findProfile("linux-xdp-generic");
    expect(parse(JSON.stringify({ ...figures, name: "copy" }, null, 1))).toMatchObject({ kind: "kernel", name: "copy", driverNs: 118.8 });
  });
  it.each([
    ["base: agilio-cx-2x40\n\ncores: 0\n", /^mine\.yaml:3: 'cores': too small/],
    ["base: agilio-cx-2x40\ncores: many\n", /^mine\.yaml:2: 'cores': invalid input: expected number/],
    ["base: agilio\n", /^mine\.yaml:1: no profile 'agilio': use one of agilio-cx-2x40,/],
    ["base: agilio-cx-2x40\nqueues: 4\ncore: 5\n", /^mine\.yaml:3: unknown key 'core'/],
    ["cores: 5\n", /^mine\.yaml:1: say what it builds on/],
    ["kind: offload\ncores: 5\n", /^mine\.yaml:1: 'ports' is missing/],
    ["base: [1\n", /^mine\.yaml:\d+: not valid YAML or JSON/],
    ["base: 5\n", /^mine\.yaml:1: 'base' is the name/],
    ["- 1\n", /^mine\.yaml:1: a profile is a mapping/],
    ["", /^mine\.yaml:1: a profile is a mapping/],
    ["base: agilio-cx-2x40\nsources: { cores: hearsay }\n", /^mine\.yaml:2: 'sources\.cores': invalid input/],
  ])("refuses %j with file and line", (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });
  it("is found by its file", () => {
    const folder = mkdtempSync(join(tmpdir(), "beeline-profile-"));
    try {
      const path = join(folder, "card.yml");
      writeFileSync(path, "base: agilio-lx\ncores: 72\n");
      expect(findProfile(path)).toMatchObject({ name: "card", cores: 72, clockHz: 1.2e9 });
      expect(() => findProfile(join(folder, "none.json"))).toThrow(/none\.json: cannot read the profile \(ENOENT\)/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
