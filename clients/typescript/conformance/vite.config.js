const here = (path) => new URL(path, import.meta.url).pathname;

// One script for Node.js. Its packages are those of web/, which is where the build runs.
export default {
  root: here("../../../web"),
  logLevel: "warn",
  publicDir: false,
  resolve: { dedupe: ["@bufbuild/protobuf", "@connectrpc/connect", "@connectrpc/connect-node", "@connectrpc/connect-web"] },
  ssr: { noExternal: true },
  build: {
    ssr: here("./driver.ts"),
    target: "node20",
    outDir: here("../dist/conformance"),
    emptyOutDir: true,
    rolldownOptions: { output: { entryFileNames: "driver.mjs" } },
  },
};
