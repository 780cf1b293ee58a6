/** Loads programs of an object into the kernel with all its maps, as libbpf would and a little more leniently. */
import { BPF_PSEUDO_FUNC, BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE, BPF_PSEUDO_MAP_VALUE, LD_IMM64, encode } from "../../isa/index.js";
import { fillKconfig, selectProgram } from "../../object/index.js";
import type { Insn, MapSpec, ObjectSpec, ProgramSpec } from "../../object/spec.js";
import type { MachineOptions } from "../contract.js";
import { adaptForKernel } from "./adapt.js";
import { MapError } from "../../maps/index.js";
import { requireKernel } from "./available.js";
import { close } from "./bpf.js";
import { encodeBtf, inventBtf } from "./btf.js";
import type { ProgramBtf } from "./btf.js";
import { possibleCpus } from "./cpu.js";
import { KernelError } from "./errors.js";
import { mapCreate, mapFreeze } from "./map-calls.js";
import { KernelMap, KernelMapOfMaps, KernelProgArray, KernelTargetMap, NOT_MADE, carriesPrograms, u32Bytes } from "./map.js";
import { btfLoad, progInfo, progLoad } from "./prog-calls.js";
import type { ProgInfo } from "./prog-calls.js";
import { BPF_F_NO_PREALLOC, BPF_F_RDONLY_PROG, BPF_F_XDP_HAS_FRAGS, BPF_XDP, BPF_XDP_CPUMAP, BPF_XDP_DEVMAP } from "./uapi.js";

export interface KernelLoadOptions {
  /** Verifier log: 0 none (a refusal still carries one), 1, 2 (every path), 4 (statistics). Default 0. */
  readonly logLevel?: number;
  /** Values of kernel settings (`.kconfig`), as a machine takes them. */
  readonly kconfig?: MachineOptions["kconfig"];
}

/** A program in the kernel. */
export interface KernelProgram {
  readonly spec: ProgramSpec;
  readonly fd: number;
  /** The verifier's log, where it was asked for. */
  readonly log: string;
}

/**
 * An object in the kernel: its maps from the start, its programs when they are asked for. Between the two is the time for
 * seeds, also of read-only data, which is frozen with the first load. {@link close} gives everything back.
 */
export class KernelObject {
  readonly spec: ObjectSpec;
  /** In the order of the spec. */
  readonly maps: readonly KernelMap[];
  private readonly fds: number[] = [];
  private readonly logLevel: number;
  private readonly loaded = new Map<ProgramSpec, KernelProgram>();
  /** Descriptor of the object's BTF without records of a program; undefined where there is none that the kernel takes. */
  private readonly mapBtf: number | undefined;
  private frozen = false;

