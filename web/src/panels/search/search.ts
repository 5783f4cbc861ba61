/** The palette: what was typed, which instruments the mesh found, which commands fit, and what of it is marked. */

import type { FoundInstrument } from "$gen/ordermesh/marketdata/v1/instrument_service_pb.js";
import { TradingStatus, type Instrument } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";

import { Emitter, reasonWords, refusalOf } from "@ordermesh/client";

import { fitting, type Command } from "../../dock/commands";

/** Milliseconds from the last key to the question. */
export const ASK_AFTER_MS = 120;

/** What can be opened: all venues of an instrument in one currency, or one listing. */
export interface Option {
  readonly kind: "instrument" | "listing";
  /** "NL0010273215/EUR", or "ASML.SIMA". */
  readonly key: string;
  readonly name: string;
  /** What stands for it on the page: the listing itself, or the first one of the instrument that can be traded. */
  readonly instrumentId: string;
  /** MICs of the listings that it stands for. */
  readonly venues: readonly string[];
  readonly listing: Instrument;
}

/** Options in the order of the answer: each instrument, if it has an ISIN and a currency, before its listings. */
export function optionsOf(found: readonly FoundInstrument[]): readonly Option[] {
  return found.flatMap(({ isin, name, listings }) => {
    // What only the reference data know has no status, prices or orders here.
    const here = listings.filter((one) => one.tradingStatus !== TradingStatus.UNSPECIFIED);
    return [...new Set(here.map((one) => one.currency))].flatMap((currency) => {
      const members = here.filter((one) => one.currency === currency);
      const options: Option[] = members.map((listing) => ({
        kind: "listing", key: listing.instrumentId, name: listing.name || name, instrumentId: listing.instrumentId, venues: [listing.venueMic], listing,
      }));
      const first = members.find((one) => one.tradingStatus === TradingStatus.OPEN) ?? members[0];
      if (isin === "" || currency === "" || !first) return options;
      const whole: Option = {
        kind: "instrument", key: `${isin}/${currency}`, name: name || first.name, instrumentId: first.instrumentId,
        venues: members.map((one) => one.venueMic), listing: first,
      };
      return [whole, ...options];
    });
  });
}

export type Find = (text: string, signal: AbortSignal) => Promise<readonly FoundInstrument[]>;

export class SearchState extends Emitter {
  text = "";
  options: readonly Option[] = [];
  /** The commands that fit the text; all of them before anything is typed. */
  commands: readonly Command[];
  /** Place of what is marked, counted through options and commands. */
  marked = 0;
  /** The text that `options` answer; "" before the first answer. */
  answered = "";
  fault = "";

  #asking: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly find: Find,
    private readonly every: readonly Command[] = [],
  ) {
    super();
    this.commands = every;
  }

  /** How much can be chosen. */
  get count(): number {
    return this.options.length + this.commands.length;
  }

  /** What is marked: an option or a command. */
  get chosen(): Option | Command | undefined {
    return this.options[this.marked] ?? this.commands[this.marked - this.options.length];
  }

  /** Takes what stands in the field; an answer to an earlier text is not shown any more. */
  type(text: string): void {
    this.text = text;
    this.close();
    const wanted = text.trim();
    this.commands = fitting(this.every, wanted);
    if (this.commands.length > 0 && this.options.length > 0) this.options = [];
    this.marked = 0;
    this.changed();
    if (wanted === "") this.#set([], "", "");
    else this.#timer = setTimeout(() => void this.#ask(wanted), ASK_AFTER_MS);
  }

  /** Marks the next or the previous option, around the ends. */
  move(steps: 1 | -1): void {
    const { count } = this;
    if (count > 0) this.marked = (this.marked + steps + count) % count;
    this.changed();
  }

  mark(at: number): void {
    this.marked = at;
    this.changed();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#asking?.abort();
  }

  async #ask(text: string): Promise<void> {
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const found = await this.find(text, asking.signal);
      if (!asking.signal.aborted) this.#set(optionsOf(found), text, "");
    } catch (thrown) {
      if (asking.signal.aborted) return;
      const { reason, text: why } = refusalOf(thrown);
      this.#set([], text, `${reason ? `${reasonWords(reason)}: ` : ""}${why}`);
    }
  }

  #set(options: readonly Option[], answered: string, fault: string): void {
    // A command that was marked by hand stays marked.
    const marked = this.marked > 0 ? this.commands[this.marked - this.options.length] : undefined;
    this.options = options;
    this.answered = answered;
    this.fault = fault;
    this.marked = marked ? options.length + this.commands.indexOf(marked) : 0;
    this.changed();
  }
}
