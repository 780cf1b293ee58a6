/** Runs one packet on a fresh machine, and says what it cost as runs count it, and which instructions it executed. */
import { Nic } from "../../nic/index.js";
import { Trace } from "../../traffic/index.js";
import { abi, createMachine, seedMaps, Stepper } from "../../xdp/index.js";
import type { BtfTarget, ObjectSpec, ProgramSpec } from "../../xdp/index.js";
import { planCosts } from "../cost/plan.js";
import type { CostPlan } from "../cost/plan.js";
import type { OffloadProfile } from "../profiles/schema.js";
import { planVliw } from "../cost/vliw.js";
import { pathCosts } from "./costs.js";
import type { PathStep } from "./steps.js";

const { DESC_CPU, DESC_FRAME, DESC_IFINDEX, DESC_LENGTH, DESC_QUEUE, DESC_TIME, RESULT_COST, RESULT_FAULT, RESULT_RET } = abi;
/** Arrival of the packet, ns since 1970: 2023-11-14 22:13:20 UTC. */
export const ARRIVAL_NS = 1_700_000_000_000_000_000n;
/** Instructions beyond which a packet is given up. */
const MOST_STEPS = 3_000_000;

/** What slots of a program count. */
interface Costs {
  readonly cycles: ArrayLike<number>;
  readonly memory: ArrayLike<number>;
}

/** Map contents by name, as `beeline run --maps` takes them. */
export type Seeds = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

export interface TrialResult {
  /** Cycles of a core, firmware included, and of the memory engine. */
  readonly cycles: number;
  readonly memoryCycles: number;
  readonly instructions: number;
  /** It executed just what was expected. */
  readonly asExpected: boolean;
  /** The program's return value. */
  readonly ret: number;
  readonly queue: number;
}

export interface TrialOptions {
  readonly btf?: BtfTarget;
  readonly kconfig?: Readonly<Record<string, string>>;
  /** Counts the cycles. Default: made anew. */
  readonly plan?: CostPlan;
}

export class Trials {
  /** Instructions executed so far. */
  spent = 0;
  private readonly object: ObjectSpec;
  private readonly entry: string;
  private readonly device: OffloadProfile;
  private readonly options: TrialOptions;
  /** Counts the cycles. */
  readonly plan: CostPlan;
  private readonly nic: Nic;
  private readonly costs = new Map<string, Costs>();

  constructor(object: ObjectSpec, entry: string, device: OffloadProfile, options: TrialOptions = {}) {
    this.object = object;
    this.entry = entry;
    this.device = device;
    this.options = options;
    this.plan = options.plan ?? (device.lanes > 0 ? planVliw(object, device) : planCosts(object, device));
    this.nic = new Nic({ ...device, rss: { key: device.rssKey, keyBytes: device.rssKeyBytes, tableSize: device.rssTableSize } });
  }

  /** Receive queue that a packet is steered to. */
  queueOf(packet: Uint8Array): number {
    const trace = Trace.allocate(packet.length + 64, 1);
    trace.push(packet, 0);
    const queue = new Uint16Array(1);
    this.nic.classify(trace, new Uint32Array(1), queue);
    return queue[0];
  }

  /**
   * Undefined where it faults, or does not end. `expected`: what it should execute. Throws what making the machine and its maps
   * throws.
   */
  run(packet: Uint8Array, seeds: Seeds, expected?: Iterable<PathStep>): TrialResult | undefined {
    const { object, entry, device, plan, options } = this;
    const machine = createMachine({
      object, entry, cpus: device.queues, batchSize: 1, costs: (program) => plan.costsFor(program), ...(options.btf === undefined ? {} : { btf: options.btf }), ...(options.kconfig === undefined ? {} : { kconfig: options.kconfig }),
    });
    seedMaps(machine.maps, seeds, machine.object.btf, (name) => machine.programIndex(name));
    const queue = this.queueOf(packet);
    const stepper = new Stepper(machine);
    const { descriptors, results } = stepper.worker;
    const frame = machine.layout.allocate(packet.length, 64, "frame");
    new Uint8Array(machine.layout.buffer).set(packet, frame);
    const view = new DataView(machine.layout.buffer);
    view.setUint32(descriptors + DESC_FRAME, frame, true);
    view.setUint32(descriptors + DESC_LENGTH, packet.length, true);
    view.setUint32(descriptors + DESC_IFINDEX, 1, true);
    view.setUint32(descriptors + DESC_QUEUE, queue, true);
    view.setUint32(descriptors + DESC_CPU, queue, true);
    view.setBigUint64(descriptors + DESC_TIME, ARRIVAL_NS, true);
    stepper.start(0);
    const path = expected?.[Symbol.iterator]();
    let asExpected = path !== undefined;
    let [counted, engine] = [0, 0];
    let instructions = 0;
    let state = "running";
    for (; state === "running"; instructions++, this.spent++) {
      if (instructions > MOST_STEPS) return undefined;
      const { spec } = machine.programs[stepper.program];
      const slot = stepper.insn;
      const costs = this.costsOf(spec, machine.object);
      counted += costs.cycles[slot];
      engine += costs.memory[slot];
      if (asExpected) {
        const next = path?.next();
        asExpected = next?.done === false && next.value.slot === slot && next.value.program.name === spec.name;
      }
      state = stepper.step();
    }
    if (state === "fault" || view.getUint32(results + RESULT_FAULT, true) !== 0) return undefined;
    const [low, high] = [view.getUint32(results + RESULT_COST, true), view.getUint32(results + RESULT_COST + 4, true)];
    const before = plan.estimated();
    const [cycles, memory] = [plan.cycles(low, high), plan.memoryCycles(low, high)];
    // Counters that a loop ran over would only give an estimate: then what was executed is added up.
    const exact = plan.estimated() === before;
    return {
      cycles: device.firmwareCycles + (exact ? cycles : counted), memoryCycles: (exact ? memory : engine) / device.memorySpread, instructions, asExpected: asExpected && path?.next().done === true,
      ret: view.getUint32(results + RESULT_RET, true), queue,
    };
  }

  private costsOf(program: ProgramSpec, { maps }: ObjectSpec): Costs {
    let costs = this.costs.get(program.name);
    if (costs === undefined) {
      const { accounts, memory } = pathCosts(program, maps, this.device);
      this.costs.set(program.name, (costs = { cycles: (accounts.find(({ name }) => name === "slots") ?? accounts[0]).on, memory: memory.on }));
    }
    return costs;
  }
}
