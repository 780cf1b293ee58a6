import { afterEach, describe, expect, it } from "vitest";
import { KernelError, KernelObject, kernelAvailable } from "../engine/kernel/index.js";
import type { MapHandle } from "./handle.js";
import type { MapSpec, ObjectSpec, ProgramSpec } from "../object/spec.js";
import { BAD_MAPS, MAP_CASES, type MapShapeCase, type Step } from "./testing/cases.js";
import { errnoOf, mapSpec, openMaps } from "./testing/program_side.js";
import { ENOENT } from "./uapi.js";

const { available } = kernelAvailable();
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));

/** A value as the case gives it, once for each CPU. */
function wide(handle: MapHandle, hex: string): Uint8Array {
  const copies = handle.valueBytes / handle.spec.valueSize;
  return bytes(hex.repeat(Number.isInteger(copies) ? copies : 1));
}

const hexOf = (value: Uint8Array | undefined): string | undefined => (value === undefined ? undefined : Buffer.from(value).toString("hex"));

/** Steps of maps without keys and of maps of maps; false where it is none of them. */
function runSpecialStep(handle: MapHandle, step: Step, beside: MapHandle | undefined): boolean {
  const what = JSON.stringify(step);
  if ("push" in step) expect(errnoOf(() => handle.update(new Uint8Array(0), bytes(step.push), step.flags)), what).toBe(step.errno ?? 0);
  else if ("pop" in step) expect(hexOf(handle.pop?.()), what).toBe(step.pop);
  else if ("peek" in step) expect(hexOf(handle.lookup(new Uint8Array(0))), what).toBe(step.peek);
  else if ("has" in step) expect(handle.has?.(bytes(step.has)), what).toBe(step.is);
  else if ("put" in step) {
    const { maps } = handle;
    if (maps === undefined) throw new Error("no map of maps");
    const inner = step.beside === true ? (beside as MapHandle) : maps.create(step.entries);
    expect(errnoOf(() => maps.put(bytes(step.put), inner, step.flags)), what).toBe(step.errno ?? 0);
    if (step.errno === undefined) expect(maps.at(bytes(step.put)), what).toBe(inner);
  } else if ("inside" in step) {
    const inner = handle.maps?.at(bytes(step.inside)) as MapHandle;
    inner.update(bytes(step.key), bytes(step.value));
    expect(hexOf(handle.maps?.at(bytes(step.inside))?.lookup(bytes(step.key))), what).toBe(step.value);
  } else return false;
  return true;
}

function runStep(handle: MapHandle, step: Step, beside: MapHandle | undefined): void {
  if (runSpecialStep(handle, step, beside)) return;
  if ("update" in step) {
    expect(errnoOf(() => handle.update(bytes(step.update), wide(handle, step.value), step.flags)), JSON.stringify(step)).toBe(step.errno ?? 0);
  } else if ("lookup" in step) {
    const value = handle.lookup(bytes(step.lookup));
    expect(value === undefined ? undefined : Buffer.from(value).toString("hex"), JSON.stringify(step)).toBe(step.gives === undefined ? undefined : Buffer.from(wide(handle, step.gives)).toString("hex"));
  } else if ("delete" in step) {
    let there = true;
    const errno = errnoOf(() => (there = handle.delete(bytes(step.delete))));
    expect(there ? errno : ENOENT, JSON.stringify(step)).toBe(step.errno ?? 0);
  } else if ("keys" in step) {
    const keys = [...handle.keys()].map((key) => Buffer.from(key).toString("hex"));
    expect(new Set(keys)).toEqual(new Set(step.keys));
    expect(keys).toHaveLength(step.keys.length);
  }
}

function specOf(shape: MapShapeCase, more: Partial<MapSpec> = {}): MapSpec {
  return mapSpec(shape.typeId, shape.keySize, shape.valueSize, shape.maxEntries, { flags: shape.flags ?? 0, ...more });
}

/** The case's map, and the one beside it. */
function specsOf(mapCase: MapShapeCase & { readonly inner?: MapShapeCase; readonly beside?: MapShapeCase; readonly extra?: number }): MapSpec[] {
  const first = specOf(mapCase, { ...(mapCase.inner === undefined ? {} : { inner: specOf(mapCase.inner, { name: "inner" }) }), ...(mapCase.extra === undefined ? {} : { mapExtra: mapCase.extra }) });
  return mapCase.beside === undefined ? [first] : [first, specOf(mapCase.beside, { name: "beside" })];
}

/** An object whose only program names every map: they must all be made. */
function objectOf(maps: readonly MapSpec[]): ObjectSpec {
  const insns = [
    ...maps.flatMap((_, imm) => [{ op: 0x18, dst: 1, src: 5, off: 0, imm }, { op: 0, dst: 0, src: 0, off: 0, imm: 0 }]),
    { op: 0xb7, dst: 0, src: 0, off: 0, imm: 2 },
    { op: 0x95, dst: 0, src: 0, off: 0, imm: 0 },
  ];
  const program: ProgramSpec = { name: "main", section: "xdp", type: "xdp", frags: false, attach: "device", autoload: true, insns, functions: [{ name: "main", start: 0, end: insns.length, linkage: "global" }], lines: [] };
  return { file: "cases", license: "GPL", programs: [program], maps };
}

describe.each(MAP_CASES)("$name", (mapCase) => {
  const specs = specsOf(mapCase);
  let object: KernelObject | undefined;
  afterEach(() => object?.close());

  it.each([
    { cpus: 1, shared: false },
    { cpus: 3, shared: true },
  ])("as the machine has it, $cpus CPUs", (options) => {
    const { handles } = openMaps(specs, options);
    for (const step of mapCase.steps) runStep(handles[0] as MapHandle, step, handles[1]);
  });

  it.skipIf(!available || mapCase.ownOnly === true)("as the kernel has it", () => {
    object = new KernelObject(objectOf(specs));
    for (const step of mapCase.steps) runStep(object.maps[0] as MapHandle, step, object.maps[1]);
  });
});

describe.each(BAD_MAPS)("$name", (bad) => {
  const specs = specsOf(bad);

  it("cannot be made", () => {
    expect(errnoOf(() => openMaps(specs))).toBe(bad.errno);
  });

  it.skipIf(!available)("cannot be made in the kernel", () => {
    let errno = 0;
    try {
      new KernelObject(objectOf(specs)).close();
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      errno = error.errno;
    }
    expect(errno).toBe(bad.errno);
  });
});
