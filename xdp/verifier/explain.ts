/** A refusal in words for people: where it is in the source, what was known, which check is missing, what usually mends it. */
import { BPF_LDX, BPF_ST, BPF_STX, bytesOf, classOf } from "../isa/index.js";
import type { Insn } from "../object/index.js";
import type { Env } from "./env.js";
import { formatReg, insnText } from "./format.js";
import type { Reg } from "./reg.js";
import { NOT_INIT, PTR_TO_MAP_VALUE, PTR_TO_PACKET, PTR_TO_PACKET_META, baseOf } from "./types.js";

export interface Explanation {
  /** `prog.bpf.c:34:12`, or `instruction 17` where the object has no lines. */
  readonly where: string;
  /** The source line and a line with a caret under the place; the instruction where the object has no lines. */
  readonly excerpt: readonly string[];
  /** What was known of the registers that matter, for example `r2: pkt(r=14)`. */
  readonly known: readonly string[];
  /** Which check is missing, or what is wrong, in a sentence. */
  readonly missing: string;
  /** The shortest change that usually mends it, in a sentence. */
  readonly mend: string;
}

interface Advice {
  readonly missing: string;
  readonly mend: string;
}

interface Case {
  /** The verdict line, or a line before it. */
  readonly when: RegExp;
  readonly advice: (match: RegExpExecArray, env: Env) => Advice;
}

