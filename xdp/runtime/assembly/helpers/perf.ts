/** bpf_perf_event_output as XDP programs have it (bpf_xdp_event_output in net/core/filter.c). */
import { ENV_CPU, ENV_DATA, ENV_DATA_END, ENV_FRAG_LENGTH, ENV_HARD_START, MAP_TYPE, SLOT_FRAGS } from "../../../abi";
import { BPF_MAP_TYPE_PERF_EVENT_ARRAY, EFAULT, EINVAL, ENOSPC } from "../../../maps/uapi";
import { copyBytes } from "../maps/bytes";
import { perf_buffer, perf_reserve } from "../maps/index";

const INDEX_MASK: u64 = 0xffffffff;
/** Bytes of the packet to append, in the flags' upper half. */
const CTXLEN_MASK: u64 = 0xfffff00000000;

export function bpf_perf_event_output(env: u32, ctx: u64, map: u64, flags: u64, data: u64, size: u64): u64 {
  if (flags & ~(INDEX_MASK | CTXLEN_MASK) || load<u32>(u32(map), MAP_TYPE) != BPF_MAP_TYPE_PERF_EVENT_ARRAY) return u64(i64(-EINVAL));
  const packet = load<u32>(env, ENV_DATA);
  const linear = load<u32>(env, ENV_DATA_END) - packet;
  const appended = u32((flags & CTXLEN_MASK) >> 32);
  if (appended > linear + load<u32>(env, ENV_FRAG_LENGTH)) return u64(i64(-EFAULT));
  const buffer = perf_buffer(u32(map), u32(flags), load<u32>(env, ENV_CPU));
  if (buffer < 0) return u64(buffer);
  const length = u32(size);
  const event = perf_reserve(u32(buffer), length + appended);
  if (event == 0) return u64(i64(-ENOSPC));
  copyBytes(event, u32(data), length);
  const first = min(appended, linear);
  copyBytes(event + length, packet, first);
  if (appended > first) memory.copy(event + length + first, load<u32>(env, ENV_HARD_START) + SLOT_FRAGS, appended - first);
  return 0;
}
