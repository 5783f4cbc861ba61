/** Notices for what a trader must not miss: fills, rejects, refusals, doubts. */

import { OrderState } from "$gen/ordermesh/oms/v1/order_pb.js";

import { rounded } from "./decimals";
import { Emitter, type OrderChange, routedParentOf } from "@ordermesh/client";
import { orderName, rejectionText } from "./labels";

export type NoticeTone = "good" | "info" | "bad" | "doubt";

export interface Notice {
  readonly id: number;
  readonly tone: NoticeTone;
  readonly title: string;
  readonly text: string;
  /** What it is about; a newer notice about the same replaces it. */
  readonly about: string;
  /** When it was shown, in milliseconds since 1970 by this computer's clock. */
  readonly atMs: number;
}

/** Notices shown at a time; the oldest leave first. */
export const NOTICES_MAX = 5;
/** Notices of this page that the log keeps; the oldest leave first. */
export const NOTICES_KEPT_MAX = 200;
/** How long a notice stays: what is wrong stays longer. The blotter shows all of it for good. */
export const NOTICE_MS: Readonly<Record<NoticeTone, number>> = { good: 6_000, info: 6_000, bad: 20_000, doubt: 20_000 };

export class Notices extends Emitter {
  notices: readonly Notice[] = [];
  /** Every notice of this page, the newest first. */
  log: readonly Notice[] = [];
  #nextId = 1;

  push(tone: NoticeTone, title: string, text: string, about = ""): void {
    const notice = { id: this.#nextId++, tone, title, text, about, atMs: Date.now() };
    const others = this.notices.filter((other) => about === "" || other.about !== about);
    this.notices = [...others, notice].slice(-NOTICES_MAX);
    this.log = [notice, ...this.log].slice(0, NOTICES_KEPT_MAX);
    this.changed();
    setTimeout(() => this.close(notice.id), NOTICE_MS[tone]);
  }

  close(id: number): void {
    this.notices = this.notices.filter((notice) => notice.id !== id);
    this.changed();
  }

  closeAll(): void {
    this.notices = [];
    this.changed();
  }

  /** Shows an order's event if a person must know of it. */
  show({ event, order }: OrderChange, name = orderName(order)): void {
    const { kind } = event;
    // The routed order has the same execution, and the notice about it.
    const twice = routedParentOf(order) !== "" && (kind.case === "executed" || kind.case === "executionBusted");
    if (twice && event.anomaly === "") return;
    switch (kind.case) {
      case "executed": {
        const fill = kind.value.execution;
        const { state, cumQuantity = "", averagePrice = "" } = order.progress ?? {};
        const whole = state === OrderState.FILLED;
        const last = `${fill?.quantity ?? "?"} at ${fill?.price ?? "?"}`;
        const sum = cumQuantity === fill?.quantity ? "" : `; ${cumQuantity} in all, at ${rounded(averagePrice, 4)} on average`;
        this.push("good", whole ? "Filled" : "Partly filled", `${name}: ${last}${sum}`, `fills of ${order.orderId}`);
        break;
      }
      case "rejected":
      case "cancelRefused":
      case "replaceRefused": {
        const titles = { rejected: "Rejected", cancelRefused: "Cancel refused", replaceRefused: "Amend refused" };
        const why = kind.value.rejection ? rejectionText(kind.value.rejection) : "no reason given";
        this.push("bad", titles[kind.case], `${name}. ${why}`);
        break;
      }
      case "canceled":
        if (kind.value.unsolicited) this.push("bad", "Cancelled by the venue", `${name}. ${kind.value.text}`);
        break;
      case "executionBusted":
        this.push("bad", "Execution taken back", name);
        break;
      case "inDoubt":
        this.push("doubt", "Outcome unknown", `${name}: being resolved with the venue. ${kind.value.text}`);
        break;
      case "resolved":
        this.push("info", "Doubt resolved", `${name} stands as the blotter shows.`);
        break;
      default:
        break;
    }
    if (event.anomaly !== "") this.push("bad", "Anomaly", `${name}: ${event.anomaly}`);
  }
}
