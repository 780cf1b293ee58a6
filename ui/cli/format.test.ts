import { describe, expect, it } from "vitest";
import { count, duration, figure, share } from "./format.js";

describe("figures", () => {
  it.each([0, 7, 999, 1000, 12_345, 1_234_567, 123_456_789_012])("groups %d as Intl does", (value) => expect(count(value)).toBe(value.toLocaleString("en-US")));

  it.each([[0, 10, "0 %"], [10, 10, "100 %"], [8, 10, "80.0 %"], [3, 10_000, "0.03 %"], [1, 1e9, "< 0.01 %"], [99_999, 100_000, "> 99.99 %"], [995, 1000, "99.50 %"], [1, 0, "-"]])(
    "shares %d of %d", (part, whole, text) => expect(share(part, whole)).toBe(text),
  );

  it.each([[72.394, "72.4"], [5.05, "5.05"], [0.175, "0.175"], [148.81, "149"], [0, "0"]])("rounds %d", (value, text) => expect(figure(value)).toBe(text));

  it.each([[850, "850 ns"], [12_000, "12.0 us"], [1.25e9, "1.25 s"]])("gives %d ns a unit", (ns, text) => expect(duration(ns)).toBe(text));
});
