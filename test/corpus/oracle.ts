/** The kernel's side: a program in the kernel, by our own loader where that is enough, by libbpf where the kernel's types or functions have to be resolved. */
import { KernelError, KernelObject, KernelVerifierError, onCpu, TestRun } from "../../xdp/engine/kernel/index.js";
import type { MapHandle } from "../../xdp/maps/index.js";
import { MapError } from "../../xdp/maps/index.js";
import type { ObjectSpec, ProgramSpec } from "../../xdp/object/index.js";
import { ObjectError } from "../../xdp/object/index.js";
import type { Run } from "../differential/compare.js";
import type { Outcome } from "../differential/outcome.js";
import { contentsOf } from "./contents.js";
import { LibbpfError, libbpf, loadWithLibbpf } from "./libbpf.js";

/** A program that the kernel took, before its first packet. */
export interface Loaded {
  readonly loader: "bpf()" | "libbpf";
  readonly maps: readonly MapHandle[];
  /** The program of a prog array's entry: what to write there, or undefined where the kernel does not take it. */
  programNumber(name: string): number | undefined;
  /** Runs all frames in order on CPU 0, from the loopback; undefined with the reason in {@link notRunnable} where the kernel cannot. */
  run(frames: readonly Uint8Array[], compared: ReadonlySet<string>): Run;
  close(): void;
}

/** Why the kernel does not load a program, in a line. */
export interface Refused {
  readonly reason: string;
}

/** Does the program name things that only a loader with the kernel's BTF can resolve? */
function needsKernelTypes(program: ProgramSpec): boolean {
  return (program.coreRelocations?.length ?? 0) > 0 || (program.externs?.length ?? 0) > 0;
}

function isRefusal(error: unknown): error is Error {
  return error instanceof KernelError || error instanceof KernelVerifierError || error instanceof MapError || error instanceof LibbpfError || error instanceof ObjectError;
}

/** Asks the kernel for a program of the object file at `path`; without a path, not through libbpf. */
export function loadInKernel(path: string | undefined, object: ObjectSpec, program: ProgramSpec): Loaded | Refused {
  const attempts = [(): Loaded => withBpf(object, program)];
  if (path !== undefined && libbpf() !== undefined) {
    const attempt = (): Loaded => withLibbpf(path, object, program);
    if (needsKernelTypes(program)) attempts.unshift(attempt);
    else attempts.push(attempt);
  }
  const reasons: string[] = [];
  for (const attempt of attempts) {
    try {
      return attempt();
    } catch (error) {
      if (!isRefusal(error)) throw error;
      reasons.push(error.message);
    }
  }
  // The verifier's words say more than libbpf's number.
  return { reason: reasons.find((reason) => !reason.startsWith("libbpf")) ?? reasons[0] };
}

function withBpf(object: ObjectSpec, program: ProgramSpec): Loaded {
  const kernel = new KernelObject(object);
  try {
    const { fd } = kernel.load(program.name);
    return {
      loader: "bpf()",
      maps: kernel.maps,
      programNumber(name) {
        try {
          kernel.load(name);
        } catch (error) {
          if (isRefusal(error)) return undefined;
          throw error;
        }
        return object.programs.findIndex((other) => other.name === name) + 1;
      },
      run: (frames, compared) => run(fd, kernel.maps, frames, compared),
      close: () => kernel.close(),
    };
  } catch (error) {
    kernel.close();
    throw error;
  }
}

function withLibbpf(path: string, object: ObjectSpec, program: ProgramSpec): Loaded {
  const lib = libbpf();
  if (lib === undefined) throw new LibbpfError("it is not installed", 0);
  // A prog array that the object fills wants its programs loaded too.
  const others = new Set(object.maps.flatMap(({ values }) => (values ?? []).flatMap(({ program: name }) => (name === undefined ? [] : [name]))));
  const loaded = loadWithLibbpf(lib, path, object, program, others);
  return {
    loader: "libbpf",
    maps: loaded.maps,
    programNumber: (name) => (others.has(name) ? object.programs.findIndex((other) => other.name === name) + 1 : undefined),
    run: (frames, compared) => run(loaded.fd, loaded.maps, frames, compared),
    close: () => loaded.close(),
  };
}

function run(fd: number, maps: readonly MapHandle[], frames: readonly Uint8Array[], compared: ReadonlySet<string>): Run {
  const test = new TestRun(fd);
  try {
    const outcomes: Outcome[] = [];
    onCpu(0, () => {
      for (const frame of frames) {
        test.input.set(frame);
        test.run(frame.length, 0, 1, 0);
        const { ret, metaLength, linearLength, fragLength } = test;
        outcomes.push({ ret, metaLength, linearLength, bytes: test.output.slice(0, metaLength + linearLength + fragLength) });
      }
    });
    return { engine: "kernel", outcomes, maps: contentsOf(maps, compared) };
  } finally {
    test.close();
  }
}
