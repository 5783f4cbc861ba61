/** What the person has chosen: the chosen listing and order, the open panels, and the ticket's fields. */

import { RoutingStrategy, Side } from "$gen/ordermesh/oms/v1/order_pb.js";

import { padded } from "$lib/decimals";
import type { Desk } from "$lib/desk";
import { ruleOf } from "$lib/order-types";
import { fitRouting } from "$lib/routing";
import { priceScale } from "$lib/tick";
import { beginListing, emptyDraft, touch, type Draft } from "$lib/ticket";

import type { Dock } from "../dock/dock";
import { LINKS, type Link, type PanelName } from "../dock/panels";

/** Opens panels where they are docked. */
export interface PanelOpener {
  open(name: PanelName, link: Link): void;
  close(name: PanelName): void;
}

/** The panels that take turns beside the ticket. */
export type SidePanel = "order" | "chart" | "ladder" | "replay" | "alerts" | "links" | "notifications";

/** The panels that take turns with the blotter. */
export type LowerPanel = "orders" | "positions" | "past";

export class Workspace {
  instrumentId = $state("");
  orderId = $state("");
  /** Set while panels are docked. */
  opener: PanelOpener | undefined = $state.raw();
  /** The docked panels themselves, for commands. */
  dock: Dock | undefined = $state.raw();
  #side: SidePanel = $state("order");
  #bookOpen = $state(false);
  #lower: LowerPanel = $state("orders");
  /** Name of the watchlist that was chosen here, "" for all listings; undefined: the one that was chosen last. */
  watchlist: string | undefined = $state();
  /** The search is open. */
  searching = $state(false);
  draft: Draft = $state(emptyDraft(""));
  /** Counts requests to put the cursor into the ticket. */
  ticketFocus = $state(0);

  /** `link` is the colour of the panels that share it. */
  constructor(
    readonly desk: Desk,
    readonly link: Link = LINKS[0],
  ) {
    this.draft.accountId = desk.user.accounts[0] ?? "";
  }

  /** The panel beside the ticket; where panels are docked, setting it opens the panel. */
  get side(): SidePanel {
    return this.#side;
  }

  set side(name: SidePanel) {
    this.#side = name;
    this.opener?.open(name, this.link);
  }

  /** What is below: orders, positions, or what was at an instant of the past. */
  get lower(): LowerPanel {
    return this.#lower;
  }

  set lower(name: LowerPanel) {
    this.#lower = name;
    this.opener?.open(name, this.link);
  }

  /** The book of all venues is open. */
  get bookOpen(): boolean {
    return this.#bookOpen;
  }

  set bookOpen(open: boolean) {
    this.#bookOpen = open;
    if (open) this.opener?.open("book", this.link);
    else this.opener?.close("book");
  }

  /** Notes that the book was opened or closed where panels are docked. */
  bookIs(open: boolean): void {
    this.#bookOpen = open;
  }

  /** Chooses a listing; the ticket follows with a price from the touch. */
  choose(instrumentId: string): void {
    this.instrumentId = instrumentId;
    if (this.draft.instrumentId === instrumentId) return;
    beginListing(this.draft, instrumentId, this.desk.quotes.instruments.get(instrumentId));
    if (this.draft.strategy !== RoutingStrategy.UNSPECIFIED) fitRouting(this.draft);
    this.takeTouch();
  }

  /** Shows an order beside the ticket. */
  showOrder(orderId: string): void {
    this.orderId = orderId;
    this.side = "order";
  }

  /** Opens a listing: chosen everywhere, and the ticket is for it alone. */
  chooseListing(instrumentId: string): void {
    this.draft.strategy = RoutingStrategy.UNSPECIFIED;
    this.choose(instrumentId);
  }

  /** Opens the instrument of a listing: its book of all venues, and the ticket for all venues. */
  chooseInstrument(instrumentId: string): void {
    this.choose(instrumentId);
    this.bookOpen = true;
    this.routeBy(RoutingStrategy.BEST);
  }

  /** Has the ticket's order executed at several venues, or at the listing's venue alone. */
  routeBy(strategy: RoutingStrategy): void {
    this.draft.strategy = strategy;
    if (strategy !== RoutingStrategy.UNSPECIFIED) fitRouting(this.draft);
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
