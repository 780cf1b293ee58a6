/** Rules on the program as a whole: its kind, verdicts, stack, reach into the packet, and length after translation. */
import { bytesOf, classOf, BPF_LDX } from "../../xdp/index.js";
import { isExit, isMemory } from "../nfp/meta.js";
import { NFP_EPILOGUE, NFP_PADDING, NFP_PROLOGUE } from "../nfp/translate.js";
import type { Refusal } from "./error.js";
import { ofInsns } from "./subject.js";
import type { Rule, Subject } from "./subject.js";

const XDP_REDIRECT = 4n;

/** Of an interface that nobody has changed. */
const DEFAULT_MTU = 1500;

/**
 * Farthest byte of the packet that an access can want, where the interface's MTU allows packets as long: that of the profile
 * for constant offsets, which name such packets, and the usual one for offsets that could be anything.
 */
export function packetReach({ program, facts, device }: Subject): { readonly bytes: number; readonly slot: number } {
  let bytes = 0;
  let at = -1;
  program.insns.forEach((insn, slot) => {
    if (!isMemory(insn) || !facts.reached(slot)) return;
    const pointer = facts.pointer(slot, classOf(insn.op) === BPF_LDX ? insn.src : insn.dst);
    if (pointer?.kind !== "packet") return;
    const fixed = pointer.offset + insn.off + bytesOf(insn.op) - 1;
    const end = pointer.room === 0 ? Math.min(fixed, device.mtu) : Math.min(fixed + pointer.room, Math.min(device.mtu, DEFAULT_MTU));
    if (end > bytes) [bytes, at] = [end, slot];
  });
  return { bytes, slot: at };
}

export const WHOLE_RULES: readonly Rule[] = [
  {
    id: "program-type",
    title: "programs of the device's receive hook, for packets of one buffer",
    nfp: true,
    check: ({ program }) => {
      if (program.frags) return [{ driver: "Invalid argument (BPF_F_XDP_HAS_FRAGS)", help: "the card takes no programs for packets of several buffers: use SEC(\"xdp\")", actual: program.section }];
      if (program.attach !== "device") return [{ driver: "Invalid argument (expected_attach_type)", help: `a program of a ${program.attach} does not run on the card: use SEC("xdp")`, actual: program.section }];
      return [];
    },
  },
  {
    id: "return-code",
    title: "verdicts: XDP_ABORTED, XDP_DROP, XDP_PASS, XDP_TX",
    nfp: true,
    check: (subject) =>
      subject.device.redirect
        ? []
        : ofInsns(subject, (insn, slot) => {
            const main = subject.program.functions[0];
            if (!isExit(insn) || (main !== undefined && slot >= main.end) || subject.facts.range(slot, 0).known?.includes(XDP_REDIRECT) !== true) return undefined;
            return { driver: "return codes above 3 are XDP_ABORTED on the card", help: "XDP_REDIRECT would drop the packet: use XDP_TX, or XDP_PASS and a program on the host", limit: 3, actual: 4 };
          }),
  },
  {
    id: "stack-size",
    title: "bytes of stack",
    nfp: true,
    check: ({ device, translation: { stackBytes } }) =>
      stackBytes > device.stackBytes
        ? [{ driver: `stack too large: program ${stackBytes}B > FW stack ${device.stackBytes}B`, help: "frames of functions in a chain of calls add up, each rounded up to 64 bytes: use less of it, or inline the functions", limit: device.stackBytes, actual: stackBytes }]
        : [],
  },
  {
    id: "packet-offset",
    title: "reach into the packet",
    nfp: true,
    check: (subject): Refusal[] => {
      const { bytes, slot } = packetReach(subject);
      const limit = subject.device.packetSplitBytes;
      if (bytes <= limit) return [];
      return [{ slot, driver: "BPF offload not supported with potential packet access beyond HW packet split boundary", help: `read at most ${limit} bytes into the packet, or lower the interface's MTU to as many`, limit, actual: bytes }];
    },
  },
  {
    id: "program-length",
    title: "NFP instructions after translation",
    nfp: true,
    check: ({ device, program, translation: { instructions } }) => {
      if (instructions <= device.maxInstructions) return [];
      const around = NFP_PROLOGUE + NFP_EPILOGUE + NFP_PADDING;
      return [{
        driver: `program too long: instruction limit reached (${device.maxInstructions} NFP instructions)`,
        help: `its ${program.insns.length} eBPF instructions become ${instructions} of the card's, ${around} around the program included: see what costs most with 'beeline inspect --for ${device.name}'`,
        limit: device.maxInstructions, actual: instructions,
      }];
    },
  },
];
