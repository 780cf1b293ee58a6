import { describe, expect, it } from "vitest";
import { ENGINES as XDP_ENGINES } from "../../xdp/index.js";
import { UsageError } from "./errors.js";
import { ENGINES, oneOf } from "./options.js";

describe("options", () => {
  it("name the engines that there are", () => expect(ENGINES).toEqual(XDP_ENGINES));

  it("refuse words that are none, with all that are", () => {
    expect(() => oneOf("--engine", ENGINES)("jit")).toThrow(UsageError);
    expect(() => oneOf("--engine", ENGINES)("jit")).toThrow("--engine takes wasm, interpreter, kernel, not 'jit'");
    expect(oneOf("--engine", ENGINES)("kernel")).toBe("kernel");
  });
});
