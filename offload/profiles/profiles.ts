/**
 * Finding a profile, and changing figures of it (`--set key=value`).
 */
import { createRequire } from "node:module";
import type { z as Zod } from "zod";
import { AGILIO_CX_2X10, AGILIO_CX_2X25, AGILIO_CX_2X40, AGILIO_CX_2X40_LEAN, AGILIO_LX } from "./agilio.js";
import { ProfileError } from "./errors.js";
import { isProfileFile, readProfile } from "./file.js";
import { HXDP_FPGA } from "./hxdp.js";
import { LINUX_XDP_GENERIC, LINUX_XDP_GENERIC_NFP, LINUX_XDP_NATIVE_CX4, LINUX_XDP_NATIVE_CX5, LINUX_XDP_NATIVE_E810, LINUX_XDP_NATIVE_NFP, LINUX_XDP_NATIVE_XL710 } from "./linux.js";
import { profileSchemas } from "./schema.js";
import type { DeviceProfile } from "./schema.js";

export const PROFILES: readonly DeviceProfile[] = [
  AGILIO_CX_2X40, AGILIO_CX_2X40_LEAN, AGILIO_CX_2X25, AGILIO_CX_2X10, AGILIO_LX, HXDP_FPGA,
  LINUX_XDP_NATIVE_CX5, LINUX_XDP_NATIVE_CX4, LINUX_XDP_NATIVE_XL710, LINUX_XDP_NATIVE_E810, LINUX_XDP_NATIVE_NFP, LINUX_XDP_GENERIC, LINUX_XDP_GENERIC_NFP,
];
export const DEFAULT_DEVICE = "agilio-cx-2x40";
export const DEFAULT_BASELINE = "linux-xdp-native-cx5";

/** Source of a figure that was overridden. */
export const SET_BY_USER = "set by the user";

/** What says which profile it is, and so cannot be set. */
const FIXED = new Set(["kind", "name", "description", "sources", "mode"]);

/** The profile called `name`, or in the file `name` (YAML or JSON). Throws {@link ProfileError}, which names all there are. */
export function findProfile(name: string): DeviceProfile {
  if (isProfileFile(name)) return readProfile(name, findProfile);
  const profile = PROFILES.find((one) => one.name === name);
  if (profile === undefined) throw new ProfileError(name, `no profile '${name}': use one of ${PROFILES.map((one) => one.name).join(", ")}`);
  return profile;
}

/** Checks data as a profile. Throws {@link ProfileError} on the first thing that is wrong. */
export function parseProfile(data: unknown): DeviceProfile {
  const parsed = profileSchemas().profile.safeParse(data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const key = issue.path.join(".");
  throw new ProfileError(key, `profile: ${key === "" ? "" : `${key}: `}${lower(issue.message)}`);
}

/**
 * A profile with figures changed. Values are what a person wrote (`"60"`, `"1.2e9"`) or data of a scenario. What was set is
 * marked so in `sources`. Throws {@link ProfileError}: a key that is not there (with all that are), a value of the wrong type or range.
 */
export function overrideProfile(profile: DeviceProfile, set: Readonly<Record<string, unknown>>): DeviceProfile {
  // Those of ours are known to be right.
  if (Object.keys(set).length === 0 && PROFILES.includes(profile)) return profile;
  const keys = Object.keys(profile).filter((key) => !FIXED.has(key));
  const changed: Record<string, unknown> = { ...profile };
  const sources: Record<string, { evidence: string; source: string }> = { ...profile.sources };
  for (const [key, value] of Object.entries(set)) {
    if (!keys.includes(key)) throw new ProfileError(key, `profile ${profile.name} has no '${key}': its keys are ${keys.join(", ")}`);
    changed[key] = coerce(profile, key, value);
    sources[key] = { evidence: "assumed", source: SET_BY_USER };
  }
  const parsed = profileSchemas().profile.safeParse({ ...changed, sources });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const key = String(issue.path[0] ?? "");
    throw new ProfileError(key, `profile ${profile.name}: ${key}=${show(set[key])}: ${lower(issue.message)}`);
  }
  return parsed.data;
}

/** Reads `key=value` words as {@link overrideProfile} takes them. Throws {@link ProfileError}. */
export function parseOverrides(words: readonly string[]): Record<string, string> {
  const set: Record<string, string> = {};
  for (const word of words) {
    const at = word.indexOf("=");
    if (at < 1) throw new ProfileError(word, `'${word}' is not key=value: write for example cores=60`);
    set[word.slice(0, at).trim()] = word.slice(at + 1).trim();
  }
  return set;
}

/** A text becomes what the key holds; what does not fit stays, and the schema refuses it. */
function coerce(profile: DeviceProfile, key: string, value: unknown): unknown {
  if (typeof value !== "string") return value;
  const now = (profile as Record<string, unknown>)[key];
  if (typeof now === "number") {
    if (value === "" || Number.isNaN(Number(value))) throw new ProfileError(key, `profile ${profile.name}: ${key}=${value}: expected a number such as ${now}`);
    return Number(value);
  }
  if (typeof now === "boolean" && (value === "true" || value === "false")) return value === "true";
  if (Array.isArray(now)) return value.split(",").map((word) => word.trim()).filter((word) => word !== "");
  return value;
}

function show(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function lower(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}

/** JSON schema of a profile, for editors and documentation. */
export function profileJsonSchema(): unknown {
  const { z } = createRequire(import.meta.url)("zod") as { z: typeof Zod };
  return z.toJSONSchema(profileSchemas().profile);
}
