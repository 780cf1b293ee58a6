import { expect, it } from "vitest";
import { Layout } from "../engine/layout.js";
import { instantiateRuntime } from "../runtime/runtime.js";
import { HELPERS, HELPER_BY_ID, HELPER_NAMES, helperName } from "./index.js";

it("names every helper as the kernel's header does", () => {
  expect(HELPER_NAMES).toHaveLength(212);
  expect(new Set(HELPER_NAMES).size).toBe(212);
  for (const { id, name } of HELPERS) expect(helperName(id)).toBe(name);
  expect(helperName(0)).toBe("helper #0");
  expect(helperName(212)).toBe("helper #212");
  expect(helperName(-1)).toBe("helper #-1");
});

it("has each helper once", () => {
  expect(HELPER_BY_ID.size).toBe(HELPERS.length);
});

it("has a runtime function for each but the tail call, with one parameter an argument and the environment", () => {
  const { exports } = instantiateRuntime(new Layout().memory);
  const functions = exports as unknown as Record<string, { readonly length: number } | undefined>;
  for (const { name, args, callsBack } of HELPERS) {
    if (name !== "bpf_tail_call" && !callsBack) expect(functions[name]?.length, name).toBe(args.length + 1);
  }
});
