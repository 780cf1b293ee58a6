/** What `beeline run` is asked to do: a scenario, flags, or a scenario with flags that override it. */
import { basename, resolve } from "node:path";
import { loadScenario } from "../../../scenarios/index.js";
import type { Scenario, ScenarioSpec } from "../../../scenarios/index.js";
import type { EngineName, XdpAction } from "../../../xdp/index.js";
import { UsageError } from "../errors.js";

/** Flags of `beeline run`, as commander gives them. */
export interface RunFlags {
  readonly program?: readonly string[];
  readonly entry?: string;
  readonly pcap?: readonly string[];
  readonly nic?: string;
  readonly set?: readonly string[];
  readonly baseline?: string;
  readonly engine?: EngineName;
  readonly queues?: number;
  readonly parallel?: boolean;
  readonly workers?: number;
  readonly rate?: string;
  readonly loop?: number;
  readonly seed?: number;
  readonly maps?: string;
  readonly setGlobal?: readonly string[];
  readonly kconfig?: readonly string[];
  readonly btf?: string;
  readonly dumpMaps?: string;
  readonly packets?: string;
  readonly packetData?: boolean;
  readonly events?: string;
  readonly out?: string;
  /** False runs programs that the verifier has not judged. */
  readonly verify?: boolean;
  readonly json?: boolean;
}

export interface ProgramRequest {
  readonly file: string;
  readonly entry?: string;
  readonly priority?: number;
  readonly actions?: readonly XdpAction[];
}

export interface CaptureRequest {
  readonly file: string;
  readonly port?: number;
  readonly label?: string;
}

/** Everything that a run needs, paths resolved. */
export interface RunRequest {
  readonly title: string;
  readonly description?: string;
  /** One program, or the programs of a chain. */
  readonly programs: readonly ProgramRequest[];
  readonly captures: readonly CaptureRequest[];
  /** Scenario settings that flags have no part in, and those that no flag overrides. */
  readonly spec: Partial<ScenarioSpec>;
  /** Global variables and kernel settings by name. */
  readonly globals: Readonly<Record<string, unknown>>;
  readonly kconfig: Readonly<Record<string, string>>;
  /** A BTF file to adapt the program to. */
  readonly btf?: string;
  /** A seed file, or seeds written in the scenario. */
  readonly maps?: string | Record<string, unknown>;
  readonly flags: RunFlags;
}

/**
 * @throws {UsageError} where neither scenario nor program and captures are named.
 * @throws {ScenarioError} where the scenario cannot be used.
 */
export function runRequest(scenarioPath: string | undefined, flags: RunFlags): RunRequest {
  if (flags.packetData === true && flags.packets === undefined) throw new UsageError("--packet-data adds bytes to the lines of --packets FILE.jsonl: name that file too");
  if (flags.workers !== undefined && flags.parallel !== true) throw new UsageError("--workers says how many threads --parallel uses: add --parallel");
  if (scenarioPath !== undefined) return fromScenario(loadScenario(scenarioPath), flags);
  if (flags.program === undefined) throw new UsageError("name a scenario, or a program with --program OBJ.o and traffic with --pcap FILE");
  if (flags.pcap === undefined) throw new UsageError("name the traffic to run the program on: --pcap FILE");
  const programs = programsOf(flags.program, flags.entry);
  return { title: programs.map(({ file }) => basename(file)).join(" + "), programs, captures: flags.pcap.map((file) => ({ file })), spec: {}, maps: flags.maps, btf: flags.btf, ...settings({}, flags), flags };
}

function fromScenario({ folder, spec, file }: Scenario, flags: RunFlags): RunRequest {
  const inFolder = (path: string): string => resolve(folder, path);
  const captures = spec.captures.map((capture) =>
    typeof capture === "string" ? { file: inFolder(capture) } : { ...capture, file: inFolder(capture.file) });
  const maps = typeof spec.maps === "string" ? inFolder(spec.maps) : spec.maps;
  const programs = flags.program === undefined ? scenarioPrograms(spec, flags.entry, inFolder) : programsOf(flags.program, flags.entry ?? spec.entry);
  return {
    title: spec.name ?? file,
    description: spec.description,
    programs,
    captures: flags.pcap === undefined ? captures : flags.pcap.map((path) => ({ file: path })),
    spec,
    maps: flags.maps ?? maps,
    btf: flags.btf ?? (spec.btf === undefined ? undefined : inFolder(spec.btf)),
    ...settings(spec, flags),
    flags,
  };
}

function programsOf(files: readonly string[], entry: string | undefined): ProgramRequest[] {
  if (files.length > 1 && entry !== undefined) throw new UsageError("--entry names a program of one object: with several --program, each object must have just one XDP program");
  return files.map((file) => ({ file, entry }));
}

function scenarioPrograms(spec: ScenarioSpec, entry: string | undefined, inFolder: (path: string) => string): ProgramRequest[] {
  if (typeof spec.program === "string") return [{ file: inFolder(spec.program), entry: entry ?? spec.entry }];
  return spec.program.map((one) => (typeof one === "string" ? { file: inFolder(one) } : { ...one, file: inFolder(one.file) }));
}

/** Globals and kernel settings of a scenario, those of flags over them. */
function settings(spec: Partial<ScenarioSpec>, flags: RunFlags): Pick<RunRequest, "globals" | "kconfig"> {
  const kconfig = Object.entries(spec.kconfig ?? {}).map(([name, value]) => [name, String(value)]);
  return {
    globals: { ...spec.globals, ...assignments("--set-global", flags.setGlobal) },
    kconfig: { ...Object.fromEntries(kconfig), ...assignments("--kconfig", flags.kconfig) },
  };
}

/** `NAME=VALUE` words of a flag that may be repeated. */
export function assignments(flag: string, words: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(words.map((word) => {
    const at = word.indexOf("=");
    if (at < 1) throw new UsageError(`${flag} takes NAME=VALUE, not '${word}'`);
    return [word.slice(0, at), word.slice(at + 1)];
  }));
}
