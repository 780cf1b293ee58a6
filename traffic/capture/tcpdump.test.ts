/**
 * Two datagrams that tcpdump saw on a loopback interface, at once as Ethernet (nanoseconds) and in both cooked formats
 * (`tcpdump -i any -y LINUX_SLL2`): whatever the link type, the programs must see the same packets.
 */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openCapture } from "./open.js";
import { collect } from "./testing/collect.js";

async function read(name: string) {
  const reader = await openCapture(fileURLToPath(new URL(`testing/fixtures/${name}.pcap`, import.meta.url)));
  const got = await collect(reader);
  expect(reader.warnings).toEqual([]);
  reader.close();
  return got;
}

describe("captures by tcpdump", () => {
  it("are the same packets in every link type", async () => {
    const ethernet = await read("ethernet");
    expect(ethernet.packets.map((p) => p.hex.slice(24, 30))).toEqual(["080045", "86dd60"]);
    for (const cooked of [await read("cooked"), await read("cooked2")]) {
      // On loopback all addresses are zero, and tcpdump knows them: only the destination is made up.
      const made = ethernet.packets.map((p) => `020000000001${p.hex.slice(12)}`);
      expect(cooked.packets.map((p) => p.hex)).toEqual(made);
      expect(cooked.packets.map((p) => p.original)).toEqual(ethernet.packets.map((p) => p.original));
      expect(cooked.epochNs / 1_000_000n).toBe(ethernet.epochNs / 1_000_000n);
    }
  });
});
