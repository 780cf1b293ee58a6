import { expect, it } from "vitest";
import { mapTypeName } from "../object/index.js";
import { refusalReason } from "./refused.js";
import { isMapTypeSupported } from "./shape.js";

/** Types of the kernel's enumeration (linux/bpf.h, 6.18) behind BPF_MAP_TYPE_UNSPEC. */
const TYPES = Array.from({ length: 33 }, (_, i) => i + 1);

it("every map type is supported, or refused with a reason", () => {
  for (const id of TYPES) expect(isMapTypeSupported(id) !== (refusalReason(mapTypeName(id)) !== undefined), mapTypeName(id)).toBe(true);
});

it("types that no kernel has are refused without one", () => {
  expect([isMapTypeSupported(0), isMapTypeSupported(99), refusalReason("BPF_MAP_TYPE_99")]).toEqual([false, false, undefined]);
});
