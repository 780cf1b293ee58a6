/** Loads one program of an object into the kernel with all maps of the object, as libbpf would and a little more leniently. */
import { BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE, BPF_PSEUDO_MAP_VALUE, LD_IMM64, encode } from "../../isa/index.js";
import type { Insn, MapSpec, ObjectSpec, ProgramSpec } from "../../object/spec.js";
import { requireKernel } from "./available.js";
import * as bpf from "./bpf.js";
import { encodeBtf } from "./btf.js";
import { possibleCpus } from "./cpu.js";
import { KernelError } from "./errors.js";
import { KernelMap } from "./map.js";
import { BPF_F_NO_PREALLOC, BPF_F_RDONLY_PROG, BPF_F_XDP_HAS_FRAGS, BPF_XDP, BPF_XDP_CPUMAP, BPF_XDP_DEVMAP } from "./uapi.js";

export interface KernelLoadOptions {
  /** Called when the maps are there and before read-only data is frozen and the program loads: the place for seeds. */
  readonly seed?: (maps: readonly KernelMap[]) => void;
  /** Verifier log: 0 none (a refusal still carries one), 1, 2 (every path), 4 (statistics). Default 0. */
  readonly logLevel?: number;
}

/** Maps and programs of one object in the kernel; {@link close} gives everything back. */
export class KernelProgram {
  readonly spec: ProgramSpec;
  readonly fd: number;
  readonly maps: readonly KernelMap[];
  /** The verifier's log, where it was asked for. */
  readonly log: string;
  private readonly fds: readonly number[];

  private constructor(spec: ProgramSpec, loaded: bpf.LoadedProg, maps: readonly KernelMap[], fds: readonly number[]) {
    this.spec = spec;
    this.fd = loaded.fd;
    this.log = loaded.log;
    this.maps = maps;
    this.fds = fds;
  }

  /**
   * Throws {@link KernelUnavailableError} without bpf(2), {@link KernelVerifierError} where the verifier refuses the program,
   * {@link KernelError} where a map cannot be made, and `Error` where the object has no such program.
   */
  static load(object: ObjectSpec, entry: string, options: KernelLoadOptions = {}): KernelProgram {
    requireKernel();
    const session = new LoadSession(object, options);
    try {
      session.createMaps();
      options.seed?.(session.maps);
      session.freezeData();
      const spec = session.program(entry);
      const loaded = session.loadProgram(spec);
      session.fillInitialised();
      return new KernelProgram(spec, loaded, session.maps, session.fds);
    } catch (error) {
      for (const fd of session.fds) bpf.close(fd);
      throw error;
    }
  }

  /** What the kernel says of the program: lengths, instructions verified. */
  info(): bpf.ProgInfo {
    return bpf.progInfo(this.fd);
  }

  close(): void {
    for (const fd of this.fds) bpf.close(fd);
  }
}

/** One load: the file descriptors made so far, to be closed together. */
class LoadSession {
  readonly fds: number[] = [];
  readonly maps: KernelMap[] = [];
  private readonly object: ObjectSpec;
  private readonly logLevel: number;
  private readonly loaded = new Map<ProgramSpec, bpf.LoadedProg>();
  /** BTF for maps: undefined where the object has none that the kernel takes. */
  private readonly mapBtf: number | undefined;

  constructor(object: ObjectSpec, options: KernelLoadOptions) {
    this.object = object;
    this.logLevel = options.logLevel ?? 0;
    this.mapBtf = this.loadBtf()?.fd;
  }

  program(name: string): ProgramSpec {
    const spec = this.object.programs.find((program) => program.name === name);
    if (spec === undefined) throw new Error(`${this.object.file} has no program ${name}; it has ${this.object.programs.map((program) => program.name).join(", ")}`);
    if (spec.type !== "xdp") throw new Error(`program ${name} of ${this.object.file} is of type ${spec.type}; only XDP programs can run`);
    return spec;
  }

