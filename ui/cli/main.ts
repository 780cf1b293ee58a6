#!/usr/bin/env node
/**
 * The command line: `beeline VERB`. Exit codes: 0 ran and holds, 1 ran and does not, 2 usage or input.
 * Each verb is loaded when it is called: what it needs of the rooms is most of the time that a short run takes.
 */
import * as nodeModule from "node:module";
import { Command, CommanderError } from "commander";
import { EXIT_INPUT, errorLine } from "./errors.js";
import { ENGINES, collect, collectOneOf, integer, oneOf } from "./options.js";

// From Node 22.1 on, what is compiled of the verbs is kept for the next time.
(nodeModule as { enableCompileCache?: () => unknown }).enableCompileCache?.();

const beeline = new Command("beeline")
  .description("Runs unmodified XDP programs on a SmartNIC you don't have.")
  .option("--debug", "print the trace of an error")
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "beeline: ")) });

beeline
  .command("run")
  .description("run a program over captures, on a modelled device beside a kernel path")
  .argument("[scenario]", "scenario.yaml, or a folder that holds one")
  .option("--program <file>", "object file made by clang -target bpf; several make a chain, as libxdp's dispatcher runs them", collect)
  .option("--entry <name>", "program or section, where the object has several")
  .option("--pcap <file>", "capture to replay: pcap or pcapng, plain or gzip; - is standard input; may be repeated", collect)
  .option("--nic <profile>", "device that runs the program")
  .option("--set <key=value>", "changes a figure of the device's profile; may be repeated", collect)
  .option("--baseline <profile>", "device or kernel path to compare with")
  .option("--engine <name>", `${ENGINES.join(", ")}; default wasm`, oneOf("--engine", ENGINES))
  .option("--queues <n>", "receive queues", integer("--queues", 1, 256))
  .option("--parallel", "run the queues concurrently on worker threads")
  .option("--workers <n>", "worker threads with --parallel", integer("--workers", 1, 64))
  .option("--rate <rate>", "pcap (as captured), line, or a rate such as 10Mpps or 25Gbps")
  .option("--loop <n>", "passes over the traffic", integer("--loop", 1))
  .option("--seed <n>", "seed of everything random", integer("--seed", 0))
  .option("--maps <file>", "map contents before the first packet, bpftool's JSON by map name")
  .option("--set-global <name=value>", "writes a global variable of the program before it is loaded; may be repeated", collect)
  .option("--kconfig <name=value>", "a kernel setting that the program reads; may be repeated", collect)
  .option("--btf <file>", "types to adapt the program to (CO-RE): a BTF file, or a vmlinux that holds one")
  .option("--dump-maps <file>", "write map contents after the last packet")
  .option("--packets <file>", "write a JSON line for each packet")
  .option("--packet-data", "with --packets: add the packet's bytes after the program")
  .option("--events <file>", "write what the program sends through ring buffers and perf events, a JSON line each")
  .option("--out <file>", "write the packets after the program as pcapng with verdict, hash and queue")
  .option("--no-verify", "run programs that the verifier has not judged; every access is checked while they run")
  .option("--json", "print one JSON document")
  .action(async (scenario: string | undefined, flags) => {
    const { runVerb } = await import("./verbs/run.js");
    process.exitCode = await runVerb(scenario, flags);
  });

beeline
  .command("inspect")
  .description("show what an object holds: programs, maps, instructions")
  .argument("<object>", "object file")
  .option("--entry <name>", "only this program")
  .option("--disasm", "list the instructions with their source lines")
  .option("--wat", "print the WebAssembly that the program becomes")
  .option("--for <profile>", "list the instructions with what a card makes of them")
  .option("--json", "print one JSON document")
  .action(async (object: string, flags) => {
    const { inspectVerb } = await import("./verbs/inspect.js");
    inspectVerb(object, flags);
  });

beeline
  .command("bench")
  .description("measure how fast a program runs on this host, by engine")
  .argument("[scenario]", "scenario.yaml, or a folder that holds one")
  .option("--program <file>", "object file made by clang -target bpf; several make a chain", collect)
  .option("--entry <name>", "program or section, where the object has several")
  .option("--pcap <file>", "capture whose packets are run", collect)
  .option("--maps <file>", "map contents before the first packet, bpftool's JSON by map name")
  .option("--engine <name>", `${ENGINES.join(", ")}; may be repeated; default all that can run here`, collectOneOf("--engine", ENGINES))
  .option("--same-packet", "run the first packet over and over; default the whole capture, over and over")
  .option("--rounds <n>", "measurements an engine; the median counts; default 7", integer("--rounds", 1, 1000))
  .option("--set-global <name=value>", "writes a global variable of the program before it is loaded; may be repeated", collect)
  .option("--compare <file>", "an earlier measurement, written with --json: says what changed beyond noise")
  .option("--json", "print one JSON document")
  .action(async (scenario: string | undefined, flags) => {
    const { benchVerb } = await import("./verbs/bench.js");
    process.exitCode = await benchVerb(scenario, flags);
  });

