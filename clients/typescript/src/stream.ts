/**
 * A stream that does not end: connects, watches for silence, and resumes (docs/STREAMS.md,
 * rule 10). A `Reader` knows the content of the frames.
 *
 *     connecting -> catching-up -> live
 *         ^              |          |
 *         |              v          v
 *         +--------- waiting <------+      stopped: by us, or refused for good
 *
 * A killed server reaches a browser as Unknown, not Unavailable, so every status is resumed
 * except a short list that says another attempt cannot work either.
 */

import { Code, ConnectError } from "@connectrpc/connect";

import { DrainCause, type Drain } from "../../../gen/ts/ordermesh/type/v1/stream_pb.js";

import { Backoff } from "./backoff.js";
import { Emitter } from "./emitter.js";
import { refusalOf } from "./errors.js";
import type { Refusal } from "./errors.js";

export type StreamPhase = "idle" | "connecting" | "catching-up" | "live" | "waiting" | "stopped";

/** What a reader needs after a frame; mostly nothing. */
export interface Wish {
  /** The reader is up to date from here on. */
  live?: boolean;
  /** The server said it ends this stream: how long to wait, and whether a new token is needed. */
  drain?: { afterMs: number; renewToken: boolean };
  /** The reader cannot go on with this connection; it has set where the next one begins. */
  reopen?: string;
}

/** Opens connections of one stream and takes its frames. */
export interface Reader<Frame> {
  open(signal: AbortSignal): AsyncIterable<Frame>;
  take(frame: Frame): Wish | undefined;
}

/** What a stream needs of its environment. */
export interface StreamOptions {
  /** Requested interval of heartbeats; silence for 2.5 of them is a broken connection. */
  readonly heartbeatMs: number;
  /** Renews the token after UNAUTHENTICATED or before its expiry; the connection was opened so long ago. */
  renewToken(openedForMs: number): Promise<unknown>;
  now?(): number;
  readonly backoff?: Backoff;
}

/** Silence of this many heartbeats ends a connection. */
const SILENT_HEARTBEATS = 2.5;

/** Statuses that no further attempt changes. */
const PERMANENT = new Set([
  Code.Unauthenticated,
  Code.PermissionDenied,
  Code.InvalidArgument,
  Code.Unimplemented,
  Code.NotFound,
]);

interface Ending {
  readonly why: string;
  readonly error?: Refusal;
  /** A wait the server asked for, instead of the backoff's. */
  readonly afterMs?: number;
  readonly renewToken?: boolean;
}

export class ResumingStream<Frame> extends Emitter {
  phase: StreamPhase = "idle";
  /** Why the last connection ended. */
  cause = "";
  /** Set when stopped for good. */
  refused: Refusal | undefined;
  /** On the `now` clock; when the next attempt is made, while waiting. */
  retryAt = 0;
  /** On the `now` clock; undefined before the first frame. */
  lastFrameAt: number | undefined;
  /** Connections that went live. */
  lives = 0;

  readonly #now: () => number;
  readonly #backoff: Backoff;
  readonly #silenceMs: number;
  #run = 0;
  #liveSince: number | undefined;
  #renewed = false;
  #connection: AbortController | undefined;
  #abandon: ((ending: Ending) => void) | undefined;
  #wake: (() => void) | undefined;
  #openedAt = 0;

  constructor(
    private readonly reader: Reader<Frame>,
    private readonly options: StreamOptions,
  ) {
    super();
    this.#now = options.now ?? (() => performance.now());
    this.#backoff = options.backoff ?? new Backoff();
    this.#silenceMs = options.heartbeatMs * SILENT_HEARTBEATS;
  }

  start(): void {
    if (this.phase !== "idle" && this.phase !== "stopped") return;
    this.refused = undefined;
    this.#renewed = false;
    void this.#keepConnected(++this.#run);
  }

  stop(): void {
    this.#run++;
    this.#connection?.abort();
    this.#abandon?.({ why: "stopped" });
    this.#wake?.();
    this.#set("stopped", "");
  }

  /** The network came back, or the page into view: try now, and look at the silence so far. */
  nudge(): void {
    this.#wake?.();
    this.#checkSilence();
  }

