/** The state of a stream in one word, for the connection bar: never better than it is. */

import { reasonWords, type ResumingStream } from "@ordermesh/client";

export type LightTone = "live" | "busy" | "stale" | "down";

export interface Light {
  readonly tone: LightTone;
  readonly word: string;
  /** Details, shown on request. */
  readonly detail: string;
  /** Milliseconds since the last frame; undefined before the first. */
  readonly ageMs: number | undefined;
}

/** A live stream silent for longer than this is called stale (heartbeats come every 2 s). */
export const STALE_AFTER_MS = 3_000;

/** The part of a stream that the light shows. */
export type StreamState = Pick<
  ResumingStream<unknown>,
  "phase" | "cause" | "refused" | "retryAt" | "lastFrameAt" | "lives"
>;

export function lightOf(stream: StreamState, now: number): Light {
  const ageMs = stream.lastFrameAt === undefined ? undefined : Math.max(0, now - stream.lastFrameAt);
  const light = (tone: LightTone, word: string, detail = stream.cause): Light => ({ tone, word, detail, ageMs });
  switch (stream.phase) {
    case "live":
      return (ageMs ?? 0) > STALE_AFTER_MS ? light("stale", "stale", "no message; heartbeats are due") : light("live", "live", "");
    case "connecting":
      return light("busy", stream.lives > 0 ? "resuming" : "connecting");
    case "catching-up":
      return light("busy", stream.lives > 0 ? "catching up" : "loading");
    case "waiting":
      return light("stale", `resuming in ${Math.max(0, Math.ceil((stream.retryAt - now) / 1000))} s`);
    case "idle":
      return light("busy", "idle");
    case "stopped": {
      const { refused } = stream;
      const reason = refused?.reason ? `${reasonWords(refused.reason)}: ` : "";
      return light("down", refused ? "refused" : "stopped", reason + (refused?.text ?? ""));
    }
  }
}

/** "240 ms", "3.2 s", "4 min", "2 h": as short as a column allows. */
export function ageText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 60_000) return `${Math.floor(ms / 1_000)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`;
  return `${Math.floor(ms / 3_600_000)} h`;
}
