/**
 * The run: traffic -> steering -> admission -> program -> outcomes, window by window, at constant memory.
 *
 * Packets execute in arrival order. Admission and execution advance together: a packet is offered to the device's timeline,
 * and where its answer depends on packets that have not run yet, those run first. So a packet that the device drops never
 * reaches the program, and a batch is as large as the device's rings allow.
 */
import { Arrivals, Nic } from "../nic/index.js";
import type { RssSpec } from "../nic/index.js";
import { selectProgram } from "../xdp/index.js";
import type { Engine, EngineName } from "../xdp/index.js";
import { planCosts } from "./cost/plan.js";
import type { CostPlan } from "./cost/plan.js";
import { ParallelRunner } from "./pool/runner.js";
import { AGILIO_CX_2X40 } from "./profiles/agilio.js";
import type { DeviceProfile, KernelProfile, OffloadProfile } from "./profiles/schema.js";
import { RxMetadata } from "./run/rx-metadata.js";
import { programFigures } from "./run/figures.js";
import { makeHost } from "./run/host.js";
import type { Host } from "./run/host.js";
import { Loop } from "./run/loop.js";
import type { Baseline } from "./run/loop.js";
import { DeviceModel } from "./run/model.js";
import type { ProgramFigures } from "./run/model.js";
import { machineSpace } from "./run/space.js";
import { readsPacket } from "./run/touches.js";
import { Traffic } from "./run/traffic.js";
import { planVliw } from "./cost/vliw.js";
import type { Window } from "./run/window.js";
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
  private readonly loop: Loop;
  private readonly traffic: Traffic;
  private readonly parallel: ParallelRunner | undefined;
  /** Time spent in the engine's batches on this thread, ms. */
  private elapsed = 0;
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
    this.traffic = new Traffic(options, this.nic, new Arrivals(options.rate ?? { kind: "pcap" }, this.device.ports, this.device.linkBps), layout, parallel ? workers : 0);
    const sinks = options.sinks ?? [];
    this.parallel = parallel ? new ParallelRunner(this.host, this.nic, this.traffic.window.trace.storage.packets, sinks.some((sink) => sink.data === true)) : undefined;
    const touches = readsPacket(program);
    const space = machineSpace(layout);
    this.model = new DeviceModel(this.device, this.plan, touches, space);
    this.baseline = options.baseline === undefined ? undefined : { model: new DeviceModel(options.baseline, this.plan, touches, space), nic: baselineNic(options.baseline, options.rss) };
    this.loop = new Loop(this.host.view, this.nic, this.model, this.baseline, sinks, this.parallel?.area ?? this.host.view.workers[0], space);
  }

  async execute(): Promise<void> {
    const { options, host } = this;
    options.setup?.(host.view);
    const run = this.parallel === undefined ? this.runOrdered(host.engine()) : await this.runParallel(this.parallel);
    await this.traffic.each(async (window, reader) => {
      if (this.packets === 0) this.loop.begin(window.trace.epochNs, reader.interfaces);
      this.loop.enter(window, this.packets);
      await run(window);
      this.packets += window.trace.count;
      for (const sink of options.sinks ?? []) await sink.drain?.();
    });
    if (this.packets === 0) this.loop.begin(0n, []);
    for (const sink of options.sinks ?? []) await sink.finish?.(this.loop.interfaceCounts);
  }

  /** Runs windows in arrival order, on this thread. */
  private runOrdered(engine: Engine): (window: Window) => void {
    const { loop, host } = this;
    const metadata = RxMetadata.for(host.view, this.nic.rss);
    return ({ trace }) => {
      for (let at = 0; at < trace.count; at = loop.complete()) {
        const count = loop.receive(at, trace.count);
        if (count === 0) continue;
        metadata?.write(engine.worker.descriptors, count);
        const begin = performance.now();
        engine.runBatch(count);
        this.elapsed += performance.now() - begin;
      }
    };
  }

  /** Runs windows on all workers; then, in arrival order, what packets cost and what became of them. */
  private async runParallel(parallel: ParallelRunner): Promise<(window: Window) => Promise<void>> {
    const { loop } = this;
    await parallel.start();
    return async (window) => {
      const { count } = window.trace;
      for (let from = 0; from < count; from += parallel.chunk) {
        const to = Math.min(count, from + parallel.chunk);
        await parallel.run(window, from, to, loop, this.packets + from);
        loop.completeExecuted(from, to, parallel.places);
      }
    };
  }

  result(totalMs: number): RunResult {
    const { options, model, plan, baseline } = this;
    const { tally } = this.loop;
    const program = this.host.view.entry.spec;
    const executeMs = this.parallel?.elapsed ?? this.elapsed;
    const { verdicts, executed } = tally;
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
        workers: this.parallel?.workers ?? 1,
        mpps: executeMs > 0 ? executed / executeMs / 1e3 : 0,
        nsPerPacket: executed > 0 ? (executeMs * 1e6) / executed : 0,
        executeMs,
        totalMs,
        totalMpps: totalMs > 0 ? tally.packets / totalMs / 1e3 : 0,
      },
      device: model.result(figures(model)),
      ...(baseline === undefined ? {} : { baseline: baseline.model.result(baselineFigures(figures(baseline.model), tally.drops)) }),
      faults: { count: tally.faults, ...(tally.firstFault === undefined ? {} : { first: tally.firstFault }) },
      counters: tally.counters(),
      rate: options.rate ?? { kind: "pcap" },
      seed: options.seed ?? 1,
      ...(this.host.view.btf === undefined ? {} : { btf: this.host.view.btf }),
      warnings: this.warnings(),
    };
  }

  private warnings(): string[] {
    const { tally } = this.loop;
    const out = [...this.traffic.warnings];
    if (tally.packets === 0) out.push("the capture holds no packets");
    if (tally.drops.length > 0) {
      out.push(`${tally.drops.length} frames are shorter than 14 bytes or longer than ${this.nic.maxFrame} (mtu ${this.device.mtu}): the NIC counts them as errors and the program never sees them`);
    }
    if (this.parallel !== undefined) {
      out.push("--parallel: the order in which packets of different queues change maps is not determined: programs that compare times across queues (rate limits) may decide otherwise than in arrival order");
      const { ring, mac } = this.model.drops;
      if (ring + mac > 0) out.push(`--parallel runs packets before it times them: ${ring + mac} packets ran that the device would have dropped`);
    }
    out.push(...this.host.warnings());
    return out;
  }

  async close(): Promise<void> {
    await this.parallel?.close();
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
