/**
 * Who is logged in. The access token lives in memory only; the refresh token lives in
 * sessionStorage so that a reload does not ask for the password again (README: the trade-off).
 */

import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import type { Client, Transport } from "@connectrpc/connect";

import { AuthService, type TokenPair, type User } from "../../../gen/ts/ordermesh/identity/v1/auth_service_pb.js";

import { Emitter } from "./emitter.js";

/** Where the refresh token survives a reload. */
export interface TokenStore {
  read(): string | null;
  write(token: string): void;
  clear(): void;
}

/** `restoring` until it is known whether a stored refresh token still works. */
export type SessionPhase = "restoring" | "anonymous" | "active";

/** An access token is renewed when less than this, or a fifth of its life, is left. */
const RENEW_BEFORE_MS = 45_000;

/** How long a call waits for a renewal while the old token holds. */
const RENEW_PATIENCE_MS = 1_000;

/** The time limit of unary calls for tokens. */
const CALL_TIMEOUT_MS = 10_000;

interface AccessToken {
  text: string;
  takenAtMs: number;
  /** On this machine's clock, as takenAtMs. */
  expiresAtMs: number;
  lifeMs: number;
}

export class Session extends Emitter {
  phase: SessionPhase = "anonymous";
  user: User | undefined;
  /** Why the last session ended; empty after a logout. */
  endedBecause = "";

  readonly #auth: Client<typeof AuthService>;
  #access: AccessToken | undefined;
  #renewal: Promise<string> | undefined;

  constructor(
    transport: Transport,
    private readonly store: TokenStore,
    private readonly now: () => number = Date.now,
  ) {
    super();
    this.#auth = createClient(AuthService, transport);
    if (store.read() !== null) this.phase = "restoring";
  }

  /** Exchanges name and password for tokens. Throws the mesh's refusal. */
  async login(username: string, password: string): Promise<void> {
    const answer = await this.#auth.login({ username, password }, { timeoutMs: CALL_TIMEOUT_MS });
    this.#take(answer.tokens, answer.user);
  }

  /** Resumes the session after a reload. False: log in. Throws if the mesh does not answer. */
  async restore(): Promise<boolean> {
    if (this.store.read() === null) return false;
    try {
      await this.renew();
      return true;
    } catch (error) {
      if (ConnectError.from(error).code === Code.Unauthenticated) return false;
      throw error;
    }
  }

  /** An access token that is valid for a call now. */
  async token(): Promise<string> {
    const access = this.#access;
    if (!access) return this.renew();
    const margin = Math.min(RENEW_BEFORE_MS, access.lifeMs / 5);
    if (this.now() < access.expiresAtMs - margin) return access.text;
    try {
      return await Promise.race([this.renew(), this.#patience()]);
    } catch (error) {
      // The old one may still be valid while identity is away, or does not answer.
      if (this.#access && this.now() < access.expiresAtMs) return access.text;
      throw error;
    }
  }

  /**
   * Renews the pair, once for however many ask at a time: a refresh token used twice would end
   * the session. `refused` is the token that a service refused; if it has been renewed since,
   * the newer one is given.
   */
  renew(refused?: string): Promise<string> {
    if (refused !== undefined && this.#access && this.#access.text !== refused) {
      return Promise.resolve(this.#access.text);
    }
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  /**
   * Renews the pair for a stream that ended because of its token, unless that has been done since
   * the stream was opened, `openedForMs` ago: other streams end for the same reason.
   */
  renewForStream(openedForMs: number): Promise<string> {
    const access = this.#access;
    if (access && this.now() - access.takenAtMs < openedForMs) return Promise.resolve(access.text);
    return this.renew();
  }

  /** Ends the session here and at the mesh. */
  async logout(): Promise<void> {
    const refreshToken = this.store.read();
    this.#end("");
    if (refreshToken === null) return;
    // Ended here in any case; the mesh ends it by time if this call does not arrive.
    await this.#auth.logout({ refreshToken }, { timeoutMs: CALL_TIMEOUT_MS }).catch(() => undefined);
  }

  /** Forgets a refresh token that belongs to another tab. */
  disown(why: string): void {
    this.#end(why);
  }

  /** A service that hangs must not hold up orders and cancels while the old token holds. */
  #patience(): Promise<never> {
    return new Promise((_, reject) => {
      setTimeout(() => reject(new ConnectError("the renewal of the login has not ended", Code.Unavailable)), RENEW_PATIENCE_MS);
    });
  }

  async #renew(): Promise<string> {
    const refreshToken = this.store.read();
    if (refreshToken === null) {
      this.#end("Please log in.");
      throw new ConnectError("no session", Code.Unauthenticated);
    }
    try {
      const answer = await this.#auth.refresh({ refreshToken }, { timeoutMs: CALL_TIMEOUT_MS });
      // A logout may have come in between.
      if (this.store.read() !== refreshToken) throw new ConnectError("session ended", Code.Unauthenticated);
      return this.#take(answer.tokens, answer.user).text;
    } catch (error) {
      if (ConnectError.from(error).code === Code.Unauthenticated && this.store.read() === refreshToken) {
        this.#end("The session has ended. Please log in again.");
      }
      throw error;
    }
  }

  #take(tokens: TokenPair | undefined, user: User | undefined): AccessToken {
    if (!tokens || !user) throw new ConnectError("the answer has no tokens", Code.Internal);
    const life = lifeMs(tokens) ?? expiresInMs(tokens, this.now());
    const access = { text: tokens.accessToken, lifeMs: life, takenAtMs: this.now(), expiresAtMs: this.now() + life };
    this.#access = access;
    this.store.write(tokens.refreshToken);
    this.user = user;
    this.phase = "active";
    this.endedBecause = "";
    this.changed();
    return access;
  }

  #end(why: string): void {
    this.store.clear();
    this.#access = undefined;
    this.user = undefined;
    this.phase = "anonymous";
    this.endedBecause = why;
    this.changed();
  }
}

// exp − iat needs no agreement of clocks, the expiry as a time does.
function lifeMs(tokens: TokenPair): number | undefined {
  try {
    const payload = tokens.accessToken.split(".")[1] ?? "";
    const claims: unknown = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    if (typeof claims !== "object" || claims === null || !("exp" in claims) || !("iat" in claims)) return undefined;
    const { exp, iat } = claims;
    return typeof exp === "number" && typeof iat === "number" ? (exp - iat) * 1000 : undefined;
  } catch {
    return undefined;
  }
}

function expiresInMs(tokens: TokenPair, now: number): number {
  return tokens.accessExpiresAt ? Math.max(0, timestampMs(tokens.accessExpiresAt) - now) : 0;
}

const STORAGE_KEY = "ordermesh.refresh-token";

/** A store of a program, for as long as it runs. */
export function memoryTokenStore(): TokenStore {
  let kept: string | null = null;
  return {
    read: () => kept,
    write: (token) => (kept = token),
    clear: () => (kept = null),
  };
}

/** The browser's store of one tab. */
export function tabTokenStore(storage: Storage): TokenStore {
  return {
    read: () => storage.getItem(STORAGE_KEY),
    write: (token) => storage.setItem(STORAGE_KEY, token),
    clear: () => storage.removeItem(STORAGE_KEY),
  };
}
