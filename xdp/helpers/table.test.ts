import { expect, it } from "vitest";
import { Layout } from "../engine/layout.js";
import { instantiateRuntime } from "../runtime/runtime.js";
import { FIRST_KFUNC, HELPERS, HELPER_BY_ID, HELPER_NAMES, KFUNCS, REFUSED_HELPERS, REFUSED_KFUNCS, helperName } from "./index.js";

it("names every helper as the kernel's header does", () => {
  expect(HELPER_NAMES).toHaveLength(212);
  expect(new Set(HELPER_NAMES).size).toBe(212);
  for (const { id, name } of HELPERS) expect(helperName(id)).toBe(name);
  expect(helperName(0)).toBe("helper #0");
  expect(helperName(212)).toBe("helper #212");
  expect(helperName(-1)).toBe("helper #-1");
});

it("has each helper once", () => {
  expect(HELPER_BY_ID.size).toBe(HELPERS.length + KFUNCS.length);
  expect(new Set([...HELPERS, ...KFUNCS].map(({ name }) => name)).size).toBe(HELPERS.length + KFUNCS.length);
});

it("has a runtime function for each but the tail call, with one parameter an argument and the environment", () => {
  const { exports } = instantiateRuntime(new Layout().memory);
  const functions = exports as unknown as Record<string, { readonly length: number } | undefined>;
  for (const { name, args, callsBack } of [...HELPERS, ...KFUNCS]) {
    if (name !== "bpf_tail_call" && !callsBack) expect(functions[name]?.length, name).toBe(args.length + 1);
  }
});

it("says of each helper and kfunc one thing: supported, or refused with a reason", () => {
  const supported = new Set([...HELPERS, ...KFUNCS].map(({ name }) => name));
  const refused = [...REFUSED_HELPERS, ...REFUSED_KFUNCS];
  for (const { name, reason } of refused) {
    expect(supported, name).not.toContain(name);
    expect(reason.length, name).toBeGreaterThan(15);
  }
  expect(new Set(refused.map(({ name }) => name)).size).toBe(refused.length);
  for (const { id, name } of REFUSED_HELPERS) expect(helperName(id)).toBe(name);
  for (const { id } of KFUNCS) expect(id).toBeGreaterThanOrEqual(FIRST_KFUNC);
});
