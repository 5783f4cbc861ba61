import { create } from "@bufbuild/protobuf";
import { createRouterTransport } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";

import { Role } from "$gen/ordermesh/identity/v1/auth_service_pb.js";
import { AuditEntrySchema, AuditKind, AuditService } from "$gen/ordermesh/oms/v1/audit_service_pb.js";
import { OrderService } from "$gen/ordermesh/oms/v1/order_service_pb.js";
import { FixSessionState, SessionSchema } from "$gen/ordermesh/oms/v1/session_pb.js";
import { SessionService } from "$gen/ordermesh/oms/v1/session_service_pb.js";
import { ErrorReason } from "$gen/ordermesh/type/v1/error_pb.js";

import { order } from "../../../../clients/typescript/test/builders";
import { entryWords, Overview, sessionState, tabsOf } from "./overview";

describe("the overview", () => {
  it.each([
    [[Role.RISK], ["orders", "sessions", "audit"]],
    [[Role.AUDITOR], ["audit", "orders", "sessions"]],
    [[Role.OPERATOR], ["sessions", "audit"]],
    [[Role.VIEWER], []],
  ])("has for %s what the mesh lets it read: %s", (roles, tabs) => {
    expect(tabsOf(roles)).toEqual(tabs);
  });

  it("keeps what was read, with its time, when a later reading fails", async () => {
    let fails = false;
    const transport = createRouterTransport(({ service }) => {
      service(OrderService, {
        list: () => {
          if (fails) throw new Error("gone");
          return { orders: [order()], nextPageToken: "more" };
        },
      });
      service(AuditService, { list: ({ actor }) => ({ entries: [{ entryId: "E", actor }] }) });
    });
    let now = 1_000;
    const overview = new Overview(transport, () => Promise.resolve(), () => now);
    await overview.readOrders(true);
    expect(overview.orders).toMatchObject({ more: true, atMs: 1_000, fault: "" });
    now = 2_000;
    fails = true;
    await overview.readOrders(true);
    expect(overview.orders.rows).toHaveLength(1);
    expect(overview.orders.atMs).toBe(1_000);
    expect(overview.orders.fault).not.toBe("");
    await overview.readEntries("u-7");
    expect(overview.entries.rows[0]?.actor).toBe("u-7");
  });

  it("reads a list once at a time, and last what was asked last", async () => {
    const asked: boolean[] = [];
    const transport = createRouterTransport(({ service }) => {
      service(OrderService, {
        list: ({ openOnly }) => {
          asked.push(openOnly);
          return { orders: [order({ orderId: openOnly ? "OPEN" : "ALL" })] };
        },
      });
    });
    const overview = new Overview(transport, () => Promise.resolve(), Date.now);
    await Promise.all([overview.readOrders(false), ...Array.from({ length: 50 }, (_, at) => overview.readOrders(at % 2 === 1))]);
    expect(asked).toEqual([false, true]);
    expect(overview.orders.rows.map(({ orderId }) => orderId)).toEqual(["OPEN"]);
    await overview.readOrders(false);
    expect(asked).toHaveLength(3);
  });

  it("follows sessions as they are pushed", async () => {
    const sent = [create(SessionSchema, { sessionId: "sima-orders", state: FixSessionState.DOWN }), create(SessionSchema, { sessionId: "sima-orders", state: FixSessionState.UP })];
    const transport = createRouterTransport(({ service }) => {
      service(SessionService, {
        watch: async function* (_, { signal }) {
          for (const session of sent) yield { item: { case: "session" as const, value: session } };
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        },
      });
    });
    const overview = new Overview(transport, () => Promise.resolve(), Date.now);
    overview.sessionStream.start();
    await vi.waitFor(() => expect(overview.sessions.get("sima-orders")?.state).toBe(FixSessionState.UP));
    expect(overview.sessionStream.phase).toBe("live");
    overview.sessionStream.stop();
  });

  it.each([
    [{ state: FixSessionState.UP }, "up", "good"],
    [{ state: FixSessionState.RECOVERING }, "recovering", "doubt"],
    [{ state: FixSessionState.UNSPECIFIED }, "down", "bad"],
    [{ state: FixSessionState.UP, keptOut: true }, "kept out", "bad"],
  ])("says how a session stands: %j", (session, word, tone) => {
    expect(sessionState(create(SessionSchema, session))).toEqual({ word, tone });
  });

  it.each([
    [{ kind: AuditKind.ACTION }, "done"],
    [{ kind: AuditKind.COUNTED, count: 312n }, "312 refusals"],
    [{ kind: AuditKind.REFUSAL, reason: ErrorReason.PRICE_OFF_TICK }, "refused: Price off tick"],
  ])("says what an entry records: %#", (entry, words) => {
    expect(entryWords(create(AuditEntrySchema, entry))).toBe(words);
  });
});
