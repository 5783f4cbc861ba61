/** What is known of each stream of the page, in words: never better than it is. */

import type { Desk } from "$lib/desk";
import { ageText, lightOf, type Light, type StreamState } from "$lib/status";
import type { Percentiles } from "$lib/timings";

export interface StreamLine {
  readonly name: string;
  readonly light: Light;
  /** Sequence of the last item taken; "–" where the stream has none of its own. */
  readonly sequence: string;
  /** Connections that went live since the page was loaded. */
  readonly lives: number;
  /** What was missed or came twice, or "". */
  readonly note: string;
}

type Streams = Pick<Desk, "orders" | "orderStream" | "quotes" | "priceStream" | "detail" | "killStream" | "parkedStream" | "alerts" | "alertStream" | "notify" | "hasAccounts">;

/** The streams, those that are not opened for this user left out. */
export function streamLines(desk: Streams, now: number): readonly StreamLine[] {
  const line = (name: string, stream: StreamState, sequence: string, note = ""): StreamLine => ({ name, light: openLight(stream, now), sequence, lives: stream.lives, note });
  const sequences = [...desk.orders.sequences];
  const ofOrders = sequences.map(([account, sequence]) => (sequences.length === 1 ? String(sequence) : `${account} ${String(sequence)}`)).join(", ");
  const orders = line("Orders", desk.orderStream, ofOrders || "–", counted([[desk.orders.holes, "hole re-read"], [desk.orders.repeats, "repeat skipped"]]));
  return [
    ...(desk.hasAccounts ? [orders] : []),
    line("Prices", desk.priceStream, "–", counted([[desk.quotes.missed, "update missed"]])),
    line("Detail of the listing", desk.detail.stream, "–"),
    line("Notifications", desk.notify.stream, String(desk.notify.notifications.sequence ?? "–")),
    line("Price alerts", desk.alertStream, String(desk.alerts.sequence ?? "–")),
    line("Kill switches", desk.killStream, "–"),
    line("Parked messages", desk.parkedStream, "–"),
  ];
}

/** A stream that no panel needs is closed, which is no fault. */
function openLight(stream: StreamState, now: number): Light {
  const light = lightOf(stream, now);
  const unneeded = stream.phase === "idle" || (stream.phase === "stopped" && !stream.refused);
  return unneeded ? { ...light, tone: "busy", word: "not needed now" } : light;
}

function counted(counts: readonly (readonly [number, string])[]): string {
  return counts.flatMap(([count, what]) => (count > 0 ? [`${count} × ${what}`] : [])).join(", ");
}

/** "12 ms, p99 40 ms, of 31"; before the first measurement that there is none. */
export function timesWords(times: Percentiles | undefined): string {
  return times ? `${ageText(times.p50)}, p99 ${ageText(times.p99)}, of ${times.count}` : "none measured yet";
}

/** How far this computer's clock is from the mesh's. */
export function offsetWords(offsetMs: number | undefined): string {
  if (offsetMs === undefined) return "not known yet";
  return offsetMs < 0 ? `${ageText(-offsetMs)} behind the mesh's, at least` : `${ageText(offsetMs)} ahead of the mesh's, at most`;
}
