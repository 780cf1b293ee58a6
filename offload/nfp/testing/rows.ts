/** The program of each row of the expansion table: what comes before the operation, the operation, and what reads its result. */
import { array, hash } from "../../testing/object.js";

export interface RowProgram {
  readonly before: string;
  /** One instruction, or the pairs of a copy. */
  readonly operation: string;
  readonly after: string;
  readonly passes: readonly string[];
  /** Both ways of a jump live, whatever is known of its operands. */
  readonly alive?: boolean;
}

export const ROW_MAPS = [array("values", 56, 4), hash("table", 4, 8, 4)];

const PACKET = "r6 = *(u32 *)(r1 + 0)\n";
const VALUE = `*(u32 *)(r10 - 4) = 0\nr2 = r10\nr2 += -4\nr1 = map[values]\ncall bpf_map_lookup_elem\nif r0 == 0 goto out\n`;
const OUT = "\nout:\nr0 = 1\nexit";
const READ64 = `\nr3 = r1${OUT}`;
const READ32 = `\nw3 = w1${OUT}`;
const SYMBOLS: Readonly<Record<string, string>> = { mov: "=", add: "+=", sub: "-=", and: "&=", or: "|=", xor: "^=", mul: "*=", div: "/=", mod: "%=", lsh: "<<=", rsh: ">>=", arsh: "s>>=" };
const CONDITIONS: Readonly<Record<string, string>> = { jeq: "==", jne: "!=", jgt: ">", jge: ">=", jlt: "<", jle: "<=", jsgt: "s>", jset: "&" };

const plain = (before: string, operation: string, after: string, passes: readonly string[] = []): RowProgram => ({ before, operation, after, passes });

/** r1 and r2 as numbers of so many bytes. */
const numbers = (bytes: number, second = bytes): string => `${PACKET}r1 = *(u${bytes * 8} *)(r6 + 0)\nr2 = *(u${second * 8} *)(r6 + 8)\n`;

type Build = (match: readonly string[]) => RowProgram;

