/**
 * libbpf itself, as a loader beside ours: what it gives the kernel (CO-RE, kfuncs, kernel variables and settings resolved)
 * is what a user of the object gets. Called through koffi; where libbpf.so.1 is not installed, {@link libbpf} gives undefined.
 */
import { createRequire } from "node:module";
import type * as Koffi from "koffi";
import { KernelMap, KernelProgArray } from "../../xdp/engine/kernel/index.js";
import type { MapSpec, ObjectSpec, ProgramSpec } from "../../xdp/object/index.js";

/** An address; koffi gives null for 0. */
type Pointer = unknown;

interface Calls {
  readonly open: (path: string) => Pointer;
  readonly close: (object: Pointer) => void;
  readonly load: (object: Pointer) => number;
  readonly nextProgram: (object: Pointer, program: Pointer) => Pointer;
  readonly programName: (program: Pointer) => string;
  readonly setAutoload: (program: Pointer, on: boolean) => number;
  readonly setAttachType: (program: Pointer, type: number) => number;
  readonly programFd: (program: Pointer) => number;
  readonly nextMap: (object: Pointer, map: Pointer) => Pointer;
  readonly mapName: (map: Pointer) => string;
  readonly mapFd: (map: Pointer) => number;
  readonly keySize: (map: Pointer) => number;
  readonly valueSize: (map: Pointer) => number;
  readonly maxEntries: (map: Pointer) => number;
  readonly setMaxEntries: (map: Pointer, entries: number) => number;
  readonly setInitialValue: (map: Pointer, value: Uint8Array, size: number) => number;
  /** -errno of the last call that gave a null pointer. */
  readonly errno: () => number;
}

let calls: Calls | undefined;
let tried = false;

/** The library's functions, or undefined without the library. */
export function libbpf(): Calls | undefined {
  if (!tried) {
    tried = true;
    calls = bind();
  }
  return calls;
}

function bind(): Calls | undefined {
  let koffi: typeof Koffi;
  let library: ReturnType<typeof Koffi.load>;
  try {
    koffi = createRequire(import.meta.url)("koffi") as typeof Koffi;
    library = koffi.load("libbpf.so.1");
  } catch {
    return undefined;
  }
  library.func("libbpf_set_print", "void *", ["void *"])(null);
  return {
    open: library.func("bpf_object__open", "void *", ["str"]),
    close: library.func("bpf_object__close", "void", ["void *"]),
    load: library.func("bpf_object__load", "int", ["void *"]),
    nextProgram: library.func("bpf_object__next_program", "void *", ["void *", "void *"]),
    programName: library.func("bpf_program__name", "str", ["void *"]),
    setAutoload: library.func("bpf_program__set_autoload", "int", ["void *", "bool"]),
    setAttachType: library.func("bpf_program__set_expected_attach_type", "int", ["void *", "int"]),
    programFd: library.func("bpf_program__fd", "int", ["void *"]),
    nextMap: library.func("bpf_object__next_map", "void *", ["void *", "void *"]),
    mapName: library.func("bpf_map__name", "str", ["void *"]),
    mapFd: library.func("bpf_map__fd", "int", ["void *"]),
    keySize: library.func("bpf_map__key_size", "uint32", ["void *"]),
    valueSize: library.func("bpf_map__value_size", "uint32", ["void *"]),
    maxEntries: library.func("bpf_map__max_entries", "uint32", ["void *"]),
    setMaxEntries: library.func("bpf_map__set_max_entries", "int", ["void *", "uint32"]),
    setInitialValue: library.func("bpf_map__set_initial_value", "int", ["void *", "const uint8_t *", "size_t"]),
    errno: () => -koffi.errno(),
  };
}

/** A program of an object, loaded by libbpf with the object's maps; {@link LibbpfObject.close} gives all back. */
export interface LibbpfObject {
  readonly fd: number;
  /** In the order of the spec; maps that libbpf did not make are left out. */
  readonly maps: readonly KernelMap[];
  close(): void;
}

