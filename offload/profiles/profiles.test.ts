import { describe, expect, it } from "vitest";
import { findProfile, overrideProfile, parseOverrides, parseProfile, PROFILES } from "./profiles.js";

const agilio = findProfile("agilio-cx-2x40");

describe("profiles", () => {
  it.each(PROFILES.map((profile) => [profile.name, profile] as const))("%s is valid, and every figure has its source", (_, profile) => {
    expect(parseProfile(JSON.parse(JSON.stringify(profile)))).toEqual(profile);
    const figures = Object.keys(profile).filter((key) => !["kind", "name", "description", "mode", "sources"].includes(key));
    expect(Object.keys(profile.sources).toSorted()).toEqual(figures.toSorted());
  });
  it("names all profiles where one is unknown", () => {
    expect(() => findProfile("cx")).toThrow("no profile 'cx': use one of agilio-cx-2x40, agilio-cx-2x40-lean, agilio-cx-2x25,");
  });
});

describe("overrides", () => {
  it("changes figures, from text and from data, and says that they were set", () => {
    const changed = overrideProfile(agilio, { ...parseOverrides(["cores=60", "clockHz=1.2e9", "redirect=true", "mapTypes=BPF_MAP_TYPE_ARRAY"]), queues: 4 });
    expect(changed).toMatchObject({ cores: 60, clockHz: 1.2e9, queues: 4, redirect: true, mapTypes: ["BPF_MAP_TYPE_ARRAY"] });
    expect(changed.sources.cores.source).toBe("set by the user");
    expect(agilio).toMatchObject({ cores: 50 });
  });
  it.each([
    [["core=60"], /^profile agilio-cx-2x40 has no 'core': its keys are ports, linkBps, .*cores, contextsPerCore, clockHz, firmwareCycles,/],
    [["cores=many"], "profile agilio-cx-2x40: cores=many: expected a number such as 50"],
    [["cores="], "profile agilio-cx-2x40: cores=: expected a number such as 50"],
    [["cores=0"], /^profile agilio-cx-2x40: cores=0: too small/],
    [["cores=2.5"], /^profile agilio-cx-2x40: cores=2.5: invalid input: expected int/],
    [["clockHz=-1"], /^profile agilio-cx-2x40: clockHz=-1: too small/],
    [["redirect=maybe"], /^profile agilio-cx-2x40: redirect=maybe: invalid input: expected boolean/],
    [["name=mine"], "profile agilio-cx-2x40 has no 'name'"],
    [["cores"], "'cores' is not key=value: write for example cores=60"],
    [["=5"], "'=5' is not key=value"],
  ])("refuses %j in one line", (words, message) => {
    expect(() => overrideProfile(agilio, parseOverrides(words))).toThrow(message);
  });
  it("refuses data of the wrong type", () => {
    expect(() => overrideProfile(agilio, { cores: true })).toThrow("profile agilio-cx-2x40: cores=true: invalid input: expected number, received boolean");
    expect(() => parseProfile({ kind: "fpga" })).toThrow("profile: kind: invalid");
    expect(() => parseProfile({ ...agilio, colour: "red" })).toThrow("colour");
  });
});
