/** The way to the mesh from Node.js: gRPC over HTTP/2, without a browser's limits. */

import { Code, ConnectError, type Interceptor, type Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";

/** Between pings of a connection with open calls, in milliseconds. */
const PING_INTERVAL_MS = 1_000;
/** A connection that does not answer a ping for so long is given up, and its calls with it. */
const PING_TIMEOUT_MS = 3_000;

/**
 * A gRPC transport to "host:port", whose certificate is checked by `ca` (PEM), else by the roots of
 * Node.js. Pings find a connection that was reset, or whose other end vanished: Node.js does not
 * always report that.
 */
export function grpcNode(address: string, ca?: string | Uint8Array, interceptors: Interceptor[] = []): Transport {
  const baseUrl = `https://${address}`;
  const sessionManager = new PingedSessions(baseUrl, {}, ca === undefined ? {} : { ca: ca as string });
  return createGrpcTransport({ baseUrl, interceptors, sessionManager });
}

/** What of node:http2's session is used; its types would need a package. */
interface Connection {
  readonly destroyed: boolean;
  on(event: "error" | "close", heard: () => void): unknown;
  ping(answered: () => void): unknown;
  destroy(error: Error): void;
}

interface Call {
  readonly session?: Connection;
  once(event: "close", heard: () => void): unknown;
}

/**
 * The connections of a transport, with pings of our own. Those of the manager stop when a call is
 * given up while one waits for its answer; then no call is made again. And it lets go of a connection
 * before that has reported how it ended, which would end the program.
 */
class PingedSessions extends Http2SessionManager {
  readonly #openCalls = new WeakMap<Connection, { count: number }>();

  override async request(...asked: Parameters<Http2SessionManager["request"]>): ReturnType<Http2SessionManager["request"]> {
    const made = await super.request(...asked);
    const call = made as unknown as Call;
    if (call.session) this.#note(call.session, call);
    return made;
  }

  #note(connection: Connection, call: Call): void {
    let open = this.#openCalls.get(connection);
    if (!open) {
      open = { count: 0 };
      this.#openCalls.set(connection, open);
      watch(connection, open);
    }
    const counted = open;
    counted.count++;
    call.once("close", () => counted.count--);
  }
}

/** Pings a connection while calls are open, and ends it if it does not answer. */
function watch(connection: Connection, open: { readonly count: number }): void {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const gaveUp = (): void => connection.destroy(new ConnectError("the connection answers no ping", Code.Unavailable));
  const answered = (): void => {
    clearTimeout(waiting);
    waiting = undefined;
  };
  const timer = setInterval(() => {
    if (open.count === 0 || waiting !== undefined || connection.destroyed) return;
    waiting = setTimeout(gaveUp, PING_TIMEOUT_MS);
    connection.ping(answered);
  }, PING_INTERVAL_MS);
  // A program without open calls may end: pings do not hold it.
  (timer as unknown as { unref(): void }).unref();
  connection.on("error", () => undefined);
  connection.on("close", () => {
    clearInterval(timer);
    clearTimeout(waiting);
  });
}
