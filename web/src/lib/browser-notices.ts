/**
 * Notifications of the browser, beside those of the page: only if the person switched them on, and
 * only while the page is not in view. The permission is asked for by a click and by nothing else.
 */

import type { Notification as MeshNotification } from "$gen/ordermesh/notify/v1/notification_pb.js";

import { Emitter } from "@ordermesh/client";
import { kindWord } from "./notifications";

/** More than these within the window are counted in one. */
export const SHOWN_MAX = 5;
export const WINDOW_MS = 10_000;
/** Where the choice is kept, in this browser. */
const KEY = "ordermesh.browser-notices";

export type BrowserPermission = "granted" | "denied" | "default";

/** The part of the browser that this needs. */
export interface BrowserApi {
  permission(): BrowserPermission;
  request(): Promise<BrowserPermission>;
  /** Shows one; another with the same tag takes its place. */
  show(title: string, body: string, tag: string, onClick: () => void): void;
  /** The page is not in view. */
  hidden(): boolean;
  now(): number;
  read(key: string): string | null;
  write(key: string, value: string): void;
}

/** Without an `api` the browser has no notifications. */
export class BrowserNotices extends Emitter {
  /** Called when a person chooses a notification. */
  onChoose: (notification: MeshNotification) => void = () => undefined;
  #on: boolean;
  #shownAt: number[] = [];
  #more = 0;

  constructor(private readonly api: BrowserApi | undefined) {
    super();
    this.#on = api?.read(KEY) === "on";
  }

  get offered(): boolean {
    return this.api !== undefined;
  }

  /** The browser will show them. */
  get on(): boolean {
    return this.#on && this.api?.permission() === "granted";
  }

  /** Why they cannot be switched on; "" if they can. */
  get fault(): string {
    if (!this.api) return "This browser has no notifications.";
    return this.api.permission() === "denied" ? "This browser denies them to this page: allow them in its settings." : "";
  }

  /** Switches them on, after the browser's own question, or off. Call it from a click only. */
  async toggle(): Promise<void> {
    if (!this.api) return;
    const wanted = !this.on;
    if (wanted && this.api.permission() === "default") await this.api.request();
    this.#on = wanted && this.api.permission() === "granted";
    this.api.write(KEY, this.#on ? "on" : "off");
    this.changed();
  }

  show(notification: MeshNotification): void {
    if (!this.api || !this.on || !this.api.hidden()) return;
    const now = this.api.now();
    this.#shownAt = this.#shownAt.filter((at) => at > now - WINDOW_MS);
    const choose = (): void => this.onChoose(notification);
    if (this.#shownAt.length < SHOWN_MAX) {
      this.#shownAt.push(now);
      this.#more = 0;
      this.api.show(kindWord(notification.kind), notification.text, notification.notificationId, choose);
      return;
    }
    this.#more++;
    this.api.show("Ordermesh", this.#more === 1 ? "One more notification" : `${this.#more} more notifications`, "more", choose);
  }
}

/** The browser's own notifications; undefined if it has none, as over plain HTTP away from localhost. */
export function browserApi(): BrowserApi | undefined {
  if (!("Notification" in globalThis)) return undefined;
  return {
    permission: () => Notification.permission,
    request: () => Notification.requestPermission(),
    show: (title, body, tag, onClick) => {
      const shown = new Notification(title, { body, tag });
      shown.onclick = () => {
        window.focus();
        shown.close();
        onClick();
      };
    },
    hidden: () => document.hidden,
    now: () => Date.now(),
    read: (key) => localStorage.getItem(key),
    write: (key, value) => localStorage.setItem(key, value),
  };
}
