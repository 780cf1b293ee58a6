/** Timers on the device's clock. A kernel has its own clock, so it is not asked here. */
import { FAULT_READ } from "../../../abi.js";
import type { CaseMap, EngineCase } from "../case.js";
import { probeCase } from "../probe.js";
import type { Probe } from "../probe.js";

const EINVAL = -22;
const EBUSY = -16;
const SECOND = 1_000_000_000n;

/** Value: struct bpf_timer, then u64 times it fired and u64 when it last did. */
const T: CaseMap = { name: "t", type: "BPF_MAP_TYPE_ARRAY", value: 32, entries: 2 };
const VALUE = "*(u32 *)(r10 -4) = 0\n r1 = map[t]\n r2 = r10\n r2 += -4\n call bpf_map_lookup_elem\n if r0 == 0 goto out\n r7 = r0";
/** Counts in the value; the key must be 0. */
const BODY = "fire:\n r6 = r3\n r1 = *(u32 *)(r2 +0)\n if r1 != 0 goto wrong\n r1 = *(u64 *)(r6 +16)\n r1 += 1\n *(u64 *)(r6 +16) = r1\n call bpf_ktime_get_ns\n *(u64 *)(r6 +24) = r0\n wrong: r0 = 0\n exit";
const RESULT = "r0 = *(u64 *)(r7 +16)";

/** Each packet: the first starts the timer for `nsecs`; all give how often it has fired. */
function fires(nsecs: string, flags: number, body: string, more = ""): string {
  return `
    ${VALUE}
    r1 = r7
    r2 = map[t]
    r3 = 1
    call bpf_timer_init
    if r0 != 0 goto result
    r1 = r7
    r2 = subprog[fire]
    call bpf_timer_set_callback
    r1 = r7
    r2 = ${nsecs}
    r3 = ${flags}
    call bpf_timer_start
    ${more}
    result: ${RESULT}
    out: exit
    ${body}`;
}

const call = (asm: string, gives: number): Probe => ({ asm, gives });
const AT = "r1 = map[t][0]+0";

export const TIMER_CASES: readonly EngineCase[] = [
  probeCase("what timers answer", [
    call(`${AT}\nr2 = 5\nr3 = 0\ncall bpf_timer_start`, EINVAL),
    call(`${AT}\ncall bpf_timer_cancel`, EINVAL),
    call(`${AT}\nr2 = subprog[fire]\ncall bpf_timer_set_callback`, EINVAL),
    call(`${AT}\nr2 = map[t]\nr3 = 2\ncall bpf_timer_init`, EINVAL),
    call(`${AT}\nr2 = map[t]\nr3 = 16\ncall bpf_timer_init`, EINVAL),
    call(`${AT}\nr2 = map[t]\nr3 = 1\ncall bpf_timer_init`, 0),
    call(`${AT}\nr2 = map[t]\nr3 = 1\ncall bpf_timer_init`, EBUSY),
    call(`${AT}\nr2 = 5\nr3 = 0\ncall bpf_timer_start`, EINVAL),
    call(`${AT}\ncall bpf_timer_cancel`, 0),
    call(`${AT}\nr2 = subprog[fire]\ncall bpf_timer_set_callback`, 0),
    call(`${AT}\nr2 = 5\nr3 = 4\ncall bpf_timer_start`, EINVAL),
    call(`${AT}\nr2 = 5\nr3 = 0\ncall bpf_timer_start`, 0),
    call(`${AT}\nr2 = 5\nr3 = 0\ncall bpf_timer_start`, 0),
    call(`${AT}\ncall bpf_timer_cancel`, 1),
    call(`${AT}\ncall bpf_timer_cancel`, 0),
    call(`${AT}\nr2 = 5\nr3 = 0\ncall bpf_timer_start`, EINVAL),
  ], { maps: [T], functions: BODY, kernel: false }),
  {
    description: "a timer fires with the first packet at its time or later, once, and sees the time that it was set for",
    kernel: false,
    maps: [{ ...T, after: [["00000000", "01000000010000000000000000000000 0100000000000000 0094357700000000"]] }],
    asm: fires("1000000000", 0, BODY),
    packets: [{ ret: 0, time: SECOND }, { ret: 0, time: 2n * SECOND - 1n }, { ret: 1, time: 2n * SECOND + 5n }, { ret: 1, time: 3n * SECOND }, { ret: 1, time: 9n * SECOND }],
  },
  {
    description: "a timer for an absolute time that is over fires with the next packet",
    kernel: false,
    maps: [T],
    asm: fires("5", 1, BODY),
    packets: [{ ret: 0, time: SECOND }, { ret: 1, time: SECOND }, { ret: 1, time: SECOND }],
  },
  {
    description: "a timer that starts itself anew fires as often as its period fits",
    kernel: false,
    maps: [T],
    asm: fires("1000000000", 0, BODY.replace("wrong: r0 = 0", "r1 = r6\n r2 = 1000000000\n r3 = 0\n call bpf_timer_start\n wrong: r0 = 0")),
    packets: [{ ret: 0, time: SECOND }, { ret: 3, time: 4n * SECOND }, { ret: 3, time: 5n * SECOND - 1n }, { ret: 9, time: 10n * SECOND }],
  },
  {
    description: "a timer that is started again fires at its new time",
    kernel: false,
    maps: [T],
    asm: fires("1000000000", 0, BODY, "r1 = r7\n r2 = 3000000000 ll\n r3 = 0\n call bpf_timer_start"),
    packets: [{ ret: 0, time: SECOND }, { ret: 0, time: 3n * SECOND }, { ret: 1, time: 4n * SECOND }],
  },
  {
    description: "a timer that was cancelled does not fire",
    kernel: false,
    maps: [T],
    asm: fires("1000000000", 0, BODY, "r1 = r7\n call bpf_timer_cancel"),
    packets: [{ ret: 0, time: SECOND }, { ret: 0, time: 9n * SECOND }],
  },
  {
    description: "a timer whose element is gone does not fire",
    kernel: false,
    maps: [{ ...T, type: "BPF_MAP_TYPE_HASH", before: [["00000000", "00".repeat(32)]] }],
    asm: `*(u32 *)(r10 -4) = 0\n r1 = map[t]\n r2 = r10\n r2 += -4\n call bpf_map_lookup_elem\n r6 = r0\n r0 = 77\n if r6 == 0 goto out\n ${fires("1000000000", 0, BODY, "*(u32 *)(r10 -4) = 0\n r1 = map[t]\n r2 = r10\n r2 += -4\n call bpf_map_delete_elem")}`,
    packets: [{ ret: 0, time: SECOND }, { ret: 77, time: 9n * SECOND }],
  },
  {
    description: "a timer in a hash gets its key and value",
    kernel: false,
    maps: [{ ...T, type: "BPF_MAP_TYPE_HASH", before: [["00000000", "00".repeat(32)]] }],
    asm: fires("1000000000", 0, BODY),
    packets: [{ ret: 0, time: SECOND }, { ret: 1, time: 9n * SECOND }],
  },
  {
    description: "a fault in a timer's function is the packet's that lets it fire",
    kernel: false,
    maps: [T],
    asm: fires("1000000000", 0, "fire: r0 = *(u8 *)(r3 +64)\n exit"),
    packets: [{ ret: 0, time: SECOND }, { fault: { code: FAULT_READ, insn: 24 }, time: 2n * SECOND }, { ret: 0, time: 3n * SECOND }],
  },
];
