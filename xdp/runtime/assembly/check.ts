/** What a program may touch. Both engines ask here, so that they agree: by address, whatever the pointer was made from. */
import {
  ARG_ANYTHING,
  ARG_CALLBACK,
  ARG_CTX,
  ARG_FIXED_READ,
  ARG_FIXED_SIZE,
  ARG_FIXED_WRITE,
  ARG_MAP,
  ARG_MAP_KEY,
  ARG_MAP_VALUE,
  ARG_MAP_VALUE_WRITE,
  ARG_MEM_OPTIONAL,
  ARG_MEM_READ,
  ARG_MEM_READ_OR_NULL,
  ARG_MEM_WRITE,
  ARG_MEM_WRITE_OR_NULL,
  ARG_NONE,
  ARG_RINGBUF_MEM,
  ARG_SIZE,
  ARG_SIZE_MAX,
  ARG_SIZE_OR_ZERO,
  ARG_SOCKET,
  ARG_STRING,
  ENV_DATA,
  ENV_DATA_END,
  ENV_DATA_META,
  ENV_FAULT,
  ENV_FAULT_ADDRESS,
  ENV_FAULT_PROGRAM,
  ENV_FRAG_LENGTH,
  ENV_HARD_START,
  ENV_PROGRAM,
  ENV_SCRATCH,
  ENV_STACK_LOW,
  ENV_STACK_TOP,
  FAULT_ARGUMENT,
  MACHINE,
  MACHINE_HELPERS,
  MACHINE_HELPER_COUNT,
  MACHINE_MAPS,
  MACHINE_MAP_COUNT,
  MACHINE_PROGRAMS,
  MACHINE_SLICES,
  MAP_DATA,
  MAP_DATA_END,
  MAP_FLAGS,
  MAP_HEADER_BYTES,
  MAP_KEY_SIZE,
  MAP_TYPE,
  MAP_VALUE_SIZE,
  PROGRAM_BYTES,
  PROGRAM_CALLBACKS,
  PROGRAM_CALLBACK_COUNT,
  SCRATCH_LAST_MAP,
  SLOT_FRAGS,
  XDP_MD_BYTES,
} from "../../abi";
import { in_callback_key } from "./helpers/callback";
import { in_connection } from "./helpers/conntrack";
import { in_socket, is_socket } from "./helpers/socket";
import { map_at, map_value_ok, ringbuf_is_record } from "./maps/index";

const BPF_F_RDONLY_PROG: u32 = 128;
const BPF_F_WRONLY_PROG: u32 = 256;
const BPF_MAP_TYPE_RINGBUF: u32 = 27;
const BPF_MAP_TYPE_BLOOM_FILTER: u32 = 30;

/** 1 where a program may read (`write` 0) or write (1) the `size` bytes at `address`. */
export function check_access(env: u32, address: u64, size: u32, write: u32): u32 {
  if (address >> 32 != 0) return 0;
  const start = address;
  const end = address + u64(size);
  const data = load<u32>(env, ENV_DATA);
  const meta = load<u32>(env, ENV_DATA_META);
  if (start >= u64(min(meta, data)) && end <= u64(load<u32>(env, ENV_DATA_END))) return 1;
  if (start >= u64(load<u32>(env, ENV_STACK_LOW)) && end <= u64(env) + u64(ENV_STACK_TOP)) return 1;
  if (start >= u64(env) && end <= u64(env) + u64(XDP_MD_BYTES)) return u32(!write);
  if (in_map(env, start, end, size, write)) return 1;
  if (load<u32>(MACHINE, MACHINE_SLICES) && in_fragments(env, start, end)) return 1;
  return u32(!write && (in_callback_key(env, start, end) || in_socket(start, end))) | u32(in_connection(start, end, write));
}

/** The packet behind its linear part, for programs that take slices of it. */
function in_fragments(env: u32, start: u64, end: u64): bool {
  const first = u64(load<u32>(env, ENV_HARD_START)) + SLOT_FRAGS;
  return start >= first && end <= first + u64(load<u32>(env, ENV_FRAG_LENGTH));
}

/** A value of one map. Programs stay with a map for a while: the last one found is tried first. */
function in_map(env: u32, start: u64, end: u64, size: u32, write: u32): u32 {
  if (end > 0xffffffff) return 0;
  const address = u32(start);
  let map = load<u32>(env, ENV_SCRATCH + SCRATCH_LAST_MAP);
  if (!map || address < load<u32>(map, MAP_DATA) || address >= load<u32>(map, MAP_DATA_END)) {
    map = map_at(address);
    if (map == 0) return 0;
    store<u32>(env, map, ENV_SCRATCH + SCRATCH_LAST_MAP);
  }
  if (load<u32>(map, MAP_FLAGS) & (write ? BPF_F_RDONLY_PROG : BPF_F_WRONLY_PROG)) return 0;
  return u32(map_value_ok(map, address, size));
}

/** 1 where `value` is the address of a map header. */
export function is_map(value: u64): u32 {
  const first = u64(load<u32>(MACHINE, MACHINE_MAPS));
  const distance = value - first;
  return u32(value >= first && distance < u64(load<u32>(MACHINE, MACHINE_MAP_COUNT)) * u64(MAP_HEADER_BYTES) && distance % u64(MAP_HEADER_BYTES) == 0);
}

