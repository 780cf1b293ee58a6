import { describe, expect, it } from "vitest";
import { assemble, disassemble } from "./index.js";

describe("disassemble", () => {
  it("writes a listing with functions, source lines and names", () => {
    const insns = assemble("r1 = map[0]\ncall 1\nif r0 == 0 goto out\ncall sub\nout: exit\nsub: r0 = -2\nexit");
    const text = disassemble(insns, {
      helper: (id) => (id === 1 ? "bpf_map_lookup_elem" : undefined),
      map: () => "hits",
      functions: [
        { name: "xdp_main", start: 0, end: 6, linkage: "global" },
        { name: "sub", start: 6, end: 8, linkage: "static" },
      ],
      lines: [{ insn: 3, file: "a.bpf.c", line: 7, column: 2, text: "  if (!value)" }],
    });
    expect(text).toBe(
      [
        "xdp_main:",
        "   0: (18) r1 = map[hits]",
        "   2: (85) call bpf_map_lookup_elem#1",
        "; if (!value) @ a.bpf.c:7",
        "   3: (15) if r0 == 0x0 goto pc+1",
        "   4: (85) call pc+1",
        "   5: (95) exit",
        "sub:",
        "   6: (b7) r0 = -2",
        "   7: (95) exit",
        "",
      ].join("\n"),
    );
    expect(assemble(text, { map: () => 0 })).toEqual(insns);
  });

  it("shows an opcode that does not exist for what it is", () => {
    expect(disassemble([{ op: 0x8d, dst: 0, src: 0, off: 0, imm: 0 }])).toBe("   0: (8d) BUG_8d\n");
  });
});
