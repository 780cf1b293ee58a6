/** Where the BTF to adapt programs to comes from: a file that the user names, the running kernel, or what is built in. */
import { readFileSync } from "node:fs";
import { bytesTarget } from "./core_target.js";
import type { BtfTarget } from "./core_target.js";
import { readElfSection } from "./elf.js";
import { ObjectError } from "./error.js";
import { builtinTarget } from "./kernel_btf/builtin.js";

const KERNEL_BTF = "/sys/kernel/btf/vmlinux";
const ELF_MAGIC = 0x464c457f;

/**
 * A target from a file's bytes: raw BTF, or an ELF file with a `.BTF` section (a vmlinux, a BPF object).
 * @throws ObjectError where it is neither.
 */
export function btfTarget(bytes: Uint8Array, file: string): BtfTarget {
  const isElf = bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === ELF_MAGIC;
  if (!isElf) return bytesTarget(bytes, file);
  const section = readElfSection(bytes, file, ".BTF");
  if (!section || section.length === 0) throw new ObjectError(file, "invalid", "an ELF file without BTF (no .BTF section)");
  return bytesTarget(section, file);
}

let kernel: BtfTarget | undefined | "unread" = "unread";

/** The running kernel's BTF; undefined where there is none that can be read. Read once. */
export function kernelTarget(): BtfTarget | undefined {
  if (kernel !== "unread") return kernel;
  try {
    kernel = bytesTarget(readFileSync(KERNEL_BTF), "the running kernel's BTF");
  } catch {
    // Not Linux, not readable, or of a future form: the built-in BTF is there.
    kernel = undefined;
  }
  return kernel;
}

/** The types to adapt to where the user names none: the running kernel's, else the built-in ones. */
export function defaultTarget(): BtfTarget {
  return kernelTarget() ?? builtinTarget();
}