  createMaps(): void {
    for (const [id, spec] of this.object.maps.entries()) this.maps.push(new KernelMap(forKernel(spec), id, this.createMap(spec)));
    for (const map of this.maps) {
      if (map.spec.initial !== undefined) map.update(new Uint8Array(4), Buffer.from(map.spec.initial, "base64"));
    }
  }

  private createMap(raw: MapSpec): number {
    const spec = forKernel(raw);
    const inner = raw.inner === undefined ? undefined : this.own(this.createPlain(forKernel(raw.inner)));
    return this.own(this.createPlain(spec, inner));
  }

  private createPlain(spec: MapSpec, innerMapFd?: number): number {
    const create = { name: spec.name, type: spec.typeId, keySize: spec.keySize, valueSize: spec.valueSize, maxEntries: spec.maxEntries, flags: spec.flags, innerMapFd };
    const known = spec.valueTypeId !== 0 && this.mapBtf !== undefined;
    if (!known) return bpf.mapCreate(create);
    try {
      return bpf.mapCreate({ ...create, btf: { fd: this.mapBtf, keyTypeId: spec.keyTypeId, valueTypeId: spec.valueTypeId } });
    } catch (error) {
      // Several map types take no BTF, and sizes may differ from the types'.
      if (!(error instanceof KernelError)) throw error;
      return bpf.mapCreate(create);
    }
  }

  /** Read-only data becomes read-only for user space too; then the verifier takes its values as known. */
  freezeData(): void {
    for (const { spec, fd } of this.maps) {
      if (spec.initial !== undefined && (spec.flags & BPF_F_RDONLY_PROG) !== 0) bpf.mapFreeze(fd);
    }
  }

  loadProgram(spec: ProgramSpec): bpf.LoadedProg {
    const known = this.loaded.get(spec);
    if (known !== undefined) return known;
    const btf = this.loadBtf(spec);
    const program = bpf.progLoad({
      name: spec.name,
      insns: encode(this.withMapFds(spec)),
      license: this.object.license,
      flags: spec.frags ? BPF_F_XDP_HAS_FRAGS : 0,
      expectedAttachType: ATTACH_TYPES[spec.attach],
      btf: btf === undefined || (btf.funcInfo.length === 0 && btf.lineInfo.length === 0) ? undefined : btf,
      logLevel: this.logLevel,
    });
    this.own(program.fd);
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

  /** Fills prog arrays and maps of maps from their initialisers, loading the programs that they name. */
  fillInitialised(): void {
    for (const map of this.maps) {
      for (const { key, program, map: inner } of map.spec.values ?? []) {
        const fd = program === undefined ? this.maps.find(({ spec }) => spec.name === inner)?.fd : this.loadProgram(this.program(program)).fd;
        if (fd === undefined) throw new Error(`map ${map.spec.name} of ${this.object.file} is initialised with ${inner}, which is not a map of the object`);
        map.update(u32Bytes(key), u32Bytes(fd));
      }
    }
  }

  /** BTF in the kernel for maps, or for a program with its function and line records. */
  private loadBtf(program?: ProgramSpec): { fd: number; funcInfo: Uint8Array; lineInfo: Uint8Array } | undefined {
    const { btf } = this.object;
    if (btf === undefined) return undefined;
    for (const sections of [true, false]) {
      const { blob, funcInfo, lineInfo } = encodeBtf(btf, { sections }, program);
      try {
        return { fd: this.own(bpf.btfLoad(blob)), funcInfo, lineInfo };
      } catch (error) {
        if (!(error instanceof KernelError)) throw error;
      }
    }
    return undefined;
  }

  private own(fd: number): number {
    this.fds.push(fd);
    return fd;
  }
}

const ATTACH_TYPES = { device: BPF_XDP, devmap: BPF_XDP_DEVMAP, cpumap: BPF_XDP_CPUMAP } as const;
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
    maxEntries: spec.maxEntries === 0 && (spec.type === "BPF_MAP_TYPE_PERF_EVENT_ARRAY" || spec.type === "BPF_MAP_TYPE_CPUMAP") ? possibleCpus() : spec.maxEntries,
  };
}

function u32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
