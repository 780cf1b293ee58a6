import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, createReadStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { CaptureError } from "./errors.js";
import { openCapture } from "./open.js";
import { classic } from "./testing/capture-bytes.js";
import { collect } from "./testing/collect.js";
import { temporaryDirectory } from "./testing/temporary.js";

const dir = temporaryDirectory();
const good = classic({ packets: [{ data: new Uint8Array(60).fill(7) }] });

/** The one line that a file gives, whether it is opened by its path or as a stream. */
async function refusal(bytes: Uint8Array): Promise<string> {
  const file = dir.put("bad.pcap", bytes);
  const messages = [];
  for (const from of [file, createReadStream(file)]) {
    const error = await openCapture(from, { name: file })
      .then(async (reader) => {
        await collect(reader);
        return undefined;
      })
      .catch((thrown: unknown) => thrown);
    if (!(error instanceof CaptureError)) throw new Error(`no CaptureError but ${String(error)}`);
    expect(error.file).toBe(file);
    messages.push(error.message.replace(file, "FILE"));
  }
  expect(messages[1]).toBe(messages[0]);
  expect(messages[0]).not.toContain("\n");
  return messages[0];
}

describe("openCapture", () => {
  const forged = classic({ packets: [{ data: new Uint8Array(60) }, { data: new Uint8Array(60), captured: 0x8000_0000 }] });
  const cases: [string, Uint8Array, string][] = [
    ["an empty file", Buffer.alloc(0), "FILE: the file is empty: give a pcap or pcapng capture"],
    ["a text file", Buffer.from("Frame 1: 60 bytes on wire\n"), "FILE: this is text, not a capture (byte 0): give a pcap or pcapng file"],
    ["a short text file", Buffer.from("x"), "FILE: this is text, not a capture (byte 0): give a pcap or pcapng file"],
    ["an unknown magic number", Buffer.from("0badf00d00000000", "hex"), "FILE: unknown magic number 0x0badf00d (byte 0): only pcap"],
    ["an ELF object", Buffer.from("7f454c460201010000", "hex"), "FILE: this is an ELF object, not a capture"],
    ["a zstd file", Buffer.from("28b52ffd00000000", "hex"), "FILE: this is a zstd file (byte 0): decompress it first with `unzstd`"],
    ["a cut file header", good.subarray(0, 20), "FILE: the capture ends within its 24-byte file header (byte 20)"],
    ["a forged packet length", forged, "FILE: packet length 2147483648 is above the limit of 262144 bytes (packet 2, byte 100): "],
    ["an old version", Buffer.concat([good.subarray(0, 4), Buffer.from([1, 0]), good.subarray(6)]), "FILE: pcap version 1.4 is not"],
    ["text in gzip", gzipSync("hello"), "FILE: this is text, not a capture"],
    ["an empty file in gzip", gzipSync(""), "FILE: the file is empty"],
    ["gzip twice", gzipSync(gzipSync(good)), "FILE: compressed twice with gzip"],
    ["damaged gzip", Buffer.from("1f8b0800000000000003ffffffffffff", "hex"), "FILE: the gzip data is damaged"],
  ];
  for (const [name, bytes, message] of cases) {
    it(`refuses ${name} in one line`, async () => {
      expect((await refusal(bytes)).slice(0, message.length)).toBe(message);
    });
  }

  it("has the facts in the error", async () => {
    const error = await openCapture(dir.put("f.pcap", forged)).then((r) => collect(r)).catch((e: unknown) => e);
    expect(error).toMatchObject({ name: "CaptureError", packet: 2, offset: 100 });
  });

  it("refuses a missing file, a directory and a path through a file", async () => {
    await expect(openCapture(join(dir.path, "none.pcap"))).rejects.toThrow("none.pcap: no such file: check the path");
    await expect(openCapture(dir.path)).rejects.toThrow("this is a directory");
    const file = dir.put("f.pcap", good);
    await expect(openCapture(join(file, "x"))).rejects.toThrow("no such file");
  });

  it.skipIf(process.getuid?.() === 0)("refuses a file without permission", async () => {
    const file = dir.put("secret.pcap", good);
    chmodSync(file, 0);
    await expect(openCapture(file)).rejects.toThrow("permission denied");
  });

  it("refuses a stream of text and passes on a stream's failure", async () => {
    await expect(openCapture(Readable.from(["a", "b"]), { name: "s" })).rejects.toThrow("s: the stream gives text");
    const failing = new Readable({ read: () => {} });
    setImmediate(() => failing.destroy(new Error("line is down")));
    await expect(openCapture(failing)).rejects.toThrow(/-: the stream failed.*line is down/);
  });

  it.skipIf(spawnSync("mkfifo", ["--version"]).error !== undefined)("reads a named pipe (needs mkfifo)", async () => {
    const pipe = join(dir.path, "pipe");
    execFileSync("mkfifo", [pipe]);
    const writer = spawn("sh", ["-c", 'cat "$0" > "$1"', dir.put("p.pcap", good), pipe]);
    const closed = new Promise((resolve) => writer.once("close", resolve));
    const reader = await openCapture(pipe);
    expect(reader.size).toBeUndefined();
    expect((await collect(reader)).packets.length).toBe(1);
    reader.close();
    await closed;
  });

  it("tells how far it is", async () => {
    const reader = await openCapture(dir.put("p.pcap", good));
    expect(reader.size).toBe(good.length);
    await collect(reader);
    expect(reader.bytesRead).toBe(good.length);
    reader.close();
    reader.close();
    expect((await collect(reader)).packets).toEqual([]);
  });
});
