/** Values with locks and timers in them: what BTF says of them, and what updates and lookups do; the kernel does the same. */
import { afterEach, describe, expect, it } from "vitest";
import { KernelObject, kernelAvailable } from "../engine/kernel/index.js";
import type { BtfSpec, BtfType, MapSpec } from "../object/spec.js";
import type { MapHandle } from "./handle.js";
import { specialFields } from "./special.js";
import { errnoOf, le, mapSpec, openMaps } from "./testing/program_side.js";
import { BPF_EXIST, BPF_F_LOCK, BPF_NOEXIST, EEXIST, EINVAL, ENOENT } from "./uapi.js";

const int = (name: string, size: number): BtfType => ({ kind: "int", name, size, bits: size * 8, bitOffset: 0, signed: false, char: false, bool: false });
const member = (name: string, type: number, offset: number): { name: string; type: number; bitOffset: number; bitSize: number } => ({ name, type, bitOffset: offset * 8, bitSize: 0 });
const BTF: BtfSpec = {
  types: [
    { kind: "void" },
    int("u32", 4),
    int("u64", 8),
    { kind: "struct", name: "bpf_spin_lock", size: 4, members: [member("val", 1, 0)] },
    { kind: "struct", name: "value", size: 16, members: [member("before", 1, 0), member("lock", 3, 4), member("after", 2, 8)] },
    { kind: "struct", name: "bpf_timer", size: 16, members: [member("opaque", 7, 0)] },
    { kind: "struct", name: "timed", size: 24, members: [member("timer", 5, 0), member("count", 2, 16)] },
    { kind: "array", type: 2, indexType: 1, count: 2 },
    { kind: "typedef", name: "value_t", type: 4 },
    { kind: "array", type: 8, indexType: 1, count: 2 },
    { kind: "struct", name: "nested", size: 40, members: [member("first", 2, 0), member("values", 9, 8)] },
    { kind: "type_tag", name: "kptr", type: 4 },
    { kind: "ptr", name: "", type: 11 },
    { kind: "ptr", name: "", type: 4 },
    { kind: "struct", name: "pointers", size: 16, members: [member("plain", 13, 0), member("kernel", 12, 8)] },
  ],
};

describe("special fields", () => {
  it.each([
    ["a number", 1, []],
    ["a lock", 4, [{ type: "bpf_spin_lock", offset: 4, bytes: 4 }]],
    ["a lock behind a typedef", 8, [{ type: "bpf_spin_lock", offset: 4, bytes: 4 }]],
    ["a timer", 6, [{ type: "bpf_timer", offset: 0, bytes: 16 }]],
    ["structs in arrays", 10, [{ type: "bpf_spin_lock", offset: 12, bytes: 4 }, { type: "bpf_spin_lock", offset: 28, bytes: 4 }]],
    ["kernel pointers", 14, [{ type: "kptr", offset: 8, bytes: 8 }]],
    ["no type", 0, []],
    ["a type that is not there", 99, []],
  ])("of %s", (_, typeId, fields) => {
    expect(specialFields(BTF, typeId)).toEqual(fields);
  });

  it("of types that contain themselves end", () => {
    const loop: BtfSpec = { types: [{ kind: "void" }, { kind: "typedef", name: "a", type: 1 }, { kind: "struct", name: "s", size: 8, members: [member("again", 2, 0)] }] };
    expect([specialFields(loop, 1), specialFields(loop, 2)]).toEqual([[], []]);
  });
});

const value = (before: number, lock: number, after: number): Uint8Array => Uint8Array.of(...le(before, 4), ...le(lock, 4), ...le(after, 8));
const A = le(1, 4);
const B = le(0, 4);

/** Maps of values with a lock: the control plane never sees or sets it. */
function checkLocked(handle: MapHandle, isArray: boolean): void {
  const errno = (key: Uint8Array, flags: number): number | undefined => errnoOf(() => handle.update(key, value(9, 1, 9), flags));
  if (!isArray) expect(errno(A, BPF_F_LOCK | BPF_EXIST)).toBe(ENOENT);
  handle.update(A, value(1, 1, 2), BPF_F_LOCK);
  expect(handle.lookup(A)).toEqual(value(1, 0, 2));
  handle.update(A, value(3, 0xffff_ffff, 4));
  expect(handle.lookup(A)).toEqual(value(3, 0, 4));
  handle.update(A, value(5, 7, 6), BPF_F_LOCK | BPF_EXIST);
  expect(handle.lookup(A)).toEqual(value(5, 0, 6));
  expect(errno(A, BPF_F_LOCK | BPF_NOEXIST)).toBe(EEXIST);
  expect(errno(A, BPF_F_LOCK | 3)).toBe(EINVAL);
  expect(errno(A, 8)).toBe(EINVAL);
  expect(handle.lookup(A)).toEqual(value(5, 0, 6));
  handle.update(B, value(7, 7, 8), isArray ? 0 : BPF_F_LOCK | BPF_NOEXIST);
  expect(handle.lookup(B)).toEqual(value(7, 0, 8));
}

