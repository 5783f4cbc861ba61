import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";

import { NotificationItemSchema, NotificationKind, NotificationSchema, Severity, type Notification, type NotificationItem } from "$gen/ordermesh/notify/v1/notification_pb.js";
import { ListResponseSchema, type ListResponse } from "$gen/ordermesh/notify/v1/notification_service_pb.js";
import { RuleSchema } from "$gen/ordermesh/notify/v1/rule_pb.js";

import { type BrowserApi, BrowserNotices, type BrowserPermission, SHOWN_MAX, WINDOW_MS } from "$lib/browser-notices";
import { aboutOf, KEPT_MAX, kindWord, Notifications, toneOf } from "$lib/notifications";

import { History, type PageRequest } from "./history";
import { emptyRule, fieldsOf, type RuleFields, ruleOf, ruleWords, whereWords } from "./rule";

const NOON = timestampFromMs(1_800_000_000_000);

function notification(sequence: number, changes: Partial<Notification> = {}): Notification {
  const made = create(NotificationSchema, { notificationId: `N${String(sequence)}`, sequence: BigInt(sequence), kind: NotificationKind.REJECT, text: `text ${String(sequence)}` });
  return Object.assign(made, changes);
}
const item = (value: NotificationItem["item"]): NotificationItem => create(NotificationItemSchema, { item: value });
const snapshot = (value: Notification): NotificationItem => item({ case: "snapshot", value });
const event = (value: Notification): NotificationItem => item({ case: "event", value });
const complete = (sequence: number): NotificationItem => item({ case: "snapshotComplete", value: { cursor: { epoch: "e", sequence: BigInt(sequence) } } as never });
const heartbeat = (sequence: number): NotificationItem => item({ case: "heartbeat", value: { highWater: { epoch: "e", sequence: BigInt(sequence) } } as never });
const read = (notificationIds: string[], upToSequence = 0n): NotificationItem => item({ case: "read", value: { notificationIds, upToSequence, readAt: NOON } as never });
const ids = (list: readonly Notification[]): string[] => list.map((one) => one.notificationId);

function live(): { notifications: Notifications; news: string[] } {
  const notifications = new Notifications();
  const news: string[] = [];
  notifications.onNew = ({ notificationId }) => news.push(notificationId);
  expect(notifications.beginConnection()).toBeUndefined();
  expect(notifications.take([snapshot(notification(10)), snapshot(notification(20, { readAt: NOON })), complete(25)])).toEqual({ live: true });
  return { notifications, news };
}

describe("notifications", () => {
  it("are the newest ones and then each new one, once; what was there is no news", () => {
    const { notifications, news } = live();
    notifications.take([event(notification(30)), event(notification(30)), event(notification(20))]);
    expect([ids(notifications.newest), news, notifications.unread]).toEqual([["N30", "N20", "N10"], ["N30"], 2]);
  });

  it("resume after a break from the last sequence that was sent, not from that of the last notification", () => {
    const { notifications, news } = live();
    notifications.take([heartbeat(80)]);
    expect(notifications.beginConnection()).toEqual({ epoch: "e", sequence: 80n });
    expect(notifications.take([event(notification(90))])).toEqual({});
    expect(notifications.take([heartbeat(90)])).toEqual({ live: true });
    expect([ids(notifications.newest)[0], news]).toEqual(["N90", []]);
  });

  it("begin anew after a resync", () => {
    const { notifications } = live();
    notifications.beginConnection();
    notifications.take([item({ case: "resync", value: {} as never }), snapshot(notification(5)), complete(6)]);
    expect(ids(notifications.newest)).toEqual(["N5"]);
    expect(notifications.beginConnection()?.sequence).toBe(6n);
  });

  it("that were read on another device are read here", () => {
    const { notifications } = live();
    notifications.take([event(notification(30)), event(notification(40)), read(["N30"])]);
    expect(notifications.unread).toBe(2);
    notifications.take([read([], 30n)]);
    expect(ids(notifications.newest.filter((one) => !one.readAt))).toEqual(["N40"]);
  });

  it("are bounded", () => {
    const { notifications } = live();
    notifications.take(Array.from({ length: KEPT_MAX }, (_, at) => event(notification(100 + at))));
    expect([notifications.newest.length, notifications.newest.at(-1)?.notificationId]).toEqual([KEPT_MAX, "N100"]);
  });

  it("have words and a tone for each kind, also for one that this page does not know", () => {
    expect([kindWord(NotificationKind.UNKNOWN), kindWord(99 as NotificationKind)]).toEqual(["Outcome unknown", "kind 99"]);
    const tone = (kind: NotificationKind, severity: Severity): string => toneOf(notification(1, { kind, severity }));
    expect([tone(NotificationKind.FILL, Severity.INFO), tone(NotificationKind.REJECT, Severity.WARNING), tone(NotificationKind.LIMIT_HIT, Severity.WARNING),
      tone(NotificationKind.KILL_SWITCH, Severity.CRITICAL), tone(NotificationKind.PRICE_ALERT, Severity.INFO)]).toEqual(["good", "bad", "doubt", "bad", "info"]);
    expect([aboutOf(notification(1, { orderId: "O1" })), aboutOf(notification(1))]).toEqual(["3 of O1", ""]);
  });
});