const RULES: readonly (readonly [RegExp, Build])[] = [
  [/^alu(64|32) mov rX = r10/, () => plain("", "r1 = r10", READ64)],
  [/^alu64 neg$/, () => plain(numbers(8), "r1 = -r1", READ64)],
  [/^alu32 neg \(zext\)$/, () => plain(numbers(8), "w1 = -w1", READ64)],
  [/^alu(64|32) mul reg u(16|32)x/, ([, width, bits]) => plain(numbers(Number(bits) / 8), width === "64" ? "r1 *= r2" : "w1 *= w2", READ64)],
  [/^alu64 mul imm (\S+)/, ([, imm]) => plain(numbers(4), `r1 *= ${imm}`, READ64)],
  [/^alu64 div imm (\d+)/, ([, imm]) => plain(numbers(4), `r1 /= ${imm}`, READ64)],
  [/^alu64 div const-reg/, () => plain(`${numbers(4)}r2 = 0x80000003 ll\n`, "r1 /= r2", READ64)],
  [/^alu64 mod (imm|reg)/, ([, kind]) => plain(numbers(4), kind === "imm" ? "r1 %= 3" : "r1 %= r2", READ64)],
  [/^alu64 (.?.sh) imm (\d+)/, ([, name, imm]) => plain(numbers(8), `r1 ${SYMBOLS[name]} ${imm}`, READ64)],
  [/^alu64 (.?.sh) reg \(known <32\)/, ([, name]) => plain(`${numbers(8)}r2 &= 31\n`, `r1 ${SYMBOLS[name]} r2`, READ64)],
  [/^alu64 (.?.sh) reg \(known >=32\)/, ([, name]) => plain(`${numbers(8)}r2 &= 31\nr2 |= 32\n`, `r1 ${SYMBOLS[name]} r2`, READ64)],
  [/^alu64 (.?.sh) reg \(unknown\)/, ([, name]) => plain(numbers(8), `r1 ${SYMBOLS[name]} r2`, READ64)],
  [/^alu32 (.?.sh) (imm|reg) \(zext\)/, ([, name, kind]) => plain(numbers(8), `w1 ${SYMBOLS[name]} ${kind === "imm" ? "7" : "w2"}`, READ64)],
  [/^alu(64|32) (\w+) reg(?: \((no )?zext\))?$/, ([, width, name, no]) => plain(numbers(8), width === "64" ? `r1 ${SYMBOLS[name]} r2` : `w1 ${SYMBOLS[name]} w2`, no === undefined ? READ64 : READ32)],
  [/^alu(64|32) (\w+) imm (\S+)/, ([, width, name, imm]) => plain(numbers(8), `${width === "64" ? "r" : "w"}1 ${SYMBOLS[name]} ${imm}`, READ64)],
  [/^end to_be(\d+)/, ([, bits]) => plain(numbers(8), `r1 = be${bits} r1`, READ64)],
  [/^end to_le/, () => plain(numbers(8), "r1 = le16 r1", READ64)],
  [/^ld_imm64 two/, () => plain("", "r1 = 0x1122334455667788 ll", READ64)],
  [/^ld_imm64 small/, () => plain("", "r1 = map[table]", READ64)],
  [/^ldx packet (\d)B direct(?: \(no pktcache\))? off(\d+)( \+zext)?/, ([, bytes, off, zext]) => plain(PACKET, `r1 = *(u${Number(bytes) * 8} *)(r6 + ${off})`, zext === undefined ? READ32 : READ64)],
  [/^ldx packet (\d)B pktcache-init/, ([, bytes]) => plain(PACKET, `r1 = *(u${Number(bytes) * 8} *)(r6 + 0)`, `\nr4 = *(u64 *)(r6 + 24)${READ32}`, ["packet-cache"])],
  [/^ldx packet (\d)B pktcache-hit (aligned|unaligned)/, ([, bytes, how]) => plain(`${PACKET}r4 = *(u64 *)(r6 + 0)\n`, `r1 = *(u${Number(bytes) * 8} *)(r6 + ${how === "aligned" ? 8 : 11})`, READ32, ["packet-cache"])],
  [/^ldx map value (\d)B off(\d)/, ([, bytes, off]) => plain(VALUE, `r1 = *(u${Number(bytes) * 8} *)(r0 + ${off})`, READ32)],
  [/^(ldx|stx) stack (\d)B \((within first|beyond|variable)/, ([, way, bytes, where]) => stack(way === "ldx", Number(bytes), where)],
  [/^st imm stack (\d)B/, ([, bytes]) => plain("", `*(u${Number(bytes) * 8} *)(r10 - 8) = 5`, OUT)],
  [/^stx packet (\d)B off12/, ([, bytes]) => plain(numbers(8), `*(u${Number(bytes) * 8} *)(r6 + 12) = r1`, OUT)],
  [/^st imm packet (\d)B off12/, ([, bytes]) => plain(PACKET, `*(u${Number(bytes) * 8} *)(r6 + 12) = 5`, OUT)],
  [/^ldx ctx (\w+)/, ([, field]) => plain("", `r1 = *(u32 *)(r1 + ${{ data: 0, data_end: 4, ingress_ifindex: 12, rx_queue_index: 16 }[field] ?? -1})`, READ32)],
  [/^stx ctx rx_queue_index/, () => plain("r2 = 3\n", "*(u32 *)(r1 + 16) = r2", OUT)],
  [/^ld\/st gather memcpy pkt->pkt (\d+)B/, ([, bytes]) => copy(Number(bytes))],
  [/^atomic add(32|64) off(\d) \((.*?)\)/, ([, bits, off, width]) => {
    const value = width.includes("<=16bit") ? "r1 = 1\n" : width.includes(">16bit") ? "r1 = 0x12345\n" : "r6 = r0\nr1 = *(u32 *)(r6 + 16)\n";
    return plain(`${VALUE}${value}`, `lock *(u${bits} *)(r0 + ${off}) += r1`, OUT);
  }],
  [/^ja$/, () => ({ ...plain(`${numbers(8)}if r1 == r2 goto other\n`, "goto out", `\nother:\nr0 = 3${OUT}`), alive: true })],
  [/^jmp(64|32) (\w+) (reg|imm (\S+))/, ([, width, name, , imm]) => {
    const letter = width === "64" ? "r" : "w";
    return { ...plain(numbers(8), `if ${letter}1 ${CONDITIONS[name]} ${imm ?? `${letter}2`} goto out`, `\nr4 = 3${OUT}`), alive: true };
  }],
  [/^exit/, () => plain("r0 = 1\n", "exit", "")],
  [/^call bpf_map_(\w+)_elem stub \(key (at base|elsewhere)/, ([, name, where]) =>
    plain(`r5 = 0\n*(u64 *)(r10 - 8) = r5\n*(u64 *)(r10 - 16) = r5\nr2 = r10\nr2 += ${where === "at base" ? -16 : -8}\nr3 = r10\nr3 += -8\nr4 = 0\nr1 = map[table]\n`, `call bpf_map_${name}_elem`, OUT)],
  [/^call bpf_get_prandom_u32/, () => plain("", "call bpf_get_prandom_u32", OUT)],
  [/^call bpf_perf_event_output/, () => plain("r2 = map[table]\nw3 = -1\nr4 = r10\nr4 += -8\nr5 = 8\n", "call bpf_perf_event_output", OUT)],
  [/^call bpf_xdp_adjust_head \(general\)/, () => plain("r2 = 100\n", "call bpf_xdp_adjust_head", OUT)],
  [/^call bpf_xdp_adjust_head \(const/, () => plain("r2 = -20\n", "call bpf_xdp_adjust_head", OUT)],
  [/^call bpf_xdp_adjust_tail/, () => plain("r2 = -4\n", "call bpf_xdp_adjust_tail", OUT)],
];

function stack(load: boolean, bytes: number, where: string): RowProgram {
  const depth = where === "beyond" ? 128 : 64;
  const base = where === "variable" ? "r7" : "r10";
  const pointer = where === "variable" ? "r7 = r10\nif r1 == r2 goto +1\nr7 += -8\n" : "";
  const place = `*(u${bytes * 8} *)(${base} - 8)`;
  return plain(`${numbers(8)}*(u64 *)(r10 - ${depth}) = r1\n${pointer}`, load ? `r1 = ${place}` : `${place} = r1`, load ? READ32 : OUT);
}

/** In steps of the largest size that gives the bytes. */
function copy(bytes: number): RowProgram {
  const size = bytes % 4 === 0 ? 4 : 2;
  const pairs = Array.from({ length: bytes / size }, (_, i) => `r1 = *(u${size * 8} *)(r6 + ${i * size})\n*(u${size * 8} *)(r7 + ${i * size}) = r1`);
  return plain(`${PACKET}r7 = r6\nr7 += 200\n`, pairs.join("\n"), OUT, ["gather-copies"]);
}

/** The program of an operation; undefined for what is around every program. */
export function rowProgram(operation: string): RowProgram | undefined {
  for (const [pattern, build] of RULES) {
    const match = pattern.exec(operation);
    if (match !== null) return build(match);
  }
  return undefined;
}
