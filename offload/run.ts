/**
 * The run: traffic -> steering -> admission -> program -> outcomes, window by window, at constant memory.
 *
 * Packets execute in arrival order. Admission and execution advance together: a packet is offered to the device's timeline,
 * and where its answer depends on packets that have not run yet, those run first. So a packet that the device drops never
 * reaches the program, and a batch is as large as the device's rings allow.
 */
import { Arrivals, Nic } from "../nic/index.js";
import type { RssSpec } from "../nic/index.js";
import type { CaptureInterface, CaptureReader } from "../traffic/index.js";
import { selectProgram } from "../xdp/index.js";
import type { EngineName } from "../xdp/index.js";
import { planCosts } from "./cost/plan.js";
import type { CostPlan } from "./cost/plan.js";
import { ParallelRunner } from "./pool/runner.js";
import { AGILIO_CX_2X40 } from "./profiles/agilio.js";
import type { DeviceProfile, KernelProfile, OffloadProfile } from "./profiles/schema.js";
import { OrderedRunner } from "./run/ordered.js";
import { programFigures } from "./run/figures.js";
import { makeHost } from "./run/host.js";
import type { Host } from "./run/host.js";
import { placeSteering } from "./run/loop-state.js";
import type { Baseline } from "./run/loop-state.js";
import { DeviceModel } from "./run/model.js";
import type { ProgramFigures } from "./run/model.js";
import { machineSpace } from "./run/space.js";
import { readsPacket } from "./run/touches.js";
import { Tally } from "./run/tally.js";
import { Traffic } from "./run/traffic.js";
import type { Window } from "./run/window.js";
import { planVliw } from "./cost/vliw.js";
import type { Drops, RunOptions, RunResult } from "./types.js";

const DEFAULT_BATCH = 256;

/**
 * Runs a program over traffic on a device. Options are checked by the rooms that use them; their errors pass through
 * (ProfileError, RssError, RateError, CaptureError, and what making a machine throws).
 */
export async function runOffload(options: RunOptions): Promise<RunResult> {
  const begin = performance.now();
  const run = new Run(options);
  try {
    await run.execute();
    return run.result(performance.now() - begin);
  } finally {
    await run.close();
  }
}

class Run {
  private readonly options: RunOptions;
  private readonly engineName: EngineName;
  private readonly device: DeviceProfile;
  private readonly plan: CostPlan;
  private readonly host: Host;
  private readonly nic: Nic;
  private readonly model: DeviceModel;
  private readonly baseline: Baseline | undefined;
  private readonly traffic: Traffic;
  private readonly runner: OrderedRunner | ParallelRunner;
  private readonly tally: Tally;
  private packets = 0;

  constructor(options: RunOptions) {
    const { object, entry, parallel = false, seed = 1 } = options;
    this.options = options;
    this.engineName = options.engine ?? "wasm";
    this.device = options.queues === undefined ? options.device : { ...options.device, queues: requireQueues(options.queues) };
    const batchSize = options.batchSize ?? DEFAULT_BATCH;
    this.nic = new Nic({ ...this.device, rss: rssOf(this.device, options.rss) });
    const card = cardOf(this.device, options.baseline);
    this.plan = card.lanes > 0 ? planVliw(object, card) : planCosts(object, card, kernelOf(this.device, options.baseline));
    const workers = parallel ? ParallelRunner.workers(options.workers, this.device.queues, this.engineName) : 1;
    const program = selectProgram(object, entry);
    this.host = makeHost(this.engineName, {
      object,
      entry: program.name,
      cpus: this.device.queues,
      workers,
      batchSize,
      maxFrame: this.nic.maxFrame,
      seed: BigInt(seed),
      ...(options.network === undefined ? {} : { network: options.network }),
      ...(options.btf === undefined ? {} : { btf: options.btf }),
      ...(options.kconfig === undefined ? {} : { kconfig: options.kconfig }),
      costs: (spec) => this.plan.costsFor(spec),
    });
    const { layout } = this.host.view;
    this.traffic = new Traffic(options, this.nic, new Arrivals(options.rate ?? { kind: "pcap" }, this.device.ports, this.device.linkBps), layout, workers);
    const touches = readsPacket(program);
    const space = machineSpace(layout);
    this.model = new DeviceModel(this.device, this.plan, touches, space);
    this.baseline = options.baseline === undefined ? undefined : { model: new DeviceModel(options.baseline, this.plan, touches, space), nic: baselineNic(options.baseline, options.rss) };
    const devices = { machine: this.host.view, nic: this.nic, device: this.model, baseline: this.baseline };
    const steering = placeSteering(devices);
    const sinks = options.sinks ?? [];
    // One worker needs no thread of its own, and then packets run in order.
    this.runner = workers > 1
      ? new ParallelRunner(this.host, devices, steering, sinks, space.exports, rssOf(this.device, options.rss))
      : new OrderedRunner(this.host, devices, steering, sinks, space.exports, this.traffic.window.trace.storage.packets);
    this.tally = new Tally(this.runner.tallies, this.host.view, this.device.queues);
  }

