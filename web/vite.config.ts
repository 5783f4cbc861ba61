import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

const here = (path: string): string => new URL(path, import.meta.url).pathname;

export default defineConfig({
  plugins: [svelte()],
  resolve: {
    alias: {
      $gen: here("../gen/ts"),
      $lib: here("./src/lib"),
      "@ordermesh/client": here("../clients/typescript/src/index.ts"),
    },
    // gen/ts and the client lie outside this folder and find these here, once.
    dedupe: ["@bufbuild/protobuf", "@connectrpc/connect", "@connectrpc/connect-web", "vitest"],
  },
  build: {
    target: "es2022",
    // One style sheet, one script for the first screen, and one for each panel, fetched when the panel is
    // opened. The edge serves each file as a direct response, those in assets/ for ever, so their names
    // carry a hash. No inline polyfill, so that a strict Content-Security-Policy holds.
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 400,
    rolldownOptions: {
      output: {
        entryFileNames: "assets/app-[hash].js",
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/app-[hash][extname]",
      },
    },
  },
  server: { fs: { allow: [here("."), here("../gen/ts"), here("../clients/typescript")] } },
  test: { environment: "node", include: ["test/**/*.test.ts", "src/panels/**/*.test.ts", "../clients/typescript/test/**/*.test.ts"], restoreMocks: true },
});
