/** What the name of a section says about the programs in it (libbpf's "program types" documentation). */

/** What a section's programs are. */
export interface SectionType {
  /** `xdp`, or the kernel's short name of another program type. */
  readonly type: string;
  readonly frags: boolean;
  readonly attach: "device" | "devmap" | "cpumap";
  readonly autoload: boolean;
  /** Of `freplace/FUNCTION`: the function that the program takes the place of. */
  readonly replaces?: string;
}

/**
 * Section names that belong to other program types: the word before the first `/`, and the kernel's short name of the type.
 * `.s` (sleepable), `.multi`, `.session` and the like after the word do not change the type.
 */
const OTHER_TYPES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    socket_filter: ["socket"],
    kprobe: ["kprobe", "kretprobe", "uprobe", "uretprobe", "ksyscall", "kretsyscall", "usdt"],
    sched_cls: ["tc", "tcx", "classifier", "netkit"],
    sched_act: ["action"],
    tracepoint: ["tracepoint", "tp"],
    raw_tracepoint: ["raw_tracepoint", "raw_tp"],
    tracing: ["tp_btf", "fentry", "fexit", "fmod_ret", "iter"],
    ext: ["freplace"],
    lsm: ["lsm", "lsm_cgroup"],
    syscall: ["syscall"],
    perf_event: ["perf_event"],
    lwt_in: ["lwt_in"],
    lwt_out: ["lwt_out"],
    lwt_xmit: ["lwt_xmit"],
    lwt_seg6local: ["lwt_seg6local"],
    sock_ops: ["sockops"],
    sk_skb: ["sk_skb"],
    sk_msg: ["sk_msg"],
    sk_lookup: ["sk_lookup"],
    sk_reuseport: ["sk_reuseport"],
    lirc_mode2: ["lirc_mode2"],
    flow_dissector: ["flow_dissector"],
    cgroup_skb: ["cgroup_skb"],
    struct_ops: ["struct_ops"],
    netfilter: ["netfilter"],
  }).flatMap(([type, words]) => words.map((word) => [word, type] as const)),
);

/** `cgroup/…` by what follows. */
const CGROUP_TYPES: readonly (readonly [RegExp, string])[] = [
  [/^skb/, "cgroup_skb"],
  [/^(?:sock(?:_create|_release)?$|post_bind)/, "cgroup_sock"],
  [/^(?:bind|connect|sendmsg|recvmsg|getpeername|getsockname)/, "cgroup_sock_addr"],
  [/^sysctl/, "cgroup_sysctl"],
  [/^[gs]etsockopt/, "cgroup_sockopt"],
  [/^dev/, "cgroup_device"],
];

/** XDP sections: `xdp`, `xdp.frags`, either followed by `/devmap` or `/cpumap`; before libbpf 0.8, `xdp_devmap/…` and `xdp_cpumap/…`. */
const XDP = /^xdp(?<frags>\.frags)?(?:[/_](?<map>devmap|cpumap)(?:\/.*)?$|\/|$)/;

/** Type of the programs in a section. Names that nobody knows are XDP: iproute2 loads any section as what it is asked to. */
export function sectionType(section: string): SectionType {
  const autoload = !section.startsWith("?");
  const name = autoload ? section : section.slice(1);
  const xdp = XDP.exec(name)?.groups;
  if (xdp) return { type: "xdp", frags: xdp.frags !== undefined, attach: (xdp.map as "devmap" | "cpumap" | undefined) ?? "device", autoload };
  const type = otherType(name) ?? "xdp";
  const target = type === "ext" ? /\/(.+)$/.exec(name)?.[1] : undefined;
  return { type, frags: false, attach: "device", autoload, ...(target === undefined ? {} : { replaces: target }) };
}

function otherType(name: string): string | undefined {
  const slash = name.indexOf("/");
  const [first = "", rest = ""] = slash < 0 ? [name] : [name.slice(0, slash), name.slice(slash + 1)];
  const [word = "", modifier] = first.split(".", 2);
  if (word === "cgroup") return CGROUP_TYPES.find(([pattern]) => pattern.test(rest))?.[1];
  const type = OTHER_TYPES.get(word);
  return type === "raw_tracepoint" && modifier === "w" ? "raw_tracepoint_writable" : type;
}