beeline
  .command("profiles")
  .description("show the devices that there are, and the source of each of their figures")
  .argument("[name]", "only this profile: a name, or a YAML or JSON file")
  .option("--schema", "print the JSON schema of a profile")
  .option("--json", "print one JSON document")
  .action(async (name: string | undefined, flags) => {
    const { profilesVerb } = await import("./verbs/profiles.js");
    profilesVerb(name, flags);
  });

beeline
  .command("verify")
  .description("judge programs as the kernel's verifier does, without root or kernel")
  .argument("<objects...>", "object files")
  .option("--entry <name>", "only this program")
  .option("--as-xdp", "programs of other types, too, judged as XDP")
  .option("--for <profile>", "kernel, or a device profile whose rules count, too", "kernel")
  .option("--kconfig <name=value>", "a kernel setting that the program reads; may be repeated", collect)
  .option("--btf <file>", "types of the kernel that is judged for (CO-RE): a BTF file, or a vmlinux that holds one")
  .option("--log <level>", "0, 1 (the path that fails) or 2 (all paths), in the kernel's format", (text) => integer("--log", 0, 2)(text) as 0 | 1 | 2)
  .option("--json", "print one JSON document")
  .action(async (objects: readonly string[], flags) => {
    const { verifyVerb } = await import("./verbs/verify.js");
    process.exitCode = await verifyVerb(objects, flags);
  });

/** Flags of the verbs that try a program and its traffic on many devices. */
function withWorkload(command: Command): Command {
  return command
    .argument("[scenario]", "scenario.yaml, or a folder that holds one")
    .option("--program <file>", "object file made by clang -target bpf", collect)
    .option("--entry <name>", "program or section, where the object has several")
    .option("--pcap <file>", "capture to replay; may be repeated", collect)
    .option("--nic <profile>", "device: a profile's name, or a YAML or JSON file")
    .option("--set <key=value>", "changes a figure of the device's profile; may be repeated", collect)
    .option("--queues <n>", "receive queues", integer("--queues", 1, 256))
    .option("--loop <n>", "passes over the traffic", integer("--loop", 1))
    .option("--seed <n>", "seed of everything random", integer("--seed", 0))
    .option("--maps <file>", "map contents before the first packet, bpftool's JSON by map name")
    .option("--set-global <name=value>", "writes a global variable of the program before it is loaded; may be repeated", collect)
    .option("--kconfig <name=value>", "a kernel setting that the program reads; may be repeated", collect)
    .option("--btf <file>", "types to adapt the program to (CO-RE)")
    .option("--json", "print one JSON document");
}

withWorkload(beeline.command("plan"))
  .description("how fast without loss, the least of a device that meets a target, cards that would do, host processors saved")
  .option("--target <rate>", "rate to carry, such as 40Gbps or 20Mpps")
  .option("--p99 <time>", "largest 99th percentile of latency on the device, such as 50us")
  .option("--loss <share>", "largest share lost, such as 0, 0.001 or 0.1%; default 0")
  .option("--arrivals <pattern>", "constant, poisson or burst=N; default constant")
  .option("--attack <label>", "label of the traffic that is the attack; default one that is called so, else what the program drops")
  .option("--guarantee", "the rate that no packet can take away: the slowest path through the program, its C lines, and a packet that takes it")
  .option("--example <file>", "with --guarantee: write that packet as a pcap, and what maps must hold beside it (FILE.json)")
  .action(async (scenario: string | undefined, flags) => {
    const { planVerb } = await import("./verbs/plan.js");
    process.exitCode = await planVerb(scenario, flags);
  });

withWorkload(beeline.command("sweep"))
  .description("a run for every point of a grid, as CSV or JSON; goes on where it was interrupted")
  .option("--vary <key=values>", "an axis: a key of the profile, or nic, rate, loop, seed, queues, with values (1,2,5) or a range (5..50..5); may be repeated", collect)
  .option("--rate <rate>", "pcap (as captured), line, or a rate such as 10Mpps or 25Gbps")
  .option("--workers <n>", "threads that run points; default 1", integer("--workers", 1, 64))
  .option("--out <file>", "write the points here as CSV, and take those that are there as done")
  .action(async (scenario: string | undefined, flags) => {
    const { sweepVerb } = await import("./verbs/sweep.js");
    process.exitCode = await sweepVerb(scenario, flags);
  });

try {
  await beeline.parseAsync();
} catch (error) {
  // Commander has printed its own line already; help and version are no errors.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : EXIT_INPUT;
  else {
    process.stderr.write(`${errorLine(error)}\n`);
    if (beeline.opts<{ debug?: boolean }>().debug === true && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    process.exitCode = EXIT_INPUT;
  }
}