  async #keepConnected(run: number): Promise<void> {
    while (run === this.#run) {
      const ending = await this.#connectOnce();
      if (run !== this.#run) return;
      this.#backoff.ended(this.#liveSince === undefined ? 0 : this.#now() - this.#liveSince);
      this.#liveSince = undefined;
      if (ending.error && this.#isPermanent(ending.error)) {
        this.refused = ending.error;
        this.#set("stopped", ending.why);
        return;
      }
      const delay = this.#delayAfter(ending);
      this.retryAt = this.#now() + delay;
      this.#set("waiting", ending.why);
      const renewal = ending.renewToken ? this.#renewToken() : undefined;
      if (delay > 0) await this.#pause(delay);
      await renewal;
    }
  }

  #isPermanent(error: Refusal): boolean {
    if (!PERMANENT.has(error.code)) return false;
    if (error.repeatable && error.code !== Code.Unauthenticated) return false;
    return error.code !== Code.Unauthenticated || this.#renewed;
  }

  #delayAfter(ending: Ending): number {
    if (ending.error?.code === Code.Unauthenticated) return 0;
    return Math.max(this.#backoff.next(), ending.afterMs ?? 0, ending.error?.retryAfterMs ?? 0);
  }

  async #renewToken(): Promise<void> {
    this.#renewed = true;
    // A failure shows when the connection is opened: the interceptor asks for a token.
    await this.options.renewToken(this.#now() - this.#openedAt).catch(() => undefined);
  }

  /** One connection from opening to its end. Frames after its end are not taken. */
  async #connectOnce(): Promise<Ending> {
    const connection = new AbortController();
    this.#connection = connection;
    this.#openedAt = this.#now();
    this.#set("connecting", this.cause);
    const abandoned = new Promise<Ending>((resolve) => {
      this.#abandon = resolve;
    });
    const watchdog = setInterval(() => this.#checkSilence(), this.#silenceMs / 10);
    try {
      return await Promise.race([this.#read(connection.signal), abandoned]);
    } finally {
      clearInterval(watchdog);
      this.#abandon = undefined;
      connection.abort();
    }
  }

  async #read(signal: AbortSignal): Promise<Ending> {
    let drain: Wish["drain"];
    try {
      for await (const frame of this.reader.open(signal)) {
        if (signal.aborted) break;
        this.lastFrameAt = this.#now();
        const wish = this.reader.take(frame);
        this.#renewed = false;
        drain = wish?.drain ?? drain;
        if (wish?.reopen !== undefined) return { why: wish.reopen };
        if (wish?.live && this.phase !== "live") this.#goLive();
        else if (this.phase === "connecting") this.#set("catching-up", this.cause);
      }
    } catch (thrown) {
      if (drain) return drained(drain);
      const error = refusalOf(thrown);
      return { why: error.text, error, renewToken: error.code === Code.Unauthenticated };
    }
    return drain ? drained(drain) : { why: "the server ended the stream" };
  }

  #goLive(): void {
    this.lives++;
    this.#liveSince = this.#now();
    this.#set("live", "");
  }

  #checkSilence(): void {
    if (!this.#abandon) return;
    const heard = Math.max(this.#openedAt, this.lastFrameAt ?? 0);
    if (this.#now() - heard < this.#silenceMs) return;
    this.#abandon({ why: `no message for ${Math.round(this.#silenceMs / 100) / 10} s` });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#wake = wake;
    });
  }

  #set(phase: StreamPhase, cause: string): void {
    this.phase = phase;
    this.cause = cause;
    this.changed();
  }
}

/** The request of a server that is about to end a stream. */
export function drainWish(drain: Drain): Wish {
  const wait = drain.retryAfter;
  const afterMs = wait ? Number(wait.seconds) * 1000 + wait.nanos / 1e6 : 0;
  return { drain: { afterMs, renewToken: drain.cause === DrainCause.TOKEN_EXPIRY } };
}

function drained(drain: NonNullable<Wish["drain"]>): Ending {
  const why = drain.renewToken ? "the token was about to expire" : "the server asked to reconnect";
  return { why, afterMs: drain.afterMs, renewToken: drain.renewToken };
}

/** True for errors of a login that ended, as opposed to a network that is away. */
export function isUnauthenticated(thrown: unknown): boolean {
  return ConnectError.from(thrown).code === Code.Unauthenticated;
}
