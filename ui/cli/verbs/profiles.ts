/** `beeline profiles`: the devices that there are, and where each of their figures comes from. */
import { findProfile, profileJsonSchema, PROFILES } from "../../../offload/index.js";
import type { DeviceProfile } from "../../../offload/index.js";

export interface ProfilesFlags {
  readonly json?: boolean;
  readonly schema?: boolean;
}

/** Keys that are no figures. */
const NO_FIGURE = new Set(["kind", "name", "description", "sources"]);

/** Prints all profiles, or one with its sources. */
export function profilesVerb(name: string | undefined, flags: ProfilesFlags): void {
  if (flags.schema === true) process.stdout.write(`${JSON.stringify(profileJsonSchema(), null, 2)}\n`);
  else if (name === undefined) process.stdout.write(flags.json === true ? `${JSON.stringify(PROFILES, null, 2)}\n` : `${overview()}\n`);
  else {
    const profile = findProfile(name);
    process.stdout.write(flags.json === true ? `${JSON.stringify(profile, null, 2)}\n` : `${figures(profile)}\n`);
  }
}

function overview(): string {
  const rows = PROFILES.map((profile) => [profile.name, profile.description]);
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, description]) => `${name.padEnd(width)}  ${description}`);
  return [...lines, "", "beeline profiles NAME shows a profile's figures and their sources; --nic takes a name or a YAML or JSON file of your own (base: NAME and what differs)."].join("\n");
}

function figures(profile: DeviceProfile): string {
  const rows = Object.entries(profile).filter(([key]) => !NO_FIGURE.has(key)).map(([key, value]) => [key, show(value), sourceOf(profile, key)]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map(([key, value, source]) => `${key.padEnd(widths[0])}  ${value.padStart(widths[1])}  ${source}`.trimEnd());
  return [`${profile.name} (${profile.kind}): ${profile.description}`, "", ...lines].join("\n");
}

function sourceOf({ sources }: DeviceProfile, key: string): string {
  const source = sources[key];
  return source === undefined ? "" : `${source.evidence}: ${source.source}`;
}

function show(value: unknown): string {
  if (Array.isArray(value)) return value.length > 3 ? `${value.length} entries` : value.join(", ");
  if (typeof value === "number" && value >= 1e6) return `${value / 1e6}e6`;
  return String(value);
}