  /**
   * Makes the maps. Throws {@link KernelUnavailableError} without bpf(2), {@link KernelError} where a map cannot be made.
   */
  constructor(object: ObjectSpec, options: KernelLoadOptions = {}) {
    requireKernel();
    this.spec = fillKconfig(object, options.kconfig, []);
    this.logLevel = options.logLevel ?? 0;
    try {
      this.mapBtf = this.loadBtf()?.fd;
      const used = usedMaps(object);
      this.maps = this.spec.maps.map((spec, id) => this.createMap(spec, id, used.has(id)));
      this.fillInitial();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Loads a program (once) and the programs that its prog arrays need. Throws {@link KernelVerifierError} where the verifier
   * refuses one, {@link KernelError} for what else fails, `ObjectError` where the object has no such XDP program.
   */
  load(name: string): KernelProgram {
    this.freezeData();
    const program = this.loadProgram(selectProgram(this.spec, name));
    for (const map of this.maps) {
      if (map instanceof KernelProgArray || map instanceof KernelTargetMap) map.connect((index) => this.loadProgram(this.spec.programs[index]).fd);
    }
    return program;
  }

  /** What the kernel says of a loaded program: lengths, instructions verified. */
  info(program: KernelProgram): ProgInfo {
    return progInfo(program.fd);
  }

  close(): void {
    for (const fd of this.fds.splice(0)) close(fd);
  }

  private createMap(raw: MapSpec, id: number, used: boolean): KernelMap {
    const spec = forKernel(raw);
    let fd = NOT_MADE;
    try {
      const inner = raw.inner === undefined ? undefined : this.own(this.createPlain(forKernel(raw.inner)));
      fd = this.own(this.createPlain(spec, inner));
    } catch (error) {
      // Objects hold programs of other types too, whose maps may be left to their own loader.
      if (used || !(error instanceof KernelError)) throw error;
    }
    if (MAPS_OF_MAPS.has(spec.type)) return new KernelMapOfMaps(spec, id, fd, (maxEntries) => this.createInner(spec, maxEntries));
    if (carriesPrograms(spec)) return new KernelTargetMap(spec, id, fd);
    return spec.type === "BPF_MAP_TYPE_PROG_ARRAY" ? new KernelProgArray(spec, id, fd) : new KernelMap(spec, id, fd);
  }

  /** A map of a map of maps' template, which is in none yet. */
  private createInner({ name, inner }: MapSpec, maxEntries: number | undefined): KernelMap {
    if (inner === undefined) throw new MapError(name, "has no template for its inner maps: put in maps that the object has");
    const spec = forKernel(maxEntries === undefined ? inner : { ...inner, maxEntries });
    return new KernelMap(spec, -1, this.own(this.createPlain(spec)));
  }

  private createPlain(spec: MapSpec, innerMapFd?: number): number {
    const create = { name: spec.name, type: spec.typeId, keySize: spec.keySize, valueSize: spec.valueSize, maxEntries: spec.maxEntries, flags: spec.flags, innerMapFd, extra: spec.mapExtra ?? 0 };
    if (spec.valueTypeId === 0 || this.mapBtf === undefined) return mapCreate(create);
    try {
      return mapCreate({ ...create, btf: { fd: this.mapBtf, keyTypeId: spec.keyTypeId, valueTypeId: spec.valueTypeId } });
    } catch (error) {
      // Several map types take no BTF, and sizes may differ from the types'.
      if (!(error instanceof KernelError)) throw error;
      return mapCreate(create);
    }
  }

  private fillInitial(): void {
    for (const map of this.maps.filter(({ fd }) => fd !== NOT_MADE)) {
      if (map.spec.initial !== undefined) map.update(new Uint8Array(4), Buffer.from(map.spec.initial, "base64"));
      for (const { key, program, map: inner } of map.spec.values ?? []) {
        if (program !== undefined) map.update(u32Bytes(key), u32Bytes(this.programNumber(program, map.spec)));
        if (inner !== undefined) map.maps?.put(u32Bytes(key), this.mapNamed(inner, map.spec));
      }
    }
  }

  private programNumber(name: string, map: MapSpec): number {
    const index = this.spec.programs.findIndex((program) => program.name === name);
    if (index < 0) throw new Error(`map ${map.name} of ${this.spec.file} is initialised with program ${name}, which the object does not have`);
    return index + 1;
  }

  private mapNamed(name: string, map: MapSpec): KernelMap {
    const inner = this.maps.find(({ spec }) => spec.name === name);
    if (inner === undefined) throw new Error(`map ${map.name} of ${this.spec.file} is initialised with map ${name}, which the object does not have`);
    return inner;
  }

  /** Read-only data becomes read-only for user space too; then the verifier takes its values as known. */
  private freezeData(): void {
    if (this.frozen) return;
    this.frozen = true;
    for (const { spec, fd } of this.maps) {
      if (fd !== NOT_MADE && spec.initial !== undefined && (spec.flags & BPF_F_RDONLY_PROG) !== 0) mapFreeze(fd);
    }
  }

  private loadProgram(spec: ProgramSpec): KernelProgram {
    const known = this.loaded.get(spec);
    if (known !== undefined) return known;
    const btf = this.loadBtf(spec);
    const { fd, log } = progLoad({
      name: spec.name,
      insns: encode(this.withMapFds(adaptForKernel(this.spec, spec))),
      license: this.spec.license,
      flags: spec.frags ? BPF_F_XDP_HAS_FRAGS : 0,
      expectedAttachType: ATTACH_TYPES[spec.attach],
      btf: btf === undefined || (btf.funcInfo.length === 0 && btf.lineInfo.length === 0) ? undefined : btf,
      logLevel: this.logLevel,
    });
    const program = { spec, fd: this.own(fd), log };
    this.loaded.set(spec, program);
    return program;
  }

  private withMapFds(spec: ProgramSpec): Insn[] {
    return spec.insns.map((insn) => {
      if (insn.op !== LD_IMM64 || (insn.src !== BPF_PSEUDO_MAP_IDX && insn.src !== BPF_PSEUDO_MAP_IDX_VALUE)) return insn;
      const src = insn.src === BPF_PSEUDO_MAP_IDX ? BPF_PSEUDO_MAP_FD : BPF_PSEUDO_MAP_VALUE;
      return { ...insn, src, imm: this.maps[insn.imm].fd };
    });
  }

  /** BTF in the kernel for maps, or for a program with its function and line records. */
  private loadBtf(program?: ProgramSpec): { fd: number; funcInfo: Uint8Array; lineInfo: Uint8Array } | undefined {
    for (const { blob, funcInfo, lineInfo } of this.btfAttempts(program)) {
      try {
        return { fd: this.own(btfLoad(blob)), funcInfo, lineInfo };
      } catch (error) {
        if (!(error instanceof KernelError)) throw error;
      }
    }
    return undefined;
  }

  private btfAttempts(program?: ProgramSpec): ProgramBtf[] {
    const { btf } = this.spec;
    const encoded = btf === undefined ? [] : [true, false].map((sections) => encodeBtf(btf, { sections }, program));
    if (program === undefined || !takesFunctions(program)) return encoded;
    return [...encoded.filter(({ funcInfo }) => funcInfo.length > 0), inventBtf(program)];
  }

  private own(fd: number): number {
    this.fds.push(fd);
    return fd;
  }
}

/** Whether a program hands functions to helpers. */
function takesFunctions({ insns }: ProgramSpec): boolean {
  return insns.some(({ op, src }) => op === LD_IMM64 && src === BPF_PSEUDO_FUNC);
}

/** Maps that XDP programs name. */
function usedMaps({ programs }: ObjectSpec): Set<number> {
  const loads = programs.filter(({ type }) => type === "xdp").flatMap(({ insns }) => insns.filter(({ op, src }) => op === LD_IMM64 && (src === BPF_PSEUDO_MAP_IDX || src === BPF_PSEUDO_MAP_IDX_VALUE)));
  return new Set(loads.map(({ imm }) => imm));
}

const ATTACH_TYPES = { device: BPF_XDP, devmap: BPF_XDP_DEVMAP, cpumap: BPF_XDP_CPUMAP } as const;
const MAPS_OF_MAPS: ReadonlySet<string> = new Set(["BPF_MAP_TYPE_ARRAY_OF_MAPS", "BPF_MAP_TYPE_HASH_OF_MAPS"]);
/** Maps whose keys and values are 4 bytes, whatever a legacy object leaves out. */
const FD_MAP_TYPES: ReadonlySet<string> = new Set([
  "BPF_MAP_TYPE_PROG_ARRAY", "BPF_MAP_TYPE_PERF_EVENT_ARRAY", "BPF_MAP_TYPE_ARRAY_OF_MAPS", "BPF_MAP_TYPE_HASH_OF_MAPS",
  "BPF_MAP_TYPE_DEVMAP", "BPF_MAP_TYPE_DEVMAP_HASH", "BPF_MAP_TYPE_CPUMAP", "BPF_MAP_TYPE_XSKMAP",
]);

/** What real objects leave to their loader: sizes of descriptor maps, the flag that LPM tries need, one perf ring a CPU. */
function forKernel(spec: MapSpec): MapSpec {
  const fdMap = FD_MAP_TYPES.has(spec.type);
  return {
    ...spec,
    keySize: spec.keySize === 0 && fdMap ? 4 : spec.keySize,
    valueSize: spec.valueSize === 0 && fdMap ? 4 : spec.valueSize,
    flags: spec.type === "BPF_MAP_TYPE_LPM_TRIE" ? spec.flags | BPF_F_NO_PREALLOC : spec.flags,
    maxEntries: entriesOf(spec, fdMap),
  };
}

/** libbpf makes rings the next power of 2 of whole pages. */
function entriesOf(spec: MapSpec, fdMap: boolean): number {
  if (spec.maxEntries === 0) return fdMap ? defaultEntries(spec.type) : 0;
  return spec.type === "BPF_MAP_TYPE_RINGBUF" || spec.type === "BPF_MAP_TYPE_USER_RINGBUF" ? Math.max(2 ** Math.ceil(Math.log2(spec.maxEntries)), 4096) : spec.maxEntries;
}

/** As many entries as the machine's own maps get, but no more than there are CPUs where the kernel minds. */
function defaultEntries(type: string): number {
  return type === "BPF_MAP_TYPE_PERF_EVENT_ARRAY" || type === "BPF_MAP_TYPE_CPUMAP" ? possibleCpus() : 256;
}
