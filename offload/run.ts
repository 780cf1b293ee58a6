/**
 * The run: traffic -> steering -> admission -> program -> outcomes, window by window, at constant memory.
 *
 * Packets execute in arrival order. Admission and execution advance together: a packet is offered to the device's timeline,
 * and where its answer depends on packets that have not run yet, those run first. So a packet that the device drops never
 * reaches the program, and a batch is as large as the device's rings allow.
 */
import { ADMITTED, Arrivals, DROPPED_MAC, Nic } from "../nic/index.js";
import type { RssSpec } from "../nic/index.js";
import type { CaptureReader } from "../traffic/index.js";
import { selectProgram } from "../xdp/index.js";
import type { EngineName } from "../xdp/index.js";
import { planCosts } from "./cost/plan.js";
import type { CostPlan } from "./cost/plan.js";
import { ParallelRunner } from "./pool/runner.js";
import { AGILIO_CX_2X40 } from "./profiles/agilio.js";
import type { DeviceProfile, KernelProfile, OffloadProfile } from "./profiles/schema.js";
import { DeviceClock } from "./run/clock.js";
import { Columns } from "./run/columns.js";
import { Executor } from "./run/executor.js";
import { RxMetadata } from "./run/rx-metadata.js";
import { programFigures } from "./run/figures.js";
import { makeHost } from "./run/host.js";
import type { Host } from "./run/host.js";
import { DeviceModel } from "./run/model.js";
import type { ProgramFigures } from "./run/model.js";
import { Outcomes } from "./run/outcomes.js";
import { readsPacket } from "./run/touches.js";
import { Traffic } from "./run/traffic.js";
import { planVliw } from "./cost/vliw.js";
import type { Window } from "./run/window.js";
import { FATE_LENGTH, FATE_MAC, FATE_RAN, FATE_RING } from "./types.js";
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
  private readonly outcomes: Outcomes;
  private readonly columns: Columns;
  private readonly traffic: Traffic;
  private executor: Executor | undefined;
  private parallel: ParallelRunner | undefined;
  private clock = new DeviceClock(0n);
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
    if (parallel) this.parallel = new ParallelRunner(this.host, this.nic, this.traffic.window.trace.storage.packets, (options.sinks ?? []).some((sink) => sink.data === true));
    this.columns = new Columns(Math.max(2 * batchSize, 1024), new Uint8Array(layout.buffer));
    const touches = readsPacket(program);
    this.model = new DeviceModel(this.device, this.plan, touches);
    const baseline = options.baseline === undefined ? undefined : { model: new DeviceModel(options.baseline, this.plan, touches), nic: baselineNic(options.baseline, options.rss) };
    this.outcomes = new Outcomes(this.host.view, this.nic, this.model, baseline, options.sinks ?? []);
  }

  async execute(): Promise<void> {
    const { options, host } = this;
    options.setup?.(host.view);
    if (this.parallel !== undefined) await this.parallel.start();
    else this.executor = new Executor(host.engine(), host.view, RxMetadata.for(host.view, this.nic.rss));
    await this.traffic.each(async (window, reader) => {
      if (this.packets === 0) this.begin(window, reader);
      if (this.parallel !== undefined) await this.runParallel(this.parallel, window);
      else this.runOrdered(this.executor as Executor, window);
      for (const sink of options.sinks ?? []) await sink.drain?.();
    });
    if (this.packets === 0) this.outcomes.begin(0n, []);
    for (const sink of options.sinks ?? []) await sink.finish?.();
  }

  private begin(window: Window, reader: CaptureReader): void {
    this.clock = new DeviceClock(window.trace.epochNs);
    this.outcomes.begin(window.trace.epochNs, reader.interfaces);
  }

  /** In arrival order, on this thread. */
  private runOrdered(executor: Executor, window: Window): void {
    const { columns, model, clock } = this;
    const { timeline } = model;
    const { trace, queue } = window;
    for (let i = 0; i < trace.count; i++) {
      if (executor.full || columns.count === columns.capacity || timeline.decidable(queue[i]) <= 0) this.flush(executor);
      const row = this.receive(window, i);
      if (columns.fate[row] === FATE_LENGTH) continue;
      const answer = timeline.offer(columns.time[row], columns.queue[row]);
      if (answer === ADMITTED) executor.add(columns, row, clock);
      else columns.fate[row] = answer === DROPPED_MAC ? FATE_MAC : FATE_RING;
    }
    this.flush(executor);
  }

  /** Runs the batch, tells the models what it cost, and hands all rows to the sinks while the packets' bytes are there. */
  private flush(executor: Executor): void {
    const { columns, outcomes } = this;
    const ran = executor.run(columns);
    for (let k = 0; k < ran; k++) outcomes.complete(columns, executor.row(k), executor.result(k));
    outcomes.publish(columns);
  }

  /** The window's packets on all workers; then, in arrival order, what they cost and what became of them. */
  private async runParallel(parallel: ParallelRunner, window: Window): Promise<void> {
    const { columns, outcomes } = this;
    const { count } = window.trace;
    for (let from = 0; from < count; from += parallel.chunk) {
      const to = Math.min(count, from + parallel.chunk);
      await parallel.run(window, from, to, this.clock, this.packets);
      for (let i = from; i < to; i++) {
        if (columns.count === columns.capacity) outcomes.publish(columns);
        const row = this.receive(window, i);
        if (columns.fate[row] === FATE_LENGTH) continue;
        outcomes.completeExecuted(columns, row, parallel.read(i - from, columns, row));
      }
      outcomes.publish(columns);
    }
  }

  /** Appends packet `i` of the window to the columns. */
  private receive(window: Window, i: number): number {
    const { columns } = this;
    const { trace } = window;
    const row = columns.count++;
    columns.packet[row] = this.packets++;
    columns.time[row] = window.arrival[i];
    columns.hash[row] = window.hash[i];
    columns.queue[row] = window.queue[i];
    columns.iface[row] = trace.iface[i];
    columns.port[row] = trace.port[i];
    columns.frame[row] = window.base + trace.offset[i];
    columns.captured[row] = trace.length[i];
    columns.wire[row] = trace.originalLength[i];
    columns.fate[row] = this.nic.receives(trace.length[i], trace.originalLength[i]) ? FATE_RAN : FATE_LENGTH;
    return row;
  }

  result(totalMs: number): RunResult {
    const { options, outcomes, model, plan, device } = this;
    const { tally } = outcomes;
    const program = this.host.view.entry.spec;
    const executeMs = this.parallel?.elapsed ?? this.executor?.elapsed ?? 0;
    const verdicts = tally.totals();
    const figures = (profile: DeviceProfile) => programFigures(options.object, program, profile, plan, verdicts.XDP_REDIRECT ?? 0);
    const baseline = outcomes.baseline;
    return {
      packets: tally.packets,
      bytes: tally.bytes,
      executed: tally.executed,
      verdicts,
      queues: tally.byQueue(this.nic.counters),
      drops: tally.drops,
      host: {
        provenance: "measured",
        engine: this.engineName,
        workers: this.parallel?.workers ?? 1,
        mpps: executeMs > 0 ? tally.executed / executeMs / 1e3 : 0,
        nsPerPacket: tally.executed > 0 ? (executeMs * 1e6) / tally.executed : 0,
        executeMs,
        totalMs,
        totalMpps: totalMs > 0 ? tally.packets / totalMs / 1e3 : 0,
      },
      device: model.result(figures(device)),
      ...(baseline === undefined ? {} : { baseline: baseline.model.result(baselineFigures(figures(baseline.model.profile), tally.drops)) }),
      faults: { count: tally.faults, ...(tally.firstFault === undefined ? {} : { first: tally.firstFault }) },
      counters: this.nic.counters.toJSON(),
      rate: options.rate ?? { kind: "pcap" },
      seed: options.seed ?? 1,
      ...(this.host.view.btf === undefined ? {} : { btf: this.host.view.btf }),
      warnings: this.warnings(),
    };
  }

  private warnings(): string[] {
    const { tally } = this.outcomes;
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
