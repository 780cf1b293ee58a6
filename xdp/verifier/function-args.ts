/** Arguments of functions by their BTF types: global functions are judged on their own, for any arguments of these types. */
import type { BtfSpec, BtfType } from "../object/index.js";
import { sizeOfType, skipModifiers } from "./btf-fields.js";
import type { Env, FunctionArg, Subprogram } from "./env.js";
import { PTR_TRUSTED } from "./types.js";

const KIND_NAMES: Readonly<Record<string, string>> = { void: "UNKNOWN", struct: "STRUCT", union: "UNION", fwd: "FWD", func_proto: "FUNC_PROTO", ptr: "PTR", array: "ARRAY", float: "FLOAT" };

/** Arguments of a function; refuses what the kernel does not take. */
export function argumentsOf(env: Env, subprogram: number): readonly FunctionArg[] {
  const info = env.subprograms[subprogram] as Subprogram;
  return (info.args ??= prepare(env, info, subprogram));
}

function prepare(env: Env, info: Subprogram, subprogram: number): readonly FunctionArg[] {
  const { btf } = env;
  const func = btf?.types[info.typeId ?? 0];
  if (btf === undefined || func?.kind !== "func") return env.reject(`BTF of func#${subprogram} doesn't point to KIND_FUNC`, "EFAULT");
  const proto = btf.types[func.type];
  if (proto?.kind !== "func_proto") return env.reject(`Invalid type of function ${func.name}()`, "EFAULT");
  // Of static functions, what does not fit says nothing: they are walked with what they get.
  const refuse = (message: string): never => (info.global ? env.reject(message) : env.rejectSilently(message));
  if (proto.params.length > 5) refuse(`Global function ${func.name}() with ${proto.params.length} > 5 args. Buggy compiler.`);
  const result = skipModifiers(btf, proto.type).type;
  if (result.kind !== "int" && result.kind !== "enum") refuse(`Global function ${func.name}() doesn't return scalar. Only those are supported.`);
  return proto.params.map(({ type }, i) => argument(env, btf, info, func.name, type, i));
}

/** Declaration tags `arg:…` of an argument. */
function tagsOf(btf: BtfSpec, functionId: number | undefined, index: number): readonly string[] {
  return btf.types.flatMap((type) => (type.kind === "decl_tag" && type.type === functionId && type.component === index && type.name.startsWith("arg:") ? [type.name.slice(4)] : []));
}

function argument(env: Env, btf: BtfSpec, info: Subprogram, name: string, typeId: number, index: number): FunctionArg {
  const tags = tagsOf(btf, info.typeId, index);
  if (tags.length > 0 && !info.global) env.reject(`arg#${index} type tag is not supported in static functions`, "EOPNOTSUPP");
  for (const tag of tags) if (!["ctx", "trusted", "untrusted", "nonnull", "nullable", "arena"].includes(tag)) env.reject(`arg#${index} has unsupported set of tags`, "EOPNOTSUPP");
  const { type } = skipModifiers(btf, typeId);
  const plain = { nullable: false, size: 0, flags: 0 };
  if (type.kind !== "ptr") {
    if (tags.length > 0) env.reject(`arg#${index} has pointer tag, but is not a pointer type`);
    if (type.kind === "int" || type.kind === "enum") return { kind: "scalar", ...plain };
    const message = `Arg#${index} type ${KIND_NAMES[type.kind] ?? type.kind.toUpperCase()} in ${name}() is not supported yet.`;
    return info.global ? env.reject(message) : env.rejectSilently(message);
  }
  const target = skipModifiers(btf, type.type).type;
  const structName = "name" in target ? target.name : "";
  const others = (...allowed: readonly string[]): boolean => tags.some((tag) => !allowed.includes(tag));
  if (tags.includes("ctx") || isContext(target, btf, type.type)) {
    if (others("ctx")) env.reject(`arg#${index} has invalid combination of tags`);
    const isXdp = target.kind === "void" || ((target.kind === "struct" || target.kind === "fwd") && target.name === "xdp_md");
    if (!isXdp) env.reject(structName === "" ? `arg#${index} type doesn't have a name` : `arg#${index} should be \`struct xdp_md *\``);
    return { kind: "ctx", ...plain };
  }
  if (target.kind === "struct" && target.name === "bpf_dynptr") {
    if (tags.length > 0) env.reject(`arg#${index} has invalid combination of tags`);
    return { kind: "dynptr", ...plain };
  }
  if (tags.includes("trusted")) {
    if (tags.includes("nonnull")) env.reject(`arg#${index} has invalid combination of tags`);
    return { kind: "btf", nullable: tags.includes("nullable"), size: 0, structName, flags: PTR_TRUSTED };
  }
  if (tags.includes("untrusted")) return env.notKnown("untrusted pointers as arguments of global functions");
  if (tags.includes("arena")) {
    if (others("arena")) env.reject(`arg#${index} arena cannot be combined with any other tags`);
    return { kind: "arena", ...plain };
  }
  // Static functions are walked with what they get: their types say nothing more.
  if (!info.global) return env.rejectSilently(`Arg#${index} type PTR in ${name}() is not supported yet.`);
  if (tags.includes("nullable")) env.reject(`arg#${index} has invalid combination of tags`);
  const size = sizeOfType(btf, type.type);
  if (size === 0) env.reject(`arg#${index} reference type('${KIND_NAMES[target.kind] ?? "UNKNOWN"} ${structName}') size cannot be determined: -22`);
  return { kind: "mem", nullable: !tags.includes("nonnull"), size, flags: 0 };
}

/** struct xdp_md, by its name, whatever the function takes it for; a typedef of another name is none. */
function isContext(target: BtfType, btf: BtfSpec, typeId: number): boolean {
  let id = typeId;
  for (let type = btf.types[id]; type !== undefined; type = btf.types[id]) {
    if (type.kind === "typedef") return false;
    if (type.kind !== "const" && type.kind !== "volatile" && type.kind !== "restrict" && type.kind !== "type_tag") break;
    id = type.type;
  }
  return (target.kind === "struct" || target.kind === "fwd") && target.name === "xdp_md";
}
