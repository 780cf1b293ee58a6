/** The corpus: XDP objects of Debian's packages, and what is compiled from the kernel's samples and selftests. */
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { ObjectSpec, ProgramSpec } from "../../xdp/object/index.js";
import { loadObject, ObjectError } from "../../xdp/object/index.js";
import { configured } from "./cases.js";
import { AS_XDP, CPU_VERSIONS } from "./versions.js";

/** An object file. */
export interface CorpusFile {
  /** Without version and suffix. */
  readonly name: string;
  /** Instruction set that it was compiled for, or the package that it comes from. */
  readonly version: string;
  readonly path: string;
}

export interface CorpusObject extends CorpusFile {
  readonly object: ObjectSpec;
}

/** Where the corpus is built; CORPUS names another folder. */
const FOLDER = process.env["CORPUS"] ?? join(tmpdir(), "beeline-corpus");
const TARBALL = process.env["LINUX_SOURCE"] ?? "/usr/src/linux-source-6.12.tar.xz";
/** Debian's packages with objects: where they put them, in the first folder that is there. */
const PACKAGES: readonly { readonly name: string; readonly required?: true; readonly folders: readonly string[]; readonly files: RegExp }[] = [
  { name: "xdp-tools", required: true, folders: ["/usr/lib/x86_64-linux-gnu/bpf", "/usr/lib/aarch64-linux-gnu/bpf", "/usr/lib/bpf"], files: /\.o$/ },
  { name: "xdp-tests", folders: ["/usr/libexec/xdp-tools"], files: /\.o$/ },
  // Made by clang 7, 9 and 14.
  { name: "golang-github-cilium-ebpf-dev", folders: ["/usr/share/gocode/src/github.com/cilium/ebpf/testdata"], files: /-el\.elf$/ },
];

export interface Corpus {
  readonly files: readonly CorpusFile[];
  /** What was compiled and what was not, in words. */
  readonly notes: readonly string[];
  /** Sources and packages that are not here, in words. */
  readonly missing: readonly string[];
}

/** All object files; compiles what is not compiled yet, which takes a minute. */
export async function corpusFiles(): Promise<Corpus> {
  const notes: string[] = [];
  const missing: string[] = [];
  const files = await build(notes, missing);
  for (const { name, required, folders, files: pattern } of PACKAGES) {
    const folder = folders.find((path) => existsSync(path));
    if (folder === undefined) (required ? missing : notes).push(`the objects of Debian's ${name} are not there: apt install ${name}`);
    else files.push(...objectsIn(folder, name, pattern));
  }
  return { files, notes, missing };
}

async function build(notes: string[], missing: string[]): Promise<CorpusFile[]> {
  if (!existsSync(TARBALL)) {
    missing.push(`the kernel's source is not there (${TARBALL}): apt install linux-source-6.12`);
    return [];
  }
  try {
    const { stdout } = await promisify(execFile)(fileURLToPath(new URL("build.sh", import.meta.url)), [FOLDER]);
    notes.push(...stdout.trim().split("\n"));
  } catch (error) {
    missing.push(`the kernel's programs were not compiled: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
  return [...CPU_VERSIONS.flatMap((version) => objectsIn(join(FOLDER, "objects", version), version)), ...objectsIn(join(FOLDER, "objects", "any"), AS_XDP)];
}

function objectsIn(folder: string, version: string, pattern = /\.o$/): CorpusFile[] {
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .toSorted()
    .map((name) => ({ name: name.replace(/(\.bpf)?\.o$|\.elf$/, ""), version, path: join(folder, name) }));
}

/** Reads an object; what cannot be read comes back as the error. */
export function readObject(file: CorpusFile): CorpusObject | ObjectError {
  try {
    const object = configured(file.name, loadObject(readFileSync(file.path), file.name));
    return { ...file, object: file.version === AS_XDP ? asXdp(object) : object };
  } catch (error) {
    if (error instanceof ObjectError) return error;
    throw error;
  }
}

/** All programs as ones of XDP: the kernel takes those that use nothing that XDP has not. */
function asXdp(object: ObjectSpec): ObjectSpec {
  return { ...object, programs: object.programs.map((program) => ({ ...program, type: "xdp", attach: "device", frags: false, autoload: true })) };
}

/** Programs that libbpf loads as XDP, and those in sections that it does not know: older loaders take what they are asked to. */
export function xdpPrograms({ object }: CorpusObject): readonly ProgramSpec[] {
  return object.programs.filter(({ type }) => type === "xdp");
}
