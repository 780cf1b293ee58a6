import { describe, expect, it } from "vitest";
import { loadScenario, parseScenario } from "./load.js";

const minimal = "program: p.bpf.o\ncaptures: [a.pcap]\n";

describe("scenario.yaml", () => {
  it("takes the least that a scenario needs", () => {
    expect(parseScenario(minimal, "s.yaml")).toEqual({ program: "p.bpf.o", captures: ["a.pcap"] });
  });

  it.each([
    ["a wrong type", `${minimal}queues: many\n`, /^s\.yaml:3: 'queues': expected .*number.*, got "many"$/],
    ["a wrong type deep inside", `${minimal}expect:\n  verdicts:\n    XDP_DROP: [1]\n`, /^s\.yaml:5: 'expect\.verdicts\.XDP_DROP': expected a number, or bounds/],
    ["an unknown key", `${minimal}\nquues: 4\n`, /^s\.yaml:4: unknown key 'quues'; known keys: name, /],
    ["an unknown key deep inside", `${minimal}rules:\n  map: m\n  names: [a]\n  filed: x\n`, /^s\.yaml:6: unknown key 'filed' in rules/],
    ["a missing key", "captures: [a.pcap]\n", /^s\.yaml:1: 'program' is missing$/],
    ["an empty file", "", /^s\.yaml:1: 'program' is missing$/],
    ["no captures", "program: p\ncaptures: []\n", /^s\.yaml:2: 'captures': /],
    ["a number out of range", `${minimal}queues: 0\n`, /^s\.yaml:3: 'queues': Too small/],
    ["broken YAML", "program: [\n", /^s\.yaml:\d: not valid YAML: /],
    ["a list instead of a mapping", "- a\n", /^s\.yaml:1: /],
  ])("refuses %s, naming the line", (_what, text, message) => {
    expect(() => parseScenario(text, "s.yaml")).toThrow(message);
  });

  it("refuses a file that is not there", () => {
    expect(() => loadScenario("/nonexistent/scenario.yaml")).toThrow(/^\/nonexistent\/scenario\.yaml: cannot read the scenario \(ENOENT\)/);
  });
});
