/**
 * The command line in a few files: Node takes most of a short command's time to find and link hundreds of modules one by one.
 * Written over what tsc made of main.ts; the library and the threads' files stay as they are.
 */
import { defineConfig } from "vite";

export default defineConfig({
  build: {
    ssr: "ui/cli/main.ts",
    outDir: "dist/ui/cli",
    emptyOutDir: false,
    target: "node20",
    minify: false,
    rollupOptions: { output: { entryFileNames: "main.js", chunkFileNames: "chunks/[name].js" } },
  },
  logLevel: "warn",
});