describe("the history of notifications", () => {
  const FIRST = { kind: NotificationKind.UNSPECIFIED, unreadOnly: false };

  function history(pages: (Notification[] | ConnectError)[]): { history: History; asked: PageRequest[] } {
    const asked: PageRequest[] = [];
    const answer = (request: PageRequest): Promise<ListResponse> => {
      asked.push(request);
      const page = pages.shift() ?? [];
      if (page instanceof ConnectError) return Promise.reject(page);
      return Promise.resolve(create(ListResponseSchema, { notifications: page, nextPageToken: pages.length > 0 ? `after ${String(asked.length)}` : "" }));
    };
    return { history: new History(answer), asked };
  }

  it("is read in pages; one without a fitting notification is passed over", async () => {
    const { history: held, asked } = history([[notification(30)], [], [notification(10)]]);
    held.show({ kind: NotificationKind.REJECT, unreadOnly: true });
    await vi.waitFor(() => expect(held.reading).toBe(false));
    expect(held.complete).toBe(false);
    await held.readOlder();
    expect([ids(held.read), held.complete]).toEqual([["N30", "N10"], true]);
    expect(asked.map(({ kinds, unreadOnly, pageToken }) => [kinds, unreadOnly, pageToken])).toEqual([
      [[NotificationKind.REJECT], true, ""], [[NotificationKind.REJECT], true, "after 1"], [[NotificationKind.REJECT], true, "after 2"],
    ]);
  });

  it("is one list with what the stream has, each once, by the filter", async () => {
    const { history: held } = history([[notification(20), notification(10)]]);
    held.show(FIRST);
    await vi.waitFor(() => expect(held.complete).toBe(true));
    const newest = [notification(30, { kind: NotificationKind.FILL }), notification(20, { readAt: NOON })];
    expect(ids(held.rows(newest))).toEqual(["N30", "N20", "N10"]);
    held.filter = { kind: NotificationKind.REJECT, unreadOnly: true };
    expect(ids(held.rows(newest))).toEqual(["N10"]);
    held.mark(["N10"], 0n, NOON);
    expect(held.rows(newest)).toEqual([]);
  });

  it("says why a page could not be read, and can be read again", async () => {
    const { history: held } = history([new ConnectError("no database", Code.Unavailable), [notification(1)]]);
    held.show(FIRST);
    await vi.waitFor(() => expect(held.fault).toContain("no database"));
    await held.readOlder();
    expect([held.fault, ids(held.read)]).toEqual(["", ["N1"]]);
  });

  it("shows only the answers to the filter that is chosen", async () => {
    const { history: held } = history([[notification(1)], [notification(2)]]);
    held.show(FIRST);
    held.show({ ...FIRST, unreadOnly: true });
    await vi.waitFor(() => expect(held.complete).toBe(true));
    expect(ids(held.read)).toEqual(["N2"]);
  });
});

