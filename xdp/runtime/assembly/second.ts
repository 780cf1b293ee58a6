/**
 * Programs that entries of devmaps and cpumaps carry: the packet that was redirected to such an entry goes through its
 * program before it leaves (kernel/bpf/devmap.c, cpumap.c). Here they run at once, in the kernel when the batch is flushed.
 */
import {
  ENV_CPU,
  ENV_EGRESS_IFINDEX,
  ENV_FIRST_REDIRECT,
  ENV_PROGRAM,
  ENV_REDIRECT_FLAGS,
  ENV_REDIRECT_KEY,
  ENV_REDIRECT_KIND,
  ENV_REDIRECT_MAP,
  ENV_REDIRECT_TARGET,
  ENV_RX_QUEUE_INDEX,
  ENV_SCRATCH,
  ENV_SECOND_CPU,
  ENV_SECONDS,
  ENV_STACK_LOW,
  ENV_STACK_TOP,
  ENV_TAIL_CALLS,
  MACHINE,
  MACHINE_MAPS,
  MACHINE_PROGRAM_COUNT,
  MAP_HEADER_BYTES,
  MAP_TYPE,
  MAX_SECONDS,
  REDIRECT_MAP,
  REDIRECT_NONE,
  SCRATCH_HELPERS,
  STACK_FRAME_BYTES,
} from "../../abi";
import { map_redirect_program } from "./maps/index";

const BPF_MAP_TYPE_CPUMAP: u32 = 16;
const XDP_ABORTED: u32 = 0;
const XDP_DROP: u32 = 1;
const XDP_PASS: u32 = 2;
const XDP_REDIRECT: u32 = 4;
/** Kind, map, key, target and flags of a redirect lie behind each other. */
const REDIRECT_BYTES: u32 = 24;

/**
 * Number + 1 of the program that runs after one that returned `ret`, 0 where none does. The environment is then ready for
 * it: interface out or CPU, an empty stack, no tail calls, no redirect.
 */
export function second_program(env: u32, ret: u32): u32 {
  if (ret != XDP_REDIRECT || load<u32>(env, ENV_REDIRECT_KIND) != REDIRECT_MAP) return 0;
  const map = load<u32>(MACHINE, MACHINE_MAPS) + load<u32>(env, ENV_REDIRECT_MAP) * MAP_HEADER_BYTES;
  const program = map_redirect_program(map, load<u32>(env, ENV_REDIRECT_KEY), env + ENV_SCRATCH + SCRATCH_HELPERS);
  const seconds = load<u32>(env, ENV_SECONDS);
  if (program == 0 || program > load<u32>(MACHINE, MACHINE_PROGRAM_COUNT) || seconds >= u32(MAX_SECONDS)) return 0;
  const target = load<u32>(env, ENV_REDIRECT_TARGET);
  const toCpu = load<u32>(map, MAP_TYPE) == BPF_MAP_TYPE_CPUMAP;
  store<u32>(env, seconds + 1, ENV_SECONDS);
  store<u32>(env, u32(toCpu), ENV_SECOND_CPU);
  if (toCpu) store<u32>(env, target, ENV_CPU);
  store<u32>(env, toCpu ? 0 : target, ENV_EGRESS_IFINDEX);
  // The kernel does not keep the queue.
  store<u32>(env, 0, ENV_RX_QUEUE_INDEX);
  memory.copy(env + ENV_FIRST_REDIRECT, env + ENV_REDIRECT_KIND, REDIRECT_BYTES);
  memory.fill(env + ENV_REDIRECT_KIND, 0, REDIRECT_BYTES);
  store<u32>(env, 0, ENV_TAIL_CALLS);
  store<u32>(env, program - 1, ENV_PROGRAM);
  const low = env + ENV_STACK_TOP - STACK_FRAME_BYTES;
  memory.fill(low, 0, STACK_FRAME_BYTES);
  store<u32>(env, low, ENV_STACK_LOW);
  return program;
}

/**
 * The packet's verdict, `ret` being what the second program returned: XDP_REDIRECT where it goes on to where it was sent, or,
 * from a CPU of a cpumap, to where this program sent it; else the packet is dropped.
 */
export function second_result(env: u32, ret: u32): u32 {
  if (ret == XDP_REDIRECT && load<u32>(env, ENV_SECOND_CPU) && load<u32>(env, ENV_REDIRECT_KIND) != REDIRECT_NONE) return XDP_REDIRECT;
  // The redirect that led here is done with: its entry's program does not run again.
  store<u32>(env, MAX_SECONDS, ENV_SECONDS);
  memory.copy(env + ENV_REDIRECT_KIND, env + ENV_FIRST_REDIRECT, REDIRECT_BYTES);
  if (ret == XDP_PASS) return XDP_REDIRECT;
  return ret == XDP_DROP ? XDP_DROP : XDP_ABORTED;
}
