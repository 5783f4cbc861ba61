import { svelte } from "@sveltejs/vite-plugin-svelte";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** What a browser fetches before the first screen, compressed: the script of the entry, those it imports, and the styles. */
const FIRST_SCREEN_KB_MAX = 250;

async function compressedBytes(text: string | Uint8Array): Promise<number> {
  const compressed = new Blob([text as BlobPart]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(compressed).arrayBuffer()).byteLength;
}

/** Fails the build if the first screen is larger than its budget. Panels, which are fetched when opened, do not count. */
function budget(): Plugin {
  return {
    name: "first-screen-budget",
    async generateBundle(_, bundle): Promise<void> {
      const first = new Set<string>();
      const need = (name: string): void => {
        const file = bundle[name];
        if (first.has(name) || file?.type !== "chunk") return;
        first.add(name);
        file.imports.forEach(need);
      };
      for (const file of Object.values(bundle)) if (file.type === "chunk" && file.isEntry) need(file.fileName);
      const texts = Object.values(bundle).flatMap((file) => {
        if (file.type === "chunk") return first.has(file.fileName) ? [file.code] : [];
        return file.fileName.endsWith(".css") ? [file.source] : [];
      });
      const bytes = await Promise.all(texts.map(compressedBytes));
      const size = Math.ceil(bytes.reduce((sum, one) => sum + one, 0) / 1_000);
      if (size > FIRST_SCREEN_KB_MAX) this.error(`the first screen has ${size} kB compressed, at most ${FIRST_SCREEN_KB_MAX} are allowed`);
      this.info(`first screen: ${size} kB compressed in ${bytes.length} files`);
    },
  };
}

const here = (path: string): string => new URL(path, import.meta.url).pathname;

export default defineConfig({
  plugins: [svelte(), budget()],
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
  test: { environment: "node", include: ["test/**/*.test.ts", "src/panels/**/*.test.ts", "src/dock/**/*.test.ts", "../clients/typescript/test/**/*.test.ts"], restoreMocks: true },
});