/** Notes a fault; the engine adds the slot. */
export function set_fault(env: u32, code: u32, address: u64): void {
  store<u32>(env, code, ENV_FAULT);
  store<u32>(env, load<u32>(env, ENV_PROGRAM), ENV_FAULT_PROGRAM);
  store<u64>(env, address, ENV_FAULT_ADDRESS);
}

/** Readable bytes up to and with a terminating 0, at most 64 KiB. */
function is_string(env: u32, address: u64): bool {
  for (let i: u64 = 0; i < 65536; i++) {
    if (!check_access(env, address + i, 1, 0)) return false;
    if (load<u8>(u32(address + i)) == 0) return true;
  }
  return false;
}

/** Memory whose size is the next argument. */
function is_memory(env: u32, code: u32, address: u64, sizeCode: u32, size: u64): bool {
  if (address == 0 && (code == ARG_MEM_READ_OR_NULL || code == ARG_MEM_WRITE_OR_NULL)) return size == 0;
  if (address == 0 && code == ARG_MEM_OPTIONAL) return true;
  if (size > u64(ARG_SIZE_MAX)) return false;
  if (size == 0) return sizeCode != ARG_SIZE;
  return check_access(env, address, u32(size), u32(code == ARG_MEM_WRITE || code == ARG_MEM_WRITE_OR_NULL || code == ARG_MEM_OPTIONAL)) != 0;
}

/** The bytes of a ring buffer's record that the program may still write, from their start. */
export function is_ringbuf_record(address: u64): bool {
  if (address >> 32 != 0) return false;
  const map = map_at(u32(address));
  return map != 0 && load<u32>(map, MAP_TYPE) == BPF_MAP_TYPE_RINGBUF && ringbuf_is_record(map, u32(address));
}

/** First slot of a function whose address the program takes. */
function is_callback(env: u32, value: u64): bool {
  const program = load<u32>(MACHINE, MACHINE_PROGRAMS) + load<u32>(env, ENV_PROGRAM) * PROGRAM_BYTES;
  const first = load<u32>(program, PROGRAM_CALLBACKS);
  for (let i: u32 = 0, count = load<u32>(program, PROGRAM_CALLBACK_COUNT); i < count; i++) if (u64(load<u32>(first + i * 4)) == value) return true;
  return false;
}

function is_argument(env: u32, code: u32, value: u64, nextCode: u32, next: u64, map: u64): bool {
  switch (code) {
    case ARG_NONE:
    case ARG_ANYTHING:
      return true;
    case ARG_MAP:
      return is_map(value) != 0;
    case ARG_MAP_KEY:
      return check_access(env, value, load<u32>(u32(map), MAP_KEY_SIZE), 0) != 0;
    case ARG_MAP_VALUE:
      return check_access(env, value, load<u32>(u32(map), MAP_VALUE_SIZE), 0) != 0;
    case ARG_MAP_VALUE_WRITE:
      // A bloom filter only looks at the value.
      return check_access(env, value, load<u32>(u32(map), MAP_VALUE_SIZE), u32(load<u32>(u32(map), MAP_TYPE) != BPF_MAP_TYPE_BLOOM_FILTER)) != 0;
    case ARG_RINGBUF_MEM:
      return is_ringbuf_record(value);
    case ARG_CTX:
      return value == u64(env);
    case ARG_MEM_READ:
    case ARG_MEM_WRITE:
    case ARG_MEM_READ_OR_NULL:
    case ARG_MEM_WRITE_OR_NULL:
    case ARG_MEM_OPTIONAL:
      return is_memory(env, code, value, nextCode, next);
    case ARG_SIZE:
      return value != 0 && value <= u64(ARG_SIZE_MAX);
    case ARG_SIZE_OR_ZERO:
      return value <= u64(ARG_SIZE_MAX);
    case ARG_STRING:
      return is_string(env, value);
    case ARG_CALLBACK:
      return is_callback(env, value);
    case ARG_SOCKET:
      return is_socket(value);
    default:
      if (code < u32(ARG_FIXED_READ)) return false;
      return check_access(env, value, (code & u32(ARG_FIXED_SIZE)) * 4, u32(code >= u32(ARG_FIXED_WRITE))) != 0;
  }
}

function wrong(env: u32, value: u64): u32 {
  set_fault(env, FAULT_ARGUMENT, value);
  return 0;
}

/** 1 where r1 to r5 fit helper `id`; otherwise notes FAULT_ARGUMENT with the first wrong value as address. */
export function check_arguments(env: u32, id: u32, r1: u64, r2: u64, r3: u64, r4: u64, r5: u64): u32 {
  if (id >= load<u32>(MACHINE, MACHINE_HELPER_COUNT)) return wrong(env, u64(id));
  const codes = load<u64>(load<u32>(MACHINE, MACHINE_HELPERS) + id * 8);
  if (codes == 0) return 1;
  const c1 = u32(codes) & 255;
  const c2 = u32(codes >> 8) & 255;
  const c3 = u32(codes >> 16) & 255;
  const c4 = u32(codes >> 24) & 255;
  const c5 = u32(codes >> 32) & 255;
  if (!is_argument(env, c1, r1, c2, r2, r1)) return wrong(env, r1);
  if (!is_argument(env, c2, r2, c3, r3, r1)) return wrong(env, r2);
  if (!is_argument(env, c3, r3, c4, r4, r1)) return wrong(env, r3);
  if (!is_argument(env, c4, r4, c5, r5, r1)) return wrong(env, r4);
  if (!is_argument(env, c5, r5, 0, 0, r1)) return wrong(env, r5);
  return 1;
}
