/** The way to the mesh from Node.js: gRPC over HTTP/2, without a browser's limits. */

import type { Interceptor, Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

/** Between pings of a connection with open calls, in milliseconds. */
const PING_INTERVAL_MS = 1_000;
/** A connection that does not answer a ping for so long is given up, and its calls with it. */
const PING_TIMEOUT_MS = 3_000;

/**
 * A gRPC transport to "host:port", whose certificate is checked by `ca` (PEM), else by the roots of
 * Node.js. Pings find a connection that was reset: Node.js does not always report that.
 */
export function grpcNode(address: string, ca?: string | Uint8Array, interceptors: Interceptor[] = []): Transport {
  return createGrpcTransport({
    baseUrl: `https://${address}`,
    nodeOptions: ca === undefined ? {} : { ca: ca as string },
    interceptors,
    pingIntervalMs: PING_INTERVAL_MS,
    pingTimeoutMs: PING_TIMEOUT_MS,
  });
}