/** Bytes that the current instruction accesses; 0 for none. */
function accessed(env: Env): { readonly off: number; readonly size: number; readonly write: boolean } {
  const insn = env.insns[env.insn] as Insn;
  const cls = classOf(insn.op);
  const isAccess = cls === BPF_LDX || cls === BPF_ST || cls === BPF_STX;
  return { off: isAccess ? insn.off : 0, size: isAccess ? bytesOf(insn.op) : 0, write: cls === BPF_ST || cls === BPF_STX };
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

function say(missing: string, mend: string): Case["advice"] {
  return () => ({ missing, mend });
}

const CASES: readonly Case[] = [
  {
    when: /invalid access to packet, off=(-?\d+) size=(\d+), R(\d+)\(id=\d+,off=-?\d+,r=(\d+)\)/,
    advice: ([, off = "0", size = "0", reg = "0", range = "0"], env) => {
      const meta = baseOf(env.state.top.regs[Number(reg)]?.type ?? 0) === PTR_TO_PACKET_META;
      const [what, end] = meta ? ["metadata", "data"] : ["packet", "data_end"];
      if (Number(off) < 0) return { missing: `r${reg} points ${plural(-Number(off), "byte")} before the start of the ${what}`, mend: `go back no further than ${meta ? "data_meta" : "data"}` };
      const need = Number(off) + Number(size);
      const known = Number(range) === 0 ? "none is proven to be there" : `${Number(range) === 1 ? "1 is" : `${range} are`} proven to be there`;
      return {
        missing: `this needs ${plural(need, "byte")} of the ${what} from where r${reg} started, and ${known}: a comparison with ${end} is missing on this path`,
        mend: `before the access: if ((void *)p + ${need} > ${end}) return XDP_DROP; where p is the pointer that is read through`,
      };
    },
  },
  {
    when: /R(\d+) offset is outside of the packet/,
    advice: ([, reg = "0"]) => ({ missing: `r${reg} was found to be at or behind the packet's end on this path`, mend: "turn the comparison with data_end round, or access the packet on the other branch" }),
  },
  {
    when: /R(\d+) invalid mem access '(\w+)_or_null'/,
    advice: ([, reg = "0", kind = ""]) => ({
      missing: `r${reg} may be NULL (${kind}): it was not compared with NULL before it is used`,
      mend: kind === "map_value" ? "after the lookup: if (!value) return XDP_PASS;" : "compare the pointer with NULL right after the call that gives it, and leave where it is NULL",
    }),
  },
  {
    when: /R(\d+) invalid mem access 'scalar'/,
    advice: ([, reg = "0"]) => ({
      missing: `r${reg} holds a number, no pointer: it was computed, or the pointer became stale (packet pointers do when a helper moves the packet, references when they are released)`,
      mend: "load data and data_end from the context again after helpers that change the packet, and check them again",
    }),
  },
  { when: /R(\d+) !read_ok/, advice: ([, reg = "0"]) => ({ missing: `r${reg} holds nothing on this path${Number(reg) >= 1 && Number(reg) <= 5 ? ": calls leave nothing in r1 to r5" : ""}`, mend: reg === "0" ? "return a value on every path" : "initialise the variable on every path to here" }) },
  {
    when: /invalid access to map value, value_size=(\d+) off=(-?\d+) size=(\d+)/,
    advice: ([, size = "0", off = "0", bytes = "0"]) => ({
      missing: `a value of the map has ${plural(Number(size), "byte")}; the access may reach from ${off} to ${Number(off) + Number(bytes)}`,
      mend: "bound the index before it is used: if (i >= N) return XDP_PASS; or i &= N - 1 where N is a power of two",
    }),
  },
  { when: /R(\d+) min value is negative/, advice: ([, reg = "0"]) => ({ missing: `r${reg} may be negative`, mend: "make the index unsigned, or check that it is not below 0" }) },
  { when: /R(\d+) unbounded memory access/, advice: ([, reg = "0"]) => ({ missing: `r${reg} has no upper bound`, mend: "compare the length or index with a constant before the access (if (len > MAX) return …;), or mask it (len &= MAX)" }) },
  { when: /R(\d+) invalid zero-sized read/, advice: ([, reg = "0"]) => ({ missing: `the size in r${reg} may be 0, which the helper does not take`, mend: "check that the size is above 0 before the call" }) },
  { when: /invalid bpf_context access off=(-?\d+) size=(\d+)/, advice: ([, off = "0", size = "0"]) => ({ missing: `struct xdp_md has no field that may be accessed with ${size} bytes at offset ${off} here`, mend: "read the fields of struct xdp_md as they are declared (u32 each); nothing in it can be written, and egress_ifindex is there only for programs of a devmap" }) },
  { when: /dereference of modified ctx ptr|variable ctx access/, advice: say("the context pointer was moved before it is read", "read fields as ctx->field, with the pointer that the program was given") },
  { when: /invalid read from stack|invalid write to stack|invalid variable-offset|invalid unbounded variable-offset/, advice: say("the access is outside of the 512 bytes of stack below r10, or touches what is no plain data", "check sizes of arrays on the stack and bounds of their indices") },
  { when: /misaligned stack access/, advice: say("stack accesses must be aligned to their size", "align the variable, or copy it with __builtin_memcpy") },
  { when: /R(\d+) pointer arithmetic on (\w+_or_null) prohibited/, advice: ([, reg = "0"]) => ({ missing: `r${reg} may be NULL`, mend: "compare it with NULL before computing with it" }) },
  { when: /pointer arithmetic on (\w+) prohibited|bitwise operator|pointer arithmetic with/, advice: say("this computation is not allowed on a pointer", "compute with numbers first, and add the result to the pointer once") },
  { when: /math between (\w+) pointer and (?:register with unbounded|-?\d+)/, advice: say("what is added to the pointer has no bounds, or too large ones", "bound the number from below and above before adding it: unsigned and compared with a constant, or masked") },
  { when: /infinite loop detected/, advice: say("a turn of the loop changes nothing that the verifier sees: it would never end", "count the loop's turns in a variable that the condition reads, with a constant limit") },
  { when: /BPF program is too large\. Processed/, advice: say("there are more paths than the verifier walks (1,000,000 instructions in all)", "bound loops more tightly, move a loop's body into bpf_loop or a global function, or split the program with tail calls") },
  { when: /sequence of \d+ jumps is too complex/, advice: say("too many branches wait to be walked", "move parts into global functions, which are judged on their own") },
  { when: /unreachable insn/, advice: say("an instruction can never be reached", "the compiler removes dead code: this is hand-written or patched code; remove it") },
  { when: /program of this type cannot use helper (\w+)/, advice: ([, name = ""]) => ({ missing: `XDP programs cannot call ${name}`, mend: "use what XDP has: the packet is read and written through ctx->data and ctx->data_end, or with bpf_xdp_load_bytes and bpf_xdp_store_bytes" }) },
  { when: /cannot call GPL-restricted function/, advice: say("the helper is only for programs under a licence that is compatible with the GPL", 'char _license[] SEC("license") = "GPL"; or do without the helper') },
  { when: /reference leak|Unreleased reference/, advice: say("a reference (ring buffer reservation, socket, iterator) is still held where the program ends", "give it back on every path: bpf_ringbuf_submit or _discard, bpf_sk_release, bpf_iter_…_destroy") },
  { when: /bpf_spin_lock|function calls are not allowed while holding a lock/, advice: say("the section between bpf_spin_lock and bpf_spin_unlock is left, or calls something", "keep the section short: no calls, and unlock on every path") },
  { when: /combined stack size|tail_calls are not allowed when call stack/, advice: say("the frames of all functions on the way need more stack than there is (512 bytes; 256 before a function that makes tail calls)", "move large variables to a per-CPU array, or call fewer functions in one another") },
  { when: /Caller passes invalid args|is not a scalar|expected=|expects pointer/, advice: say("an argument is of a kind that the function does not take", "pass what the prototype asks for: a pointer to memory that is there and initialised, the context itself, a map") },
  { when: /helper access to the packet is not allowed/, advice: say("this helper does not take pointers into the packet", "copy the bytes to the stack first") },
  { when: /write into map forbidden/, advice: say("the map is read-only for programs", "constants (const, .rodata) cannot be changed: use a variable in .data or a map without BPF_F_RDONLY_PROG") },
  { when: /div by zero/, advice: say("a division by a constant 0", "divide by something else") },
  { when: /invalid func|calling kernel function/, advice: say("the function is not there for this program", "use another helper, or guard the call with bpf_ksym_exists") },
  { when: /metadata kfuncs require device-bound/, advice: say("metadata functions work only in a program that is bound to a device", "load the program with BPF_F_XDP_DEV_BOUND_ONLY for a device whose driver has them") },
];

/** Registers that a verdict names, and those that the instruction reads. */
function registersIn(env: Env, messages: readonly string[]): readonly number[] {
  const named = messages.flatMap((message) => [...message.matchAll(/\bR(10|\d)\b/g)].map(([, reg]) => Number(reg)));
  const insn = env.insns[env.insn];
  const read = insn === undefined ? [] : classOf(insn.op) === BPF_LDX ? [insn.src] : [insn.dst];
  return [...new Set(named.length > 0 ? named : read)].filter((reg) => reg <= 10);
}

/** Words about a refusal; `messages` are the lines of the verdict. */
export function explain(env: Env, messages: readonly string[]): Explanation {
  const line = env.lines[env.insn];
  const inProgram = env.processed > 0;
  const where = line === undefined || !inProgram ? `instruction ${env.insn}` : `${line.file.slice(line.file.lastIndexOf("/") + 1)}:${line.line}:${line.column}`;
  const text = line?.text.replaceAll("\t", " ") ?? "";
  const indent = text.length - text.trimStart().length;
  const excerpt = line === undefined || !inProgram ? [insnText(env, env.insn)] : [text.trimEnd().slice(indent), `${" ".repeat(Math.max(0, line.column - 1 - indent))}^`];
  const frame = inProgram ? env.state.top : undefined;
  const known = registersIn(env, messages).flatMap((reg) => {
    const value = frame?.regs[reg];
    return value === undefined || value.type === NOT_INIT ? [] : [`r${reg}: ${formatReg(value, frame?.number ?? 0)}${gloss(value)}`];
  });
  for (const { when, advice } of CASES) {
    for (const message of messages) {
      const match = when.exec(message);
      if (match !== null) return { where, excerpt, known, ...advice(match, env) };
    }
  }
  const { size, write } = accessed(env);
  return { where, excerpt, known, missing: size === 0 ? "the kernel does not allow what this instruction does" : `the kernel does not allow this ${write ? "store" : "load"} of ${plural(size, "byte")}`, mend: "see the log (--log 2) for what was known on the way here" };
}

/** What a register's state means, where the log's words are terse. */
function gloss(reg: Reg): string {
  switch (baseOf(reg.type)) {
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
      return reg.range > 0 ? `, ${plural(reg.range, "byte")} proven` : ", nothing proven";
    case PTR_TO_MAP_VALUE:
      return `, into a value of ${plural(reg.map?.valueSize ?? 0, "byte")} of map ${reg.map?.name ?? ""}`;
    default:
      return "";
  }
}
