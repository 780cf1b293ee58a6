/** `beeline inspect`: what an object file holds. */
import { createMachine, disassemble, helperName, loadObject, machineBytes, printWat, selectProgram, summarizeObject, summarizeProgram } from "../../../xdp/index.js";
import type { ObjectSpec, ProgramSpec } from "../../../xdp/index.js";
import { findProfile, inspectFor } from "../../../offload/index.js";
import type { Inspection, OffloadProfile } from "../../../offload/index.js";
import { UsageError } from "../errors.js";
import { count } from "../format.js";
import { readInput } from "../input.js";
import { table } from "../table.js";

export interface InspectFlags {
  readonly entry?: string;
  readonly disasm?: boolean;
  readonly wat?: boolean;
  /** A card of the NFP family whose instructions stand beside. */
  readonly for?: string;
  readonly json?: boolean;
}

/** Prints to stdout. */
export function inspectVerb(path: string, flags: InspectFlags): void {
  const object = loadObject(readInput(path, "the object file"), path);
  const programs = flags.entry === undefined ? object.programs : [selectProgram(object, flags.entry, { anyType: true })];
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify(inspectJson(object, programs, flags), null, 2)}\n`);
    return;
  }
  const sections = [overview(object), programTable(object, programs), mapTable(object)];
  for (const program of programs) {
    if (flags.disasm === true) sections.push(listing(object, program));
    if (flags.wat === true) sections.push(wasmText(object, program));
    if (flags.for !== undefined) sections.push(cardListing(inspectFor(object, program, cardOf(flags.for))));
  }
  process.stdout.write(`${sections.filter((section) => section !== "").join("\n\n")}\n`);
}

function inspectJson(object: ObjectSpec, programs: readonly ProgramSpec[], flags: InspectFlags): object {
  return {
    ...summarizeObject(object),
    programs: programs.map((program) => {
      const summary = summarizeProgram(object, program);
      return {
        ...summary,
        helpers: summary.helpers.map(helperName),
        ...(flags.disasm === true ? { disassembly: listing(object, program).split("\n") } : {}),
        ...(flags.wat === true ? { wat: wasmText(object, program) } : {}),
        ...(flags.for === undefined ? {} : { card: cardJson(inspectFor(object, program, cardOf(flags.for))) }),
      };
    }),
  };
}

function overview(object: ObjectSpec): string {
  return `${object.file}: ${count(object.programs.length)} programs, ${count(object.maps.length)} maps, licence ${object.license === "" ? "not stated" : object.license}, ${object.btf === undefined ? "no BTF" : "with BTF"}`;
}

function programTable(object: ObjectSpec, programs: readonly ProgramSpec[]): string {
  if (programs.length === 0) return "";
  const rows = programs.map((program) => {
    const summary = summarizeProgram(object, program);
    return [program.name, program.section, program.type, count(summary.instructions), summary.helpers.map((id) => helperName(id).replace(/^bpf_/, "")).join(" "), summary.maps.join(" ")];
  });
  return table(["Program", "section", "type", "instructions", "helpers", "maps"], rows);
}

function mapTable(object: ObjectSpec): string {
  if (object.maps.length === 0) return "";
  const rows = object.maps.map((map) => [map.name, map.type.replace(/^BPF_MAP_TYPE_/, "").toLowerCase(), `${map.keySize} B`, `${count(map.valueSize)} B`, count(map.maxEntries), `0x${map.flags.toString(16)}`]);
  return table(["Map", "type", "key", "value", "max entries", "flags"], rows);
}

function listing(object: ObjectSpec, program: ProgramSpec): string {
  return `${program.section} ${program.name}\n${disassemble(program.insns, { functions: program.functions, lines: program.lines, map: (index) => object.maps[index]?.name, helper: helperName })}`.trimEnd();
}

/** The module that the JIT makes of the program, on a machine with one CPU. */
function wasmText(object: ObjectSpec, program: ProgramSpec): string {
  return printWat(machineBytes(createMachine({ object, entry: program.name }))).trimEnd();
}

function cardOf(name: string): OffloadProfile {
  const profile = findProfile(name);
  if (profile.kind !== "offload") throw new UsageError(`--for ${name}: this is no card but a path of the kernel, name a card such as agilio-cx-2x40`);
  return profile;
}

/** eBPF and its C lines, with instructions and cycles on the card. */
function cardListing({ device, rows, instructions, ebpf, stackBytes, admitted, errors }: Inspection): string {
  const lines: string[] = [];
  let last = "";
  for (const row of rows) {
    const source = row.source === undefined ? "" : `; ${row.source.text.trim()} @ ${row.source.file}:${row.source.line}`;
    if (source !== "" && source !== last) lines.push(source);
    last = source;
    const cost = row.reached ? `${String(row.instructions).padStart(4)} ${String(row.cycles).padStart(5)}` : "dead     -";
    lines.push(`${String(row.slot).padStart(5)}: ${row.text.padEnd(44)}${cost}${row.errors.length > 0 ? "  refused" : ""}`);
  }
  const totals = `${count(instructions.total)} instructions on ${device} for ${count(ebpf)} of eBPF (${count(instructions.program)} of the program, ${count(instructions.around)} around it, at most ${count(instructions.limit)}), ${count(stackBytes)} bytes of stack: ${admitted ? "it takes the program" : "it refuses the program"}`;
  return [`${"".padEnd(51)}insns cycles (modelled)`, ...lines, totals, ...errors.map((error) => `  ${error.message}`)].join("\n");
}

function cardJson({ rows, errors, ...rest }: Inspection): object {
  return {
    ...rest,
    reasons: errors.map((error) => error.message),
    rows: rows.map((row) => ({
      slot: row.slot, text: row.text, source: row.source, instructions: row.instructions, cycles: row.cycles, cyclesTaken: row.cyclesTaken,
      packetCommands: row.packetCommands, mapCommands: row.mapCommands, reached: row.reached, refused: row.errors.map((error) => error.rule),
    })),
  };
}
