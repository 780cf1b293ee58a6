/**
 * The command line and the pool's thread in a few files: Node takes most of a short command's time, and of a thread's start, to
 * find and link hundreds of modules one by one. Written over what tsc made of these two; the library stays as it is.
 */
import { defineConfig } from "vite";

export default defineConfig({
  build: {
    ssr: true,
    outDir: "dist",
    emptyOutDir: false,
    target: "node20",
    minify: false,
    rollupOptions: {
      input: { "ui/cli/main": "ui/cli/main.ts", "offload/pool/worker": "offload/pool/worker.ts" },
      // A thread's function is its file's default export.
      preserveEntrySignatures: "strict",
      output: { entryFileNames: "[name].js", chunkFileNames: "chunks/[name].js" },
    },
  },
  logLevel: "warn",
});
