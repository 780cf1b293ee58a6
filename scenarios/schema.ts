/**
 * What a scenario.yaml may say. Every key is described here once; unknown keys are errors, so that a typing mistake
 * never passes silently.
 */
import { createRequire } from "node:module";
import type { z as Zod } from "zod";
import { VERDICTS } from "../xdp/index.js";

type Schemas = ReturnType<typeof makeSchemas>;
let made: Schemas | undefined;

/** The schema of a scenario, and of the ranges in it. Made, and zod loaded, when it is first asked for: not every run has a scenario. */
export function scenarioSchemas(): Schemas {
  made ??= makeSchemas((createRequire(import.meta.url)("zod") as { z: typeof Zod }).z);
  return made;
}

function makeSchemas(z: typeof Zod) {
  /** An exact number, or bounds of which either may be left out. */
  const range = z.union([
    z.number(),
    z.strictObject({ min: z.number().optional(), max: z.number().optional() }),
  ], { error: "expected a number, or bounds such as { min: 0.95 }" });

  const port = z.int().min(0).max(255);

  const endpoint = z.strictObject({ address: z.string(), port: z.int().min(0).max(65535) });
  const protocol = z.enum(["tcp", "udp"]);

  const networkSchema = z.strictObject({
    /** The NIC's ports and other devices, by ifindex (port 0 is ifindex 1). */
    interfaces: z.array(z.strictObject({
      ifindex: z.int().min(1),
      name: z.string(),
      mac: z.string(),
      mtu: z.int().min(68).default(1500),
      forwarding: z.boolean().default(true),
    })).default([]),
    routes: z.array(z.strictObject({
      prefix: z.string(),
      via: z.string().optional(),
      ifindex: z.int().min(0).default(0),
      type: z.enum(["unicast", "local", "blackhole", "unreachable", "prohibit"]).default("unicast"),
      table: z.int().optional(),
      metric: z.int().optional(),
      mtu: z.int().optional(),
      src: z.string().optional(),
    })).default([]),
    neighbours: z.array(z.strictObject({ address: z.string(), mac: z.string(), ifindex: z.int().min(1) })).default([]),
    /** Sockets of the host that the lookup helpers find. */
    sockets: z.array(z.strictObject({
      protocol,
      ...endpoint.shape,
      peer: endpoint.optional(),
      v6only: z.boolean().optional(),
      mark: z.int().optional(),
      priority: z.int().optional(),
      syncookies: z.union([z.literal(0), z.literal(1), z.literal(2)]).optional(),
    })).optional(),
    /** Connections that the host tracks. */
    conntrack: z.array(z.strictObject({ protocol, source: endpoint, destination: endpoint, status: z.int().optional(), mark: z.int().optional() })).optional(),
  });

  /** A program in a chain; what is not said comes from the object (XDP_RUN_CONFIG), else priority 50 and XDP_PASS. */
  const chainedProgram = z.union([
    z.string(),
    z.strictObject({
      file: z.string(),
      entry: z.string().optional(),
      priority: z.int().optional(),
      /** Actions after which the next program runs. */
      actions: z.array(z.enum(VERDICTS)).optional(),
    }),
  ]);

  const scenario = z.strictObject({
    name: z.string().optional(),
    description: z.string().optional(),
    /** The object file; paths are relative to the scenario's folder. A list is a chain of programs, as libxdp's dispatcher runs them. */
    program: z.union([z.string(), z.array(chainedProgram).min(1)], { error: "expected an object file, or a list of { file, entry, priority, actions }" }),
    /** Name of the program or of its section, where the object has several. */
    entry: z.string().optional(),
    /** Captures, merged by timestamp. */
    captures: z.array(z.union([z.string(), z.strictObject({ file: z.string(), port: port.optional(), label: z.string().optional() })], {
      error: "expected a file name, or { file: …, port: …, label: … }",
    })).min(1),
    /** By name of a capture's interface: the port on which its packets arrive (default 0), and what they are called in the result. */
    interfaces: z.record(z.string(), z.strictObject({ port: port.optional(), label: z.string().optional() })).optional(),
    nic: z.string().optional(),
    /** Overrides of the NIC profile's figures. */
    set: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).optional(),
    baseline: z.string().optional(),
    queues: z.int().min(1).max(256).optional(),
    /** `pcap`, `line`, or a rate such as `10Mpps` or `25Gbps`. */
    rate: z.string().optional(),
    loop: z.int().min(1).optional(),
    seed: z.int().min(0).optional(),
    /** Map contents before the first packet: a JSON file, or the same written here. */
    maps: z.union([z.string(), z.record(z.string(), z.array(z.unknown()))], { error: "expected a file name, or map names with lists of entries" }).optional(),
    network: networkSchema.optional(),
    /** Global variables of the program by name, written before it is loaded. */
    globals: z.record(z.string(), z.unknown()).optional(),
    /** Kernel settings that the program reads (`.kconfig`), as in a `.config` file. */
    kconfig: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
    /** A BTF file, or a vmlinux that holds one, to adapt the program to (CO-RE). */
    btf: z.string().optional(),
    /** A map in which the program counts what its rules did: index = rule. */
    rules: z.strictObject({
      map: z.string(),
      /** Member of the map's value that counts packets; a value that is one number needs none. */
      field: z.string().optional(),
      names: z.array(z.string()).min(1),
    }).optional(),
    /** What must hold, or the run exits 1. */
    expect: z.strictObject({
      packets: range.optional(),
      faults: range.optional(),
      /** Packets by verdict, `XDP_DROP: 10`. */
      verdicts: z.record(z.string(), range).optional(),
      /** By label: the share, 0 to 1, of its packets that were stopped (dropped or aborted). */
      stopped: z.record(z.string(), range).optional(),
      /** By rule name: hits. */
      rules: z.record(z.string(), range).optional(),
    }).optional(),
  });

  return { scenario, range };
}

export type Range = Zod.infer<Schemas["range"]>;
export type ScenarioSpec = Zod.infer<Schemas["scenario"]>;
