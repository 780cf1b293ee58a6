/** The running kernel's judgement of a program, loaded as XDP whatever its section says. */
import { KernelError, KernelObject, KernelVerifierError } from "../../xdp/engine/kernel/index.js";
import type { BtfSpec, BtfType, ObjectSpec, ProgramSpec } from "../../xdp/object/index.js";

export interface KernelVerdict {
  readonly accepted: boolean;
  /** Why the kernel could not be asked: maps or types that it does not make. */
  readonly unanswered?: string;
  /** Last line of the log that is no statistics. */
  readonly message: string;
  readonly log: string;
  readonly processed: number;
  /** Milliseconds of the load, at log level 0 where it was asked for. */
  readonly ms: number;
}

/** The object with one program of it, as XDP. */
export function asXdp(object: ObjectSpec, program: ProgramSpec): { readonly object: ObjectSpec; readonly program: ProgramSpec } {
  const judged: ProgramSpec = { ...program, type: "xdp", attach: program.type === "xdp" ? program.attach : "device", frags: program.type === "xdp" && program.frags };
  // What initialises prog arrays is not judged here.
  const maps = object.maps.map((map) => (map.values === undefined ? map : withoutValues(map)));
  return { object: { ...object, ...(object.btf === undefined ? {} : { btf: forKernel(object.btf) }), programs: [judged], maps: usedMaps({ ...object, maps }, judged) }, program: judged };
}

/** As libbpf gives types to the kernel: functions of the kernel become plain ones, arguments of functions have names. */
function forKernel(btf: BtfSpec): BtfSpec {
  const named = new Set(btf.types.flatMap((type) => (type.kind === "func" ? [type.type] : [])));
  return {
    types: btf.types.map((type, id): BtfType => {
      if (type.kind === "func" && type.linkage === "extern") return { ...type, linkage: "static" };
      if (type.kind === "func_proto" && named.has(id)) return { ...type, params: type.params.map((param, i) => (param.type === 0 ? param : { ...param, name: param.name || `arg${i}` })) };
      return type;
    }),
  };
}

function withoutValues(map: ObjectSpec["maps"][number]): ObjectSpec["maps"][number] {
  const { values, ...rest } = map;
  void values;
  return rest;
}

/** Maps that a program does not name become small arrays: making them could fail for reasons of their own. */
function usedMaps(object: ObjectSpec, program: ProgramSpec): ObjectSpec["maps"] {
  const used = new Set(program.insns.filter(({ op, src }) => op === 0x18 && (src === 5 || src === 6)).map(({ imm }) => imm));
  return object.maps.map((map, i) => (used.has(i) ? map : { name: map.name, type: "BPF_MAP_TYPE_ARRAY", typeId: 2, keySize: 4, valueSize: 4, maxEntries: 1, flags: 0, keyTypeId: 0, valueTypeId: 0 }));
}

export function askKernel(object: ObjectSpec, program: ProgramSpec, logLevel = 1): KernelVerdict {
  let kernel: KernelObject;
  try {
    kernel = new KernelObject(object, { logLevel });
  } catch (error) {
    return { accepted: false, unanswered: error instanceof Error ? error.message : String(error), message: "", log: "", processed: 0, ms: 0 };
  }
  const started = performance.now();
  try {
    const { log } = kernel.load(program.name);
    return { accepted: true, message: "", log, processed: processedOf(log), ms: performance.now() - started };
  } catch (error) {
    const ms = performance.now() - started;
    if (error instanceof KernelVerifierError) return { accepted: false, message: error.message, log: error.log, processed: processedOf(error.log), ms };
    if (error instanceof KernelError) return { accepted: false, unanswered: error.message, message: error.message, log: "", processed: 0, ms };
    throw error;
  } finally {
    kernel.close();
  }
}

function processedOf(log: string): number {
  return Number(/^processed (\d+) insns/m.exec(log)?.[1] ?? 0);
}
