/** What the person has chosen: the chosen listing and order, and the ticket's fields. */

import { Side } from "$gen/ordermesh/oms/v1/order_pb.js";

import { padded } from "$lib/decimals";
import type { Desk } from "$lib/desk";
import { ruleOf } from "$lib/order-types";
import { priceScale } from "$lib/tick";
import { emptyDraft, firstQuantity, touch, type Draft } from "$lib/ticket";

export class Workspace {
  instrumentId = $state("");
  orderId = $state("");
  draft: Draft = $state(emptyDraft(""));
  /** Counts requests to put the cursor into the ticket. */
  ticketFocus = $state(0);

  constructor(private readonly desk: Desk) {
    this.draft.accountId = desk.user.accounts[0] ?? "";
  }

  /** Chooses a listing; the ticket follows with a price from the touch. */
  choose(instrumentId: string): void {
    this.instrumentId = instrumentId;
    if (this.draft.instrumentId === instrumentId) return;
    this.draft.instrumentId = instrumentId;
    const instrument = this.desk.quotes.instruments.get(instrumentId);
    if (instrument && this.draft.quantity === "") this.draft.quantity = firstQuantity(instrument);
    this.takeTouch();
  }

  /** Fills the ticket with a trade of a listing. */
  trade(instrumentId: string, side: Side): void {
    this.draft.side = side;
    this.choose(instrumentId);
    this.takeTouch();
    this.ticketFocus++;
  }

  /** Sets the limit to what an order would trade at now; a type that needs none gets none. */
  takeTouch(): void {
    if (!ruleOf(this.draft.type).needs.includes("limitPrice")) {
      this.draft.limitPrice = "";
      return;
    }
    const quote = this.desk.quotes.lines.get(this.draft.instrumentId)?.quote;
    const price = touch(quote, this.draft.side);
    const instrument = this.desk.quotes.instruments.get(this.draft.instrumentId);
    this.draft.limitPrice = instrument ? padded(price, priceScale(instrument, price)) : price;
  }
}
