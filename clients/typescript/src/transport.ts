/** The way to the mesh: binary gRPC-Web, with a bearer token on every call. */

import { Code, ConnectError } from "@connectrpc/connect";
import type { Interceptor, Transport } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";

import type { Session } from "./session.js";

/**
 * Adds the access token; a unary call refused as unauthenticated is repeated once with a renewed
 * one. Streams are repeated by ResumingStream, which knows where to go on.
 */
export function bearer(session: Pick<Session, "token" | "renew">): Interceptor {
  return (next) => async (request) => {
    const token = await session.token();
    request.header.set("authorization", `Bearer ${token}`);
    try {
      return await next(request);
    } catch (error) {
      if (request.stream || ConnectError.from(error).code !== Code.Unauthenticated) throw error;
      request.header.set("authorization", `Bearer ${await session.renew(token)}`);
      return next(request);
    }
  };
}

/** A gRPC-Web transport to a base URL. */
export function grpcWeb(baseUrl: string, interceptors: Interceptor[] = []): Transport {
  return createGrpcWebTransport({ baseUrl, useBinaryFormat: true, interceptors });
}
