/** What the card says of a packet besides its bytes. The kernel has it for programs that are bound to a device only, so it is not asked. */
import { DESC_CAN_HASH, DESC_CAN_TIME, DESC_CAN_VLAN, DESC_HAS_HASH, DESC_HAS_VLAN } from "../../../abi.js";
import type { EngineCase } from "../case.js";
import { probeCase, stackPointer } from "../probe.js";
import type { Probe } from "../probe.js";

const EOPNOTSUPP = -95;
const ENODATA = -61;
const ALL = DESC_CAN_HASH | DESC_HAS_HASH | DESC_CAN_TIME | DESC_CAN_VLAN | DESC_HAS_VLAN;

const hash = (gives: number, value: number, type: number): Probe[] => [
  { asm: `*(u64 *)(r10 -8) = 7\nr1 = r6\n${stackPointer(2, -8)}\n${stackPointer(3, -4)}\ncall bpf_xdp_metadata_rx_hash`, gives },
  { asm: "r0 = *(u32 *)(r10 -8)", gives: value },
  { asm: "r0 = *(u32 *)(r10 -4)", gives: type },
];
const time = (gives: number, value: number): Probe[] => [
  { asm: `*(u64 *)(r10 -8) = 7\nr1 = r6\n${stackPointer(2, -8)}\ncall bpf_xdp_metadata_rx_timestamp`, gives },
  { asm: "r0 = *(u32 *)(r10 -8)", gives: value },
];
const vlan = (gives: number, both: number): Probe[] => [
  { asm: `*(u64 *)(r10 -8) = 7\nr1 = r6\n${stackPointer(2, -8)}\n${stackPointer(3, -6)}\ncall bpf_xdp_metadata_rx_vlan_tag`, gives },
  { asm: "r0 = *(u32 *)(r10 -8)", gives: both },
];

export const METADATA_CASES: readonly EngineCase[] = [
  probeCase("a card that says nothing", [...hash(EOPNOTSUPP, 7, 0), ...time(EOPNOTSUPP, 7), ...vlan(EOPNOTSUPP, 7)], { kernel: false }),
  probeCase("a card that says all", [...hash(0, 0x1234_5678, 9), ...time(0, 99), ...vlan(0, 0x0064_0081)], { kernel: false, packet: { time: 99n, metadata: [ALL, 0x1234_5678, 9, 0x0064_0081] } }),
  probeCase("a card that has nothing for this packet", [...hash(ENODATA, 7, 0), ...time(EOPNOTSUPP, 7), ...vlan(ENODATA, 7)], { kernel: false, packet: { metadata: [DESC_CAN_HASH | DESC_CAN_VLAN, 5, 5, 5] } }),
];
