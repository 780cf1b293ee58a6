/** One of several threads on the same map. Plain JavaScript as text: worker threads of the tests load no TypeScript. */
export interface StressData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly header: number;
  /** Memory of this thread's key and value. */
  readonly key: number;
  readonly value: number;
  readonly cpu: number;
  readonly operations: number;
  /** Keys of 4 bytes below this are in the map from the start and stay as they are: value = key twice. */
  readonly pinned: number;
  /** Keys that only this thread touches: from `first`, `own` of them. */
  readonly first: number;
  readonly own: number;
  /** Whether entries may vanish. */
  readonly lru: boolean;
  /** Keys are prefixes of 32 bits. */
  readonly lpm: boolean;
  /** u32: threads that are ready; all start together. */
  readonly start: number;
  readonly threads: number;
}

export const STRESS_WORKER = `
const { parentPort, workerData: d } = require("node:worker_threads");
const { exports: calls } = new WebAssembly.Instance(d.module, { env: { memory: d.memory } });
const view = new DataView(d.memory.buffer);
const ready = new Int32Array(d.memory.buffer, d.start, 1);
const model = new Map();
let state = d.cpu + 1, wrong = "", found = 0;
const random = (below) => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return Math.floor((state / 2 ** 32) * below); };
const setKey = (key) => { if (d.lpm) { view.setUint32(d.key, 32, true); view.setUint32(d.key + 4, key, false); } else view.setUint32(d.key, key, true); };
const read = (key) => { setKey(key); const at = calls.map_lookup(d.header, d.key, d.cpu) >>> 0; return at === 0 ? undefined : [view.getUint32(at, true), view.getUint32(at + 4, true)]; };
Atomics.add(ready, 0, 1);
while (Atomics.load(ready, 0) < d.threads);
for (let i = 0; i < d.operations && wrong === ""; i++) {
  const key = d.first + random(d.own);
  switch (random(5)) {
    case 0: case 1: {
      setKey(key);
      view.setUint32(d.value, key, true);
      view.setUint32(d.value + 4, i, true);
      const result = calls.map_update(d.header, d.key, d.value, 0n, d.cpu);
      if (result !== 0) wrong = "update of " + key + " gives " + result;
      model.set(key, i);
      break;
    }
    case 2: {
      setKey(key);
      const result = calls.map_delete(d.header, d.key);
      if (!d.lru && result !== (model.has(key) ? 0 : -2)) wrong = "delete of " + key + " gives " + result;
      model.delete(key);
      break;
    }
    case 3: {
      const value = read(key);
      if (value !== undefined) found++;
      if (!d.lru && JSON.stringify(value) !== JSON.stringify(model.has(key) ? [key, model.get(key)] : undefined)) wrong = "lookup of " + key + " gives " + value + ", expected " + model.get(key);
      break;
    }
    case 4: {
      if (d.pinned === 0) break;
      const pinned = random(d.pinned);
      const value = read(pinned);
      if (value === undefined || value[0] !== pinned || value[1] !== pinned) wrong = "pinned " + pinned + " gives " + value;
    }
  }
}
parentPort.postMessage({ wrong, found, left: d.lru ? [] : [...model] });
`;
