import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import wabt from "wabt";
import { describe, expect, test } from "vitest";
import { createMachine } from "../machine.js";
import { loadObject } from "../../object/index.js";
import { machineOf, withEntry } from "../testing/random-programs-run.js";
import { machineBytes } from "./compile.js";
import { printWat } from "./wat.js";

const FEATURES = { threads: true, simd: true, tail_call: true, mutable_globals: true, sign_extension: true } as const;

/** The module less its last section, the names, which the text form changes to what text allows. */
function withoutNames(bytes: Uint8Array): Uint8Array {
  let last = 0;
  for (let at = 8; at < bytes.length; ) {
    last = at;
    let size = 0;
    let shift = 0;
    do {
      at += 1;
      size |= ((bytes[at] as number) & 0x7f) << shift;
      shift += 7;
    } while ((bytes[at] as number) >= 0x80);
    at += 1 + size;
  }
  expect(bytes[last]).toBe(0);
  return bytes.subarray(0, last);
}

/** Validates the module, and holds our text form to mean the same module. */
async function check(bytes: Uint8Array): Promise<void> {
  const tool = await wabt();
  const module = tool.readWasm(bytes, FEATURES);
  // The declaration lacks the parameter.
  (module as unknown as { validate(features: typeof FEATURES): void }).validate(FEATURES);
  const parsed = tool.parseWat("printed.wat", printWat(bytes), FEATURES);
  const printed = parsed.toBinary({ write_debug_names: false }).buffer;
  expect(Buffer.from(printed).toString("hex")).toBe(Buffer.from(withoutNames(bytes)).toString("hex"));
}

test("random programs validate, and their text form means the same", async () => {
  const shapes = Array.from({ length: 12 }, (_, i) => ({ main: [i, i * 77 + 5, i * 31 + 9, i + 1000, i + 2000], functions: [[i], [i + 5, i * 3]] }));
  const machine = machineOf(shapes, { faultyOnceIn: 20, workers: 2, batchSize: 4, maxFrame: 4096 });
  await check(machineBytes(machine));
  for (let i = 1; i < machine.programs.length; i++) await check(machineBytes(withEntry(machine, i)));
});

const FOLDER = "/usr/lib/x86_64-linux-gnu/bpf";
const objects = existsSync(FOLDER) ? readdirSync(FOLDER).filter((file) => file.endsWith(".o")) : [];

describe("programs of the xdp-tools package", () => {
  test.skipIf(objects.length === 0)("compile and validate", async () => {
    let compiled = 0;
    const refused: string[] = [];
    for (const file of objects) {
      const object = loadObject(readFileSync(join(FOLDER, file)), file);
      for (const { name, type } of object.programs) {
        if (type !== "xdp") continue;
        let machine: ReturnType<typeof createMachine>;
        try {
          machine = createMachine({ object, entry: name });
        } catch (error) {
          // What no engine here has is refused before the compiler comes.
          refused.push(`${file} ${name}: ${(error as Error).message}`);
          continue;
        }
        await check(machineBytes(machine));
        compiled += 1;
      }
    }
    process.stdout.write(`${compiled} programs compiled, ${refused.length} refused\n${refused.map((line) => `  ${line}\n`).join("")}`);
    expect(compiled).toBeGreaterThan(10);
  });
});
