/** A program and its traffic, as every verb that runs them on devices needs them: everything of a run but the device. */
import { statSync } from "node:fs";
import { countSources, DEFAULT_DEVICE, findProfile, needsSources, overrideProfile, parseOverrides, withSources } from "../../../offload/index.js";
import type { DeviceProfile, RunOptions } from "../../../offload/index.js";
import { mergeCaptures, openCapture } from "../../../traffic/index.js";
import type { CaptureInterface, CaptureReader } from "../../../traffic/index.js";
import { btfTarget } from "../../../xdp/index.js";
import type { ObjectSpec } from "../../../xdp/index.js";
import { readInput } from "../input.js";
import { loadProgram, seedMachine } from "./prepare.js";
import type { CaptureRequest, RunRequest } from "./request.js";

/** The run that a request describes, without its device, rate and sinks. */
export function workloadOf(request: RunRequest): Omit<RunOptions, "device"> {
  const { flags, spec } = request;
  const { object, program } = loadProgram(request);
  return {
    object,
    entry: program.name,
    open: () => openAll(request),
    engine: flags.engine,
    queues: flags.queues ?? spec.queues,
    loop: flags.loop ?? spec.loop ?? 1,
    seed: flags.seed ?? spec.seed,
    network: spec.network,
    btf: request.btf === undefined ? undefined : btfTarget(readInput(request.btf, "the BTF"), request.btf),
    kconfig: request.kconfig,
    portOf: (iface) => spec.interfaces?.[iface.name]?.port ?? captureOf(request, iface)?.port ?? 0,
    setup: (machine) => seedMachine(request, machine),
  };
}

/** The device that a request names, with its changes. */
export function deviceOf({ flags, spec }: RunRequest): DeviceProfile {
  return overrideProfile(findProfile(flags.nic ?? spec.nic ?? DEFAULT_DEVICE), { ...spec.set, ...parseOverrides(flags.set ?? []) });
}

/** The same, with what the traffic says of the map entries that packets reach, where files can be read twice and it matters. */
export async function deviceFor(request: RunRequest, object: ObjectSpec, named = deviceOf(request)): Promise<DeviceProfile> {
  if (!needsSources(object, named) || !request.captures.every(({ file }) => isRegular(file))) return named;
  const reader = await openAll(request);
  try {
    return withSources(named, await countSources(reader));
  } finally {
    reader.close();
  }
}

function isRegular(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

/** The capture that an interface is in. */
export function captureOf({ captures }: RunRequest, iface: CaptureInterface): CaptureRequest | undefined {
  return captures.find((capture) => capture.file === iface.file);
}

/** What the traffic of an interface is called. */
export function labelOf(request: RunRequest, iface: CaptureInterface): string | undefined {
  return request.spec.interfaces?.[iface.name]?.label ?? captureOf(request, iface)?.label;
}

async function openAll({ captures }: RunRequest): Promise<CaptureReader> {
  const readers: CaptureReader[] = [];
  try {
    for (const { file } of captures) readers.push(await openCapture(file));
  } catch (error) {
    for (const reader of readers) reader.close();
    throw error;
  }
  return mergeCaptures(readers);
}
