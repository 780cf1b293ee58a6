/** What the modelled NIC tells programs of a packet besides its bytes: RSS hash with its type, time of arrival, VLAN tag. */
import type { FlowType, Rss } from "../../nic/index.js";
import { BPF_CALL, BPF_JMP, KFUNCS, abi } from "../../xdp/index.js";
import type { MachineView } from "../../xdp/index.js";

const { DESC_BYTES, DESC_CAN_HASH, DESC_CAN_TIME, DESC_CAN_VLAN, DESC_FRAME, DESC_HASH_TYPE, DESC_HAS_HASH, DESC_LENGTH, DESC_METADATA } = abi;
const CALL = BPF_JMP | BPF_CALL;
/** Numbers by which resolved calls of the kernel functions go. */
const ASKING = new Set(KFUNCS.filter(({ name }) => name.startsWith("bpf_xdp_metadata_rx_")).map(({ id }) => id));
/** The NIC says the time of every packet, and leaves VLAN tags where they are. */
const ALWAYS = DESC_CAN_HASH | DESC_CAN_TIME | DESC_CAN_VLAN;

/** enum xdp_rss_hash_type (Linux include/net/xdp.h). */
const L3_IPV4 = 1;
const L3_IPV6 = 2;
const L4 = 8;
const L4_BITS: Readonly<Record<string, number>> = { tcp: 16, udp: 32, sctp: 64, ah: 128, esp: 128 };

function hashType(flow: FlowType): number {
  const layer3 = flow.endsWith("4") ? L3_IPV4 : L3_IPV6;
  const layer4 = L4_BITS[flow.slice(0, -1)];
  return layer4 === undefined ? layer3 : layer3 | L4 | layer4;
}

/** Whether any program of the machine asks: writing it costs a look at every packet. */
export function asksMetadata(machine: MachineView): boolean {
  return machine.programs.some(({ spec }) => spec.insns.some(({ op, imm }) => op === CALL && ASKING.has(imm)));
}

/** Writes the metadata fields of descriptors, for programs that ask for any. */
export class RxMetadata {
  private readonly rss: Rss;
  private readonly bytes: Uint8Array;
  private readonly words: Uint32Array;

  constructor(rss: Rss, buffer: SharedArrayBuffer) {
    this.rss = rss;
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
  }

  /** Adds to `count` descriptors from address `descriptors` on; their frames and hashes are there. */
  write(descriptors: number, count: number): void {
    const { words } = this;
    for (let i = 0; i < count; i++) {
      const at = (descriptors + i * DESC_BYTES) >>> 2;
      const frame = words[at + (DESC_FRAME >> 2)];
      const flow = this.rss.flowTypeOf(this.bytes, frame, frame + words[at + (DESC_LENGTH >> 2)]);
      words[at + (DESC_METADATA >> 2)] = flow === undefined ? ALWAYS : ALWAYS | DESC_HAS_HASH;
      words[at + (DESC_HASH_TYPE >> 2)] = flow === undefined ? 0 : hashType(flow);
    }
  }
}
