/**
 * Trading by one click on a ladder. Without its arm switch a click only fills the ticket. An order
 * that should be looked at twice is never sent by one click: it is put into the ticket.
 */

import type { Instrument } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";
import type { Order, Side } from "$gen/ordermesh/oms/v1/order_pb.js";

import { Emitter, IntentKeeper, type PlaceBody, routedParentOf } from "@ordermesh/client";
import { cautionsOf, type Market } from "$lib/cautions";
import type { Desk } from "$lib/desk";
import { sideWord } from "$lib/labels";
import { faultOf } from "$lib/sending";
import { check, emptyDraft } from "$lib/ticket";

/** The arm switch turns itself off when nothing was clicked for so long. */
export const ARMED_FOR_MS = 300_000;
/** The same order again so soon is a double click, or a key that is held: it is not sent again. */
export const SAME_AGAIN_MS = 1_000;
const NOT_AGAIN = ". Pressed again within a second: that was not sent";

/** What a click is about. */
export interface Click {
  readonly accountId: string;
  readonly instrument: Instrument;
  readonly side: Side;
  readonly price: string;
  readonly quantity: string;
}

export class OneClick extends Emitter {
  armed = false;
  /** What became of the last click. */
  answer = "";
  failed = false;
  /** Clicks whose answer is awaited: the same one is not sent twice meanwhile. */
  readonly #open = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The last order that a click was for, and when. */
  #last = { key: "", at: 0 };

  constructor(
    private readonly desk: Pick<Desk, "place" | "commands" | "nameOf" | "notices">,
    /** Puts a side, a price and a quantity into the ticket. */
    private readonly fill: (click: Click) => void,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    super();
  }

  arm(armed: boolean): void {
    this.armed = armed;
    clearTimeout(this.#timer);
    if (armed) this.#timer = setTimeout(() => this.arm(false), ARMED_FOR_MS);
    this.changed();
  }

  /** Sends an order, or puts it into the ticket. `blocked` says why nothing can be sent. */
  async click(click: Click, market: Market, blocked: string): Promise<void> {
    if (!this.armed) {
      this.fill(click);
      this.#say("In the ticket. Arm the ladder to send by one click.", false);
      return;
    }
    const { accountId, instrument, side, price, quantity } = click;
    const checked = check({ ...emptyDraft(accountId), instrumentId: instrument.instrumentId, side, quantity, limitPrice: price }, instrument);
    const fault = blocked || Object.entries(checked.faults ?? {}).map(([field, why]) => `${field === "limitPrice" ? "Price" : "Quantity"} ${why}`)[0];
    if (fault || !checked.body) {
      this.#say(`Not sent: ${fault ?? ""}`, true);
      return;
    }
    const caution = cautionsOf(checked.body, market).find(({ confirm }) => confirm);
    if (caution) {
      this.fill(click);
      this.#say(`Not sent by one click, it is in the ticket. ${caution.text}`, true);
      return;
    }
    await this.#send(checked.body);
    this.arm(this.armed);
  }

  /** A press that ended at another place than where it began, because the ladder moved or the pointer did. */
  moved(): void {
    this.#say("Not sent: the place under the pointer changed while it was pressed.", true);
  }

  /** Cancels own orders; the switch is not needed for what can only reduce a risk. */
  async cancel(resting: readonly Order[]): Promise<void> {
    if (resting.length === 0) return;
    // A child is cancelled with its routed order: alone it would only be placed again.
    const orders = resting.filter((order) => routedParentOf(order) === "");
    const children = resting.length - orders.length;
    if (orders.length === 0) {
      this.#say("Not cancelled: what rests here belongs to a routed order. Cancel that one in the blotter.", true);
      return;
    }
    this.#say(orders.length === 1 ? "Cancelling 1 order…" : `Cancelling ${orders.length} orders…`, false);
    const faults = await Promise.all(orders.map((order) => this.#cancelOne(order)));
    const fault = faults.find((text) => text !== "");
    const kept = children > 0 ? ` What belongs to a routed order stays: cancel that one in the blotter.` : "";
    this.#say(fault ?? `The cancel is accepted; the blotter shows when the venue has confirmed it.${kept}`, fault !== undefined);
  }

  async #cancelOne(order: Order): Promise<string> {
    const keeper = new IntentKeeper<string>();
    return faultOf(this.desk, keeper, await this.desk.commands.cancel(keeper.intent(order.orderId)), "Cancel", order);
  }

  async #send(body: PlaceBody): Promise<void> {
    const name = `${sideWord(body.side)} ${body.quantity} ${body.instrumentId} at ${body.limitPrice}, ${body.accountId}`;
    const key = name;
    const again = this.#last.key === key && this.nowMs() - this.#last.at < SAME_AGAIN_MS;
    this.#last = { key, at: this.nowMs() };
    if (this.#open.has(key)) return;
    if (again) {
      if (!this.answer.endsWith(NOT_AGAIN)) this.#say(this.answer + NOT_AGAIN, this.failed);
      return;
    }
    this.#open.add(key);
    this.#say(`${name}: sending…`, false);
    const outcome = await this.desk.place(new IntentKeeper<PlaceBody>().intent(body));
    this.#open.delete(key);
    if (outcome.ok) this.#say(`${name}: accepted`, false);
    else this.#say(`${name}: ${outcome.refusal.ambiguous ? "no answer, it may have been taken: look at the blotter before you send it again. " : ""}${outcome.refusal.text}`, true);
  }

  #say(answer: string, failed: boolean): void {
    this.answer = answer;
    this.failed = failed;
    this.changed();
  }
}
