/** The least program there is: what BPF_PROG_TEST_RUN takes for it is the cost of measuring, not of a program. */
import { assemble } from "../xdp/index.js";
import type { ObjectSpec } from "../xdp/index.js";

const NAME = "floor";

export function floorObject(): ObjectSpec {
  const insns = assemble("r0 = 2\nexit\n");
  return {
    file: "floor",
    license: "Apache-2.0",
    maps: [],
    programs: [{ name: NAME, section: "xdp", type: "xdp", frags: false, attach: "device", autoload: true, insns, functions: [{ name: NAME, start: 0, end: insns.length, linkage: "global" }], lines: [] }],
  };
}
