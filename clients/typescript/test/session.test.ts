import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { AuthService } from "../../../gen/ts/ordermesh/identity/v1/auth_service_pb.js";
import { OrderService } from "../../../gen/ts/ordermesh/oms/v1/order_service_pb.js";

import { createClient } from "@connectrpc/connect";

import { Session, type TokenStore } from "../src/session.js";
import { bearer } from "../src/transport.js";

const LIFE_S = 300;
let now: number;
let stored: string | null;
let issued: number;
let refreshes: string[];
let refuse: Code | undefined;
let session: Session;

const store: TokenStore = {
  read: () => stored,
  write: (token) => (stored = token),
  clear: () => (stored = null),
};

function tokens(): { accessToken: string; refreshToken: string; accessExpiresAt: ReturnType<typeof timestampFromMs> } {
  issued++;
  const claims = btoa(JSON.stringify({ iat: 1_000, exp: 1_000 + LIFE_S, jti: issued }));
  // The expiry as a time is nonsense here: the clocks of page and server differ.
  return { accessToken: `h.${claims}.${issued}`, refreshToken: `refresh-${issued}`, accessExpiresAt: timestampFromMs(0) };
}

const transport = createRouterTransport(({ service }) => {
  service(AuthService, {
    login({ password }) {
      if (password !== "right") throw new ConnectError("wrong", Code.Unauthenticated);
      return { tokens: tokens(), user: { username: "alice", accounts: ["ACC-ALICE"] } };
    },
    async refresh({ refreshToken }) {
      refreshes.push(refreshToken);
      await Promise.resolve();
      if (refuse !== undefined) throw new ConnectError("no", refuse);
      return { tokens: tokens(), user: { username: "alice" } };
    },
    logout: () => ({}),
  });
});

beforeEach(() => {
  now = 5_000_000;
  stored = null;
  issued = 0;
  refreshes = [];
  refuse = undefined;
  session = new Session(transport, store, () => now);
});

describe("login", () => {
  it("keeps only the refresh token in the store", async () => {
    await session.login("alice", "right");
    expect(session.phase).toBe("active");
    expect(session.user?.username).toBe("alice");
    expect(stored).toBe("refresh-1");
  });

  it("refused changes nothing", async () => {
    await expect(session.login("alice", "wrong")).rejects.toThrow("wrong");
    expect([session.phase, stored]).toEqual(["anonymous", null]);
  });
});

describe("renewal", () => {
  it("happens once for however many ask at a time", async () => {
    await session.login("alice", "right");
    now += LIFE_S * 1000;
    const got = await Promise.all([session.token(), session.token(), session.renew(), session.token()]);
    expect(refreshes).toEqual(["refresh-1"]);
    expect(new Set(got).size).toBe(1);
  });

  it("happens once for streams that end one after the other", async () => {
    await session.login("alice", "right");
    now += 270_000;
    const first = await session.renewForStream(270_000);
    now += 200;
    expect(await session.renewForStream(270_200)).toBe(first);
    expect(refreshes).toHaveLength(1);
    now += 5_000;
    await session.renewForStream(1_000);
    expect(refreshes).toHaveLength(2);
  });

  it("comes before expiry, on this machine's clock alone", async () => {
    await session.login("alice", "right");
    now += (LIFE_S - 50) * 1000;
    await session.token();
    expect(refreshes).toHaveLength(0);
    now += 10_000;
    await session.token();
    expect(refreshes).toHaveLength(1);
  });

  it("gives the newer token to who was refused with an older one", async () => {
    await session.login("alice", "right");
    const old = await session.token();
    const fresh = await session.renew();
    expect(await session.renew(old)).toBe(fresh);
    expect(refreshes).toHaveLength(1);
  });

  it("refused ends the session and says so", async () => {
    await session.login("alice", "right");
    refuse = Code.Unauthenticated;
    await expect(session.renew()).rejects.toThrow();
    expect([session.phase, stored]).toEqual(["anonymous", null]);
    expect(session.endedBecause).toContain("log in again");
  });

  it("that gets no answer keeps the session and the old token while it lasts", async () => {
    await session.login("alice", "right");
    const old = await session.token();
    refuse = Code.Unavailable;
    now += (LIFE_S - 20) * 1000;
    expect(await session.token()).toBe(old);
    now += 20_000;
    await expect(session.token()).rejects.toThrow();
    expect([session.phase, stored]).toEqual(["active", "refresh-1"]);
  });
});

describe("a reload", () => {
  it("takes up the session", async () => {
    stored = "refresh-0";
    const reloaded = new Session(transport, store, () => now);
    expect(reloaded.phase).toBe("restoring");
    expect(await reloaded.restore()).toBe(true);
    expect([reloaded.phase, refreshes, stored]).toEqual(["active", ["refresh-0"], "refresh-1"]);
  });

  it("does not take the password again because the mesh is away", async () => {
    stored = "refresh-0";
    refuse = Code.Unavailable;
    const reloaded = new Session(transport, store, () => now);
    await expect(reloaded.restore()).rejects.toThrow();
    expect([reloaded.phase, stored]).toEqual(["restoring", "refresh-0"]);
  });

  it("asks for the password when the token is used up", async () => {
    stored = "refresh-0";
    refuse = Code.Unauthenticated;
    const reloaded = new Session(transport, store, () => now);
    expect(await reloaded.restore()).toBe(false);
    expect(reloaded.phase).toBe("anonymous");
  });
});

describe("logout", () => {
  it("wins against a renewal under way", async () => {
    await session.login("alice", "right");
    const renewal = session.renew().catch(() => "refused");
    await session.logout();
    expect(await renewal).toBe("refused");
    expect([session.phase, stored]).toEqual(["anonymous", null]);
  });
});

describe("the bearer", () => {
  const seen: (string | null)[] = [];
  const orders = createRouterTransport(
    ({ service }) => {
      service(OrderService, {
        get(_, { requestHeader }) {
          seen.push(requestHeader.get("authorization"));
          if (seen.length === 1) throw new ConnectError("expired", Code.Unauthenticated);
          return {};
        },
      });
    },
    { transport: { interceptors: [bearer({ token: () => session.token(), renew: (refused) => session.renew(refused) })] } },
  );

  it("repeats a call once with a renewed token", async () => {
    await session.login("alice", "right");
    seen.length = 0;
    await createClient(OrderService, orders).get({ orderId: "x" });
    expect(seen).toHaveLength(2);
    expect(seen[0]).not.toBe(seen[1]);
    expect(refreshes).toHaveLength(1);
  });

  it("does not repeat a second time", async () => {
    await session.login("alice", "right");
    const never = createRouterTransport(
      ({ service }) => service(OrderService, { get: vi.fn(() => Promise.reject(new ConnectError("no", Code.Unauthenticated))) }),
      { transport: { interceptors: [bearer(session)] } },
    );
    await expect(createClient(OrderService, never).get({ orderId: "x" })).rejects.toThrow("no");
    expect(refreshes).toHaveLength(1);
  });
});
