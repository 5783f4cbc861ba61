// What the driver uses of Node.js: five names need no package of types.
declare module "node:fs" {
  export function readFileSync(path: string, encoding: "utf-8"): string;
}
declare module "node:readline" {
  export function createInterface(options: { input: unknown }): AsyncIterable<string>;
}
declare const process: { readonly stdin: unknown; readonly stdout: { write(text: string): void } };