  async execute(): Promise<void> {
    const { options, host, runner } = this;
    const sinks = options.sinks ?? [];
    options.setup?.(host.view);
    await runner.start();
    let interfaces: readonly CaptureInterface[] = [];
    const visit = async (window: Window, reader: CaptureReader): Promise<void> => {
      if (this.packets === 0) {
        ({ interfaces } = reader);
        this.begin(window.trace.epochNs, interfaces);
      }
      await runner.run(window, this.packets);
      this.packets += window.trace.count;
      for (const sink of sinks) await sink.drain?.();
    };
    await this.traffic.each(visit, () => runner.drain());
    if (this.packets === 0) this.begin(0n, []);
    await runner.drain();
    for (const sink of sinks) await sink.finish?.(this.tally.interfaces(interfaces.length));
    options.done?.(host.view);
  }

  /** Before the first packet. */
  private begin(epochNs: bigint, interfaces: readonly CaptureInterface[]): void {
    const { view } = this.host;
    this.runner.setEpoch(epochNs);
    const programs = view.programs.map((program) => program.spec.name);
    for (const sink of this.options.sinks ?? []) sink.start?.({ epochNs, machine: view, programs, interfaces });
  }

  result(totalMs: number): RunResult {
    const { options, model, plan, baseline, tally, runner } = this;
    const program = this.host.view.entry.spec;
    const executeMs = runner.elapsed;
    const { verdicts, executed, firstFault } = tally;
    const figures = ({ profile, estimated }: DeviceModel) => programFigures(options.object, program, profile, plan, verdicts.XDP_REDIRECT ?? 0, estimated);
    return {
      packets: tally.packets,
      bytes: tally.bytes,
      executed,
      verdicts,
      queues: tally.byQueue(),
      drops: tally.drops,
      host: {
        provenance: "measured",
        engine: this.engineName,
        workers: runner.workers,
        mpps: executeMs > 0 ? executed / executeMs / 1e3 : 0,
        nsPerPacket: executed > 0 ? (executeMs * 1e6) / executed : 0,
        executeMs,
        totalMs,
        totalMpps: totalMs > 0 ? tally.packets / totalMs / 1e3 : 0,
      },
      device: model.result(figures(model)),
      ...(baseline === undefined ? {} : { baseline: baseline.model.result(baselineFigures(figures(baseline.model), tally.drops)) }),
      faults: { count: tally.faults, ...(firstFault === undefined ? {} : { first: firstFault }) },
      counters: tally.counters(),
      rate: options.rate ?? { kind: "pcap" },
      seed: options.seed ?? 1,
      ...(this.host.view.btf === undefined ? {} : { btf: this.host.view.btf }),
      warnings: this.warnings(),
    };
  }

  private warnings(): string[] {
    const { tally } = this;
    const out = [...this.traffic.warnings];
    if (tally.packets === 0) out.push("the capture holds no packets");
    if (tally.drops.length > 0) {
      out.push(`${tally.drops.length} frames are shorter than 14 bytes or longer than ${this.nic.maxFrame} (mtu ${this.device.mtu}): the NIC counts them as errors and the program never sees them`);
    }
    if (this.runner.workers > 1) {
      out.push("--parallel: the order in which packets of different queues change maps is not determined: programs that compare times across queues (rate limits) may decide otherwise than in arrival order");
      const { ring, mac } = this.model.drops;
      if (ring + mac > 0) out.push(`--parallel runs packets before it times them: ${ring + mac} packets ran that the device would have dropped`);
    }
    out.push(...this.host.warnings());
    return out;
  }

  async close(): Promise<void> {
    await this.runner.close();
    this.host.close();
  }
}

/** The baseline's packets are those of the device. */
function baselineFigures(figures: ProgramFigures, drops: Drops): ProgramFigures {
  const unknown = drops.ring + drops.mac;
  if (unknown === 0) return figures;
  return { ...figures, notes: [...figures.notes, `${unknown} packets that the device dropped never ran: here they count as mean ones`] };
}

function requireQueues(queues: number): number {
  if (!Number.isInteger(queues) || queues < 1 || queues > 256) throw new RangeError(`${queues} receive queues: give 1 to 256`);
  return queues;
}

function rssOf(profile: DeviceProfile, rss: RssSpec | undefined): RssSpec {
  return { key: profile.rssKey, keyBytes: profile.rssKeyBytes, tableSize: profile.rssTableSize, ...rss };
}

/** The baseline steers by itself: it may have other queues and another table. */
function baselineNic(profile: DeviceProfile, rss: RssSpec | undefined): Nic {
  const { indirection: _, ...rest } = rss ?? {};
  return new Nic({ ...profile, rss: rssOf(profile, rest) });
}

/** The card whose cycles are counted: the device, else the baseline, else one whose figures nobody reads. */
function cardOf(device: DeviceProfile, baseline: DeviceProfile | undefined): OffloadProfile {
  if (device.kind === "offload") return device;
  return baseline?.kind === "offload" ? baseline : AGILIO_CX_2X40;
}

/** The processor whose times are counted. */
function kernelOf(device: DeviceProfile, baseline: DeviceProfile | undefined): KernelProfile | undefined {
  if (device.kind === "kernel") return device;
  return baseline?.kind === "kernel" ? baseline : undefined;
}
