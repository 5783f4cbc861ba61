import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Backoff, BACKOFF } from "../src/backoff.js";
import { ResumingStream, type Wish } from "../src/stream.js";

/** One connection the test plays the server of. */
class Connection implements AsyncIterable<Wish> {
  #waiting: { resolve: (r: IteratorResult<Wish>) => void; reject: (e: unknown) => void } | undefined;
  readonly #queue: Wish[] = [];
  constructor(readonly signal: AbortSignal) {}

  async send(wish: Wish): Promise<void> {
    if (this.#waiting) this.#waiting.resolve({ value: wish, done: false });
    else this.#queue.push(wish);
    this.#waiting = undefined;
    await vi.advanceTimersByTimeAsync(0);
  }
  async fail(code: Code, text = "broken"): Promise<void> {
    this.#waiting!.reject(new ConnectError(text, code));
    await vi.advanceTimersByTimeAsync(0);
  }
  [Symbol.asyncIterator](): AsyncIterator<Wish> {
    return {
      next: () =>
        new Promise((resolve, reject) => {
          const value = this.#queue.shift();
          if (value) resolve({ value, done: false });
          else this.#waiting = { resolve, reject };
        }),
    };
  }
}

let connections: Connection[];
let renewToken: ReturnType<typeof vi.fn<() => Promise<unknown>>>;
let stream: ResumingStream<Wish>;
const last = (): Connection => connections.at(-1)!;

beforeEach(() => {
  vi.useFakeTimers();
  connections = [];
  renewToken = vi.fn<() => Promise<unknown>>().mockResolvedValue(undefined);
  stream = new ResumingStream<Wish>(
    {
      open: (signal) => {
        const connection = new Connection(signal);
        connections.push(connection);
        return connection;
      },
      take: (wish) => wish,
    },
    // Full jitter at its upper bound, so that delays are known.
    { heartbeatMs: 2_000, renewToken, now: () => Date.now(), backoff: new Backoff(() => 1) },
  );
});

afterEach(() => {
  stream.stop();
  vi.useRealTimers();
});

async function goLive(): Promise<void> {
  stream.start();
  await vi.advanceTimersByTimeAsync(0);
  await last().send({ live: true });
}

describe("a connection", () => {
  it("goes from connecting over catching up to live", async () => {
    const phases: string[] = [];
    stream.subscribe(() => phases.push(stream.phase));
    stream.start();
    await vi.advanceTimersByTimeAsync(0);
    await last().send({});
    await last().send({ live: true });
    expect(phases).toEqual(["connecting", "catching-up", "live"]);
    expect(stream.lives).toBe(1);
  });

  it("reconnects at once the first time, whatever the status", async () => {
    await goLive();
    await last().fail(Code.Unknown, "missing trailer");
    expect(connections).toHaveLength(2);
    expect(stream.phase).toBe("connecting");
    expect(stream.cause).toBe("missing trailer");
  });

  it("backs off exponentially up to the cap", async () => {
    stream.start();
    await vi.advanceTimersByTimeAsync(0);
    const delays: number[] = [];
    for (let i = 0; i < 8; i++) {
      await last().fail(Code.Unavailable);
      const waitsUntil = stream.phase === "waiting" ? stream.retryAt : Date.now();
      delays.push(waitsUntil - Date.now());
      await vi.advanceTimersByTimeAsync(waitsUntil - Date.now());
    }
    expect(delays).toEqual([0, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
    expect(Math.max(...delays)).toBe(BACKOFF.capMs);
  });

  it("forgets failures after 30 s of health, and not before", async () => {
    await goLive();
    await last().fail(Code.Unknown);
    await last().send({ live: true });
    await last().fail(Code.Unknown);
    expect(stream.phase).toBe("waiting");
    await vi.advanceTimersByTimeAsync(500);
    await last().send({ live: true });
    for (let s = 0; s < 31; s++) {
      await vi.advanceTimersByTimeAsync(1_000);
      await last().send({});
    }
    await last().fail(Code.Unknown);
    expect(stream.phase).toBe("connecting");
  });
});

describe("waiting", () => {
  it("ends at once on a nudge", async () => {
    await goLive();
    await last().fail(Code.Unknown);
    await last().fail(Code.Unknown);
    expect(stream.phase).toBe("waiting");
    stream.nudge();
    await vi.advanceTimersByTimeAsync(0);
    expect(stream.phase).toBe("connecting");
    expect(connections).toHaveLength(3);
  });

  it("honours the delay of a drain, and renews a token about to expire", async () => {
    await goLive();
    await last().send({ drain: { afterMs: 1_500, renewToken: true } });
    expect(stream.phase).toBe("live");
    await last().fail(Code.Unavailable, "draining");
    expect(stream.phase).toBe("waiting");
    expect(renewToken).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1_499);
    expect(connections).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(connections).toHaveLength(2);
  });
});

describe("permanent refusals", () => {
  it.each([Code.PermissionDenied, Code.InvalidArgument, Code.Unimplemented, Code.NotFound])(
    "stop the stream: %s",
    async (code) => {
      stream.start();
      await vi.advanceTimersByTimeAsync(0);
      await last().fail(code, "no");
      await vi.advanceTimersByTimeAsync(60_000);
      expect(stream.phase).toBe("stopped");
      expect(stream.refused?.code).toBe(code);
      expect(connections).toHaveLength(1);
    },
  );

  it("unauthenticated is final only after one renewal", async () => {
    await goLive();
    await last().fail(Code.Unauthenticated);
    expect(renewToken).toHaveBeenCalledTimes(1);
    expect(connections).toHaveLength(2);
    await last().fail(Code.Unauthenticated);
    expect(stream.phase).toBe("stopped");
    expect(renewToken).toHaveBeenCalledTimes(1);
  });

  it("a frame after the renewal earns another one", async () => {
    await goLive();
    await last().fail(Code.Unauthenticated);
    await last().send({ live: true });
    await last().fail(Code.Unauthenticated);
    expect(stream.phase).not.toBe("stopped");
    expect(renewToken).toHaveBeenCalledTimes(2);
  });

  it("can be started again by hand", async () => {
    stream.start();
    await vi.advanceTimersByTimeAsync(0);
    await last().fail(Code.PermissionDenied);
    stream.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(connections).toHaveLength(2);
  });
});

describe("the watchdog", () => {
  it("reconnects after 2.5 heartbeats of silence and aborts the old call", async () => {
    await goLive();
    const silent = last();
    await vi.advanceTimersByTimeAsync(4_900);
    expect(connections).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(600);
    expect(connections).toHaveLength(2);
    expect(silent.signal.aborted).toBe(true);
    expect(stream.cause).toBe("no message for 5 s");
  });

  it("is content with any frame", async () => {
    await goLive();
    for (let i = 0; i < 10; i++) {
      await vi.advanceTimersByTimeAsync(2_000);
      await last().send({});
    }
    expect(connections).toHaveLength(1);
  });

  it("also watches a connection that never answers", async () => {
    stream.start();
    await vi.advanceTimersByTimeAsync(5_500);
    expect(connections.length).toBeGreaterThan(1);
  });

  it("takes no frame of a connection it gave up", async () => {
    await goLive();
    const old = last();
    await vi.advanceTimersByTimeAsync(5_500);
    expect(stream.phase).toBe("connecting");
    await old.send({ live: true });
    expect(stream.phase).toBe("connecting");
  });
});

describe("a reader", () => {
  it("can ask for a new connection", async () => {
    await goLive();
    await last().send({ reopen: "events are missing" });
    expect(connections).toHaveLength(2);
    expect(stream.cause).toBe("events are missing");
  });
});

describe("stopping", () => {
  it("aborts the call and makes no other", async () => {
    await goLive();
    stream.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(last().signal.aborted).toBe(true);
    expect(connections).toHaveLength(1);
    expect(stream.phase).toBe("stopped");
  });
});
