import { afterEach, describe, expect, it } from "vitest";
import { KernelError, KernelObject, kernelAvailable } from "../engine/kernel/index.js";
import type { MapHandle } from "./handle.js";
import { BAD_MAPS, MAP_CASES, type Step } from "./testing/cases.js";
import { errnoOf, mapSpec, openMaps } from "./testing/program_side.js";
import { ENOENT } from "./uapi.js";

const { available } = kernelAvailable();
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));

/** A value as the case gives it, once for each CPU. */
function wide(handle: MapHandle, hex: string): Uint8Array {
  const copies = handle.valueBytes / handle.spec.valueSize;
  return bytes(hex.repeat(Number.isInteger(copies) ? copies : 1));
}

function runStep(handle: MapHandle, step: Step): void {
  if ("update" in step) {
    expect(errnoOf(() => handle.update(bytes(step.update), wide(handle, step.value), step.flags)), JSON.stringify(step)).toBe(step.errno ?? 0);
  } else if ("lookup" in step) {
    const value = handle.lookup(bytes(step.lookup));
    expect(value === undefined ? undefined : Buffer.from(value).toString("hex"), JSON.stringify(step)).toBe(step.gives === undefined ? undefined : Buffer.from(wide(handle, step.gives)).toString("hex"));
  } else if ("delete" in step) {
    let there = true;
    const errno = errnoOf(() => (there = handle.delete(bytes(step.delete))));
    expect(there ? errno : ENOENT, JSON.stringify(step)).toBe(step.errno ?? 0);
  } else {
    const keys = [...handle.keys()].map((key) => Buffer.from(key).toString("hex"));
    expect(new Set(keys)).toEqual(new Set(step.keys));
    expect(keys).toHaveLength(step.keys.length);
  }
}

describe.each(MAP_CASES)("$name", (mapCase) => {
  const spec = mapSpec(mapCase.typeId, mapCase.keySize, mapCase.valueSize, mapCase.maxEntries, { flags: mapCase.flags ?? 0 });
  let object: KernelObject | undefined;
  afterEach(() => object?.close());

  it.each([
    { cpus: 1, shared: false },
    { cpus: 3, shared: true },
  ])("as the machine has it, $cpus CPUs", (options) => {
    const { handles } = openMaps([spec], options);
    for (const step of mapCase.steps) runStep(handles[0] as MapHandle, step);
  });

  it.skipIf(!available || mapCase.ownOnly === true)("as the kernel has it", () => {
    object = new KernelObject({ file: "cases", license: "GPL", programs: [], maps: [spec] });
    for (const step of mapCase.steps) runStep(object.maps[0] as MapHandle, step);
  });
});

describe.each(BAD_MAPS)("$name", (bad) => {
  const spec = mapSpec(bad.typeId, bad.keySize, bad.valueSize, bad.maxEntries, { flags: bad.flags ?? 0 });

  it("cannot be made", () => {
    expect(errnoOf(() => openMaps([spec]))).toBe(bad.errno);
  });

  it.skipIf(!available)("cannot be made in the kernel", () => {
    let errno = 0;
    try {
      new KernelObject({ file: "cases", license: "GPL", programs: [], maps: [spec] }).close();
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      errno = error.errno;
    }
    expect(errno).toBe(bad.errno);
  });
});
