/** Figures as people read them. Every figure keeps its unit; where it comes from is said beside it. */

/** `12,345`. Whole numbers, as all counts are, without Intl, which takes a good part of a short run to load. */
export function count(value: number): string {
  if (!Number.isSafeInteger(value)) return value.toLocaleString("en-US");
  return String(value).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}

/** Share of a whole in percent, with as many digits as tell something: `80.0 %`, `0.03 %`, `0 %`; `-` of nothing. */
export function share(part: number, whole: number): string {
  if (whole === 0) return "-";
  const percent = (part / whole) * 100;
  if (percent === 0 || percent === 100) return `${percent} %`;
  if (percent < 1) return percent < 0.01 ? "< 0.01 %" : `${percent.toFixed(2)} %`;
  if (percent > 99) return percent > 99.99 ? "> 99.99 %" : `${percent.toFixed(2)} %`;
  return `${percent.toFixed(1)} %`;
}

/** Three significant digits: `72.4`, `5.05`, `0.175`. */
export function figure(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 6));
}

/** `1.25 s`, `12.0 ms`, `850 ns` */
export function duration(ns: number): string {
  for (const [unit, size] of [["s", 1e9], ["ms", 1e6], ["us", 1e3]] as const) {
    if (ns >= size) return `${figure(ns / size)} ${unit}`;
  }
  return `${figure(ns)} ns`;
}