describe("notifications of the browser", () => {
  interface World { api: BrowserApi; shown: string[]; stored: Map<string, string>; set(changes: { permission?: BrowserPermission; hidden?: boolean; now?: number }): void; asked: number }

  function world(permission: BrowserPermission, answer: BrowserPermission = permission): World {
    const state = { permission, hidden: true, now: 0 };
    const made: World = {
      shown: [], stored: new Map(), asked: 0, set: (changes) => void Object.assign(state, changes),
      api: {
        permission: () => state.permission,
        request: () => {
          made.asked++;
          state.permission = answer;
          return Promise.resolve(answer);
        },
        show: (title, body, tag) => made.shown.push(`${title}: ${body} [${tag}]`),
        hidden: () => state.hidden,
        now: () => state.now,
        read: (key) => made.stored.get(key) ?? null,
        write: (key, value) => void made.stored.set(key, value),
      },
    };
    return made;
  }

  it("are off until a person switches them on and the browser allows them; the choice is kept", async () => {
    const it = world("default", "granted");
    const browser = new BrowserNotices(it.api);
    browser.show(notification(1));
    expect([it.shown, it.asked, browser.on]).toEqual([[], 0, false]);
    await browser.toggle();
    browser.show(notification(2));
    expect([it.shown, it.asked, new BrowserNotices(it.api).on]).toEqual([["Rejected: text 2 [N2]"], 1, true]);
    await browser.toggle();
    browser.show(notification(3));
    expect([it.shown.length, browser.on, new BrowserNotices(it.api).on]).toEqual([1, false, false]);
  });

  it("stay off if the browser denies them, and say so", async () => {
    const it = world("default", "denied");
    const browser = new BrowserNotices(it.api);
    await browser.toggle();
    expect([browser.on, browser.fault]).toEqual([false, expect.stringContaining("denies")]);
    await browser.toggle();
    expect(it.asked).toBe(1);
    expect(new BrowserNotices(undefined).fault).toContain("has no notifications");
  });

  it("are shown only while the page is not in view, and a burst is counted in one", async () => {
    const it = world("granted");
    const browser = new BrowserNotices(it.api);
    await browser.toggle();
    it.set({ hidden: false });
    browser.show(notification(1));
    expect(it.shown).toEqual([]);
    it.set({ hidden: true });
    for (let at = 0; at < SHOWN_MAX + 2; at++) browser.show(notification(at));
    expect(it.shown.slice(SHOWN_MAX)).toEqual(["Ordermesh: One more notification [more]", "Ordermesh: 2 more notifications [more]"]);
    it.set({ now: WINDOW_MS + 1 });
    browser.show(notification(99));
    expect(it.shown.at(-1)).toBe("Rejected: text 99 [N99]");
  });
});

describe("the form of a rule", () => {
  const fields = (changes: Partial<RuleFields> = {}): RuleFields => ({ ...emptyRule("Europe/Berlin"), name: " Rejects ", ...changes });

  it("makes the rule, and shows one that is stored", () => {
    const changes = {
      kinds: [NotificationKind.REJECT], severityMin: Severity.WARNING, amountMin: "1000.0", destinationIds: ["D1"], quietBegin: "22:00", quietEnd: "07:00", digestS: "60", perHour: "10",
    };
    const { rule } = ruleOf(fields(changes));
    expect(rule).toMatchObject({
      name: "Rejects", kinds: [NotificationKind.REJECT], amountMin: "1000", inApp: true, quietHours: { begin: "22:00", end: "07:00", timeZone: "Europe/Berlin" },
      digest: { seconds: 60n }, messagesPerHourMax: 10,
    });
    const stored = create(RuleSchema, { ...rule, ruleId: "R1", version: 3 });
    expect(fieldsOf(stored, "UTC")).toEqual({ ...fields(changes), name: "Rejects", amountMin: "1000", ruleId: "R1", version: 3 });
    expect(ruleWords(stored)).toBe("Rejected; warning or above; from a value of 1000");
    expect(whereWords(stored)).toBe("in the application, 1 destination, quiet 22:00 to 07:00 Europe/Berlin, together after 60 s");
  });

  it.each<[Partial<RuleFields>, string]>([
    [{ name: " " }, "name is missing"],
    [{ amountMin: "1,5" }, "groups of three"],
    [{ amountMin: "-1" }, "below zero"],
    [{ inApp: false }, "leads nowhere"],
    [{ quietBegin: "22:00" }, "a begin and an end"],
    [{ quietBegin: "22:00", quietEnd: "22:00" }, "not end when they begin"],
    [{ digestS: "86401" }, "0 to 86400"],
    [{ perHour: "0" }, "1 to 3600"],
  ])("says what is wrong with %j", (changes, fault) => {
    expect(ruleOf(fields(changes)).fault).toContain(fault);
  });

  it("has words for a rule without filters", () => {
    const rule = create(RuleSchema, { name: "all" });
    expect([ruleWords(rule), whereWords(rule)]).toEqual(["every kind", "nowhere"]);
  });
});
