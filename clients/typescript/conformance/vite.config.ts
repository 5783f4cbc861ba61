const here = (path: string): string => new URL(path, import.meta.url).pathname;
// Another program than the driver, and where it goes: for the examples of docs/PROGRAMS.md.
const { PROGRAM, OUT } = process.env;

// One script for Node.js. Its packages are those of web/, which is where the build runs.
export default {
  root: here("../../../web"),
  logLevel: "warn",
  publicDir: false,
  resolve: {
    alias: [
      { find: /^@ordermesh\/client$/, replacement: here("../src/index.ts") },
      { find: /^@ordermesh\/client\/node$/, replacement: here("../src/node.ts") },
      { find: /^@ordermesh\/client\/gen/, replacement: here("../../../gen/ts") },
    ],
    dedupe: ["@bufbuild/protobuf", "@connectrpc/connect", "@connectrpc/connect-node", "@connectrpc/connect-web"],
  },
  ssr: { noExternal: true },
  build: {
    ssr: PROGRAM ?? here("./driver.ts"),
    target: "node20",
    outDir: OUT ?? here("../dist/conformance"),
    emptyOutDir: true,
    rolldownOptions: { output: { entryFileNames: PROGRAM === undefined ? "driver.mjs" : "program.mjs" } },
  },
};