function timed(timer: number, count: number): Uint8Array {
  return Uint8Array.of(...new Uint8Array(16).fill(timer), ...le(count, 8));
}

function checkTimed(handle: MapHandle): void {
  for (const count of [1, 2]) {
    handle.update(A, timed(0xee, count));
    expect(handle.lookup(A)).toEqual(timed(0, count));
  }
  expect(errnoOf(() => handle.update(A, timed(1, 1), BPF_F_LOCK))).toBe(EINVAL);
}

const LOCKED: readonly (readonly [string, MapSpec])[] = [
  ["hash", mapSpec(1, 4, 16, 4, { keyTypeId: 1, valueTypeId: 4 })],
  ["hash without preallocation", mapSpec(1, 4, 16, 4, { flags: 1, keyTypeId: 1, valueTypeId: 4 })],
  ["array", mapSpec(2, 4, 16, 4, { keyTypeId: 1, valueTypeId: 4 })],
];
const TIMED: readonly (readonly [string, MapSpec])[] = [
  ["hash", mapSpec(1, 4, 24, 4, { keyTypeId: 1, valueTypeId: 6 })],
  ["LRU hash", mapSpec(9, 4, 24, 16, { keyTypeId: 1, valueTypeId: 6 })],
  ["array", mapSpec(2, 4, 24, 4, { keyTypeId: 1, valueTypeId: 6 })],
];

describe("values with a lock or a timer", () => {
  const { available } = kernelAvailable();
  let object: KernelObject | undefined;
  afterEach(() => object?.close());
  const kernelMap = (spec: MapSpec): MapHandle => {
    object = new KernelObject({ file: "special", license: "GPL", programs: [], maps: [spec], btf: BTF });
    return object.maps[0] as MapHandle;
  };

  it.each(LOCKED)("a lock in a %s", (_, spec) => {
    for (const shared of [false, true]) checkLocked(openMaps([spec], { btf: BTF, shared }).handles[0] as MapHandle, spec.typeId === 2);
  });

  it.skipIf(!available).each(LOCKED)("a lock in a %s of the kernel", (_, spec) => checkLocked(kernelMap(spec), spec.typeId === 2));

  it.each(TIMED)("a timer in a %s", (_, spec) => checkTimed(openMaps([spec], { btf: BTF }).handles[0] as MapHandle));

  it.skipIf(!available).each(TIMED)("a timer in a %s of the kernel", (_, spec) => checkTimed(kernelMap(spec)));

  it("keeps the program's lock over updates in place, and gives new entries none", () => {
    const { program, layout } = openMaps([mapSpec(2, 4, 16, 4, { valueTypeId: 4 })], { btf: BTF });
    const address = program.lookup(A);
    new DataView(layout.buffer).setUint32(address + 4, 1, true);
    expect(program.update(A, value(1, 0, 2))).toBe(0);
    expect(program.at(address)).toEqual(value(1, 1, 2));
    const hash = openMaps([mapSpec(1, 4, 16, 4, { valueTypeId: 4 })], { btf: BTF });
    hash.program.update(A, value(1, 1, 2));
    expect(hash.program.read(A)).toEqual(value(1, 0, 2));
  });

  it("with BPF_F_LOCK a hash keeps its entry where it is", () => {
    const { program } = openMaps([mapSpec(1, 4, 16, 4, { valueTypeId: 4 })], { btf: BTF });
    program.update(A, value(1, 0, 1));
    const address = program.lookup(A);
    program.update(A, value(2, 0, 2), BigInt(BPF_F_LOCK));
    expect(program.lookup(A)).toBe(address);
    expect(program.at(address)).toEqual(value(2, 0, 2));
    program.update(A, value(3, 0, 3));
    expect(program.at(address)).toEqual(value(2, 0, 2));
  });
});