/** enum bpf_attach_type */
const ATTACH_TYPES = { device: 37, devmap: 33, cpumap: 35 } as const;

/** libbpf, or the kernel behind it, did not take a program. */
export class LibbpfError extends Error {
  constructor(step: string, result: number) {
    super(`libbpf: ${step} gives ${result}`);
    this.name = "LibbpfError";
  }
}

/**
 * Loads `entry` of the object file at `path`, alone or, for `others`, with those programs too.
 * @throws LibbpfError where libbpf or the kernel refuses.
 */
export function loadWithLibbpf(lib: Calls, path: string, spec: ObjectSpec, entry: ProgramSpec, others: ReadonlySet<string>): LibbpfObject {
  const object = lib.open(path);
  if (object === null) throw new LibbpfError("bpf_object__open", lib.errno());
  try {
    const programs = new Map<string, Pointer>();
    for (let program = lib.nextProgram(object, null); program !== null; program = lib.nextProgram(object, program)) {
      const name = lib.programName(program);
      programs.set(name, program);
      lib.setAutoload(program, name === entry.name || others.has(name));
    }
    if (!programs.has(entry.name)) throw new LibbpfError(`no program ${entry.name}`, 0);
    lib.setAttachType(programs.get(entry.name), ATTACH_TYPES[entry.attach]);
    for (const [map, made] of namedMaps(lib, object, spec)) {
      if (map.maxEntries > 0 && lib.maxEntries(made) === 0) lib.setMaxEntries(made, map.maxEntries);
      if (map.initial !== undefined) lib.setInitialValue(made, Buffer.from(map.initial, "base64"), lib.valueSize(made));
    }
    const result = lib.load(object);
    if (result < 0) throw new LibbpfError("bpf_object__load", result);
    const fdOf = (index: number): number => lib.programFd(programs.get(spec.programs[index].name));
    return { fd: lib.programFd(programs.get(entry.name)), maps: mapsOf(lib, object, spec, fdOf), close: () => lib.close(object) };
  } catch (error) {
    lib.close(object);
    throw error;
  }
}

/** Does libbpf get all of an object's programs that load by themselves into the kernel? */
export function loadsWithLibbpf(path: string): boolean {
  const lib = libbpf();
  const object = lib?.open(path) ?? null;
  if (lib === undefined || object === null) return false;
  const result = lib.load(object);
  lib.close(object);
  return result >= 0;
}

/** Our maps, with libbpf's. */
function namedMaps(lib: Calls, object: Pointer, spec: ObjectSpec): ReadonlyMap<MapSpec, Pointer> {
  const made: Pointer[] = [];
  for (let map = lib.nextMap(object, null); map !== null; map = lib.nextMap(object, map)) made.push(map);
  const named = new Map<MapSpec, Pointer>();
  for (const map of spec.maps) {
    // libbpf puts (some of) the object's name before the section's.
    const found = made.find((other) => lib.mapName(other) === map.name) ?? made.find((other) => map.dataSection !== undefined && lib.mapName(other).endsWith(map.dataSection));
    if (found !== undefined) named.set(map, found);
  }
  return named;
}

function mapsOf(lib: Calls, object: Pointer, spec: ObjectSpec, fdOf: (index: number) => number): KernelMap[] {
  return [...namedMaps(lib, object, spec)].flatMap(([map, made]) => {
    const fd = lib.mapFd(made);
    if (fd < 0) return [];
    const id = spec.maps.indexOf(map);
    const real = { ...map, keySize: lib.keySize(made), valueSize: lib.valueSize(made), maxEntries: lib.maxEntries(made) };
    if (map.type !== "BPF_MAP_TYPE_PROG_ARRAY") return [new KernelMap(real, id, fd)];
    const array = new KernelProgArray(real, id, fd);
    array.connect(fdOf);
    return [array];
  });
}
