/**
 * Watchlists and the choices of the blotter, kept as settings of the user: what is changed here is sent,
 * and what another tab has changed is taken. One change is sent at a time, in the order in which they were
 * made, because a list may be changed, renamed and changed again before the first answer. Of two that wait
 * and store the same setting only the newer is sent: a column that is moved five places is kept as it stands
 * at the end.
 */

import { refusalOf, type UserSettings } from "@ordermesh/client";

import { choicesOf, FIRST_CHOICES, settingOf, type BlotterChoices } from "./blotter/choices";
import { Chosen } from "./chosen";
import { knownColumns, Watchlists } from "./watchlist/watchlists";

/** The name of the setting of the order blotter. */
const ORDERS = "orders";

/** A change that waits to be sent. */
interface Change {
  /** The settings that it changes: two if it is a new name. */
  readonly names: readonly string[];
  /** It stores the setting as a whole: a newer one may take its place. */
  readonly whole: boolean;
  send(): Promise<unknown>;
}

export class Kept {
  readonly watchlists = new Watchlists();
  readonly blotter = new Chosen<BlotterChoices>(FIRST_CHOICES);
  /** Changes that are not answered, oldest first; the first one is being sent. */
  #unanswered: Change[] = [];
  /** Revisions that were taken, by the name of the list. */
  readonly #taken = new Map<string, bigint>();
  #choices = JSON.stringify(settingOf(FIRST_CHOICES));
  #choicesRevision = 0n;

  constructor(
    private readonly settings: UserSettings,
    /** Told in words what could not be kept. */
    private readonly onFault: (text: string) => void,
  ) {
    this.watchlists.keep = {
      put: ({ name, instrumentIds, columns, consolidated }) =>
        this.#change({ names: [name], whole: true, send: () => settings.put("watchlist", name, { instrumentIds: [...instrumentIds], columns: [...columns], consolidated }) }),
      rename: (from, to) => this.#change({ names: [from, to], whole: false, send: () => settings.rename("watchlist", from, to) }),
      remove: (name) => this.#change({ names: [name], whole: false, send: () => settings.remove("watchlist", name) }),
    };
    this.blotter.onSet = (value) => this.#keepChoices(value);
    settings.subscribe(() => this.#take());
  }

  #keepChoices(value: BlotterChoices): void {
    // The text of the filter is of the moment: typing it keeps nothing.
    const setting = settingOf(value);
    if (JSON.stringify(setting) === this.#choices) return;
    this.#choices = JSON.stringify(setting);
    this.#change({ names: [BLOTTER], whole: true, send: () => this.settings.put("blotter", ORDERS, setting) });
  }

  /** Takes what is kept, but for what is being changed here: that is newer. */
  #take(): void {
    const names = this.settings.names("watchlist");
    for (const name of names) {
      const revision = this.settings.revision("watchlist", name);
      if (!this.#isChanging(name) && this.#taken.get(name) !== revision) this.#takeList(name, revision);
    }
    for (const name of [...this.#taken.keys()]) {
      if (names.includes(name) || this.#isChanging(name)) continue;
      this.#taken.delete(name);
      this.watchlists.take(name, undefined);
    }
    const kept = this.settings.body("blotter", ORDERS);
    const revision = this.settings.revision("blotter", ORDERS);
    if (!kept || this.#isChanging(BLOTTER) || revision === this.#choicesRevision) return;
    this.#choicesRevision = revision;
    const read = choicesOf(kept);
    this.#choices = JSON.stringify(settingOf(read));
    this.blotter.take({ ...read, filter: { ...read.filter, text: this.blotter.value.filter.text } });
  }

  #takeList(name: string, revision: bigint): void {
    const list = this.settings.body("watchlist", name);
    this.#taken.set(name, revision);
    if (list) this.watchlists.take(name, { name, instrumentIds: list.instrumentIds, columns: knownColumns(list.columns), consolidated: list.consolidated });
  }

  #isChanging(name: string): boolean {
    return this.#unanswered.some(({ names }) => names.includes(name));
  }

  #change(change: Change): void {
    // The first one is being sent, so it stays.
    const at = this.#unanswered.findLastIndex(({ names }) => names.some((name) => change.names.includes(name)));
    if (at > 0 && change.whole && this.#unanswered[at]?.whole) this.#unanswered[at] = change;
    else if (this.#unanswered.push(change) === 1) void this.#send();
  }

  async #send(): Promise<void> {
    for (let change = this.#unanswered[0]; change; change = this.#unanswered[0]) {
      try {
        await change.send();
        this.#unanswered.shift();
      } catch (thrown) {
        this.#refused(change, thrown);
      }
    }
    this.#take();
  }

  /** What could not be kept is shown as it is kept, and what was to come after it is not sent. */
  #refused({ names }: Change, thrown: unknown): void {
    const { reason, text } = refusalOf(thrown);
    this.onFault(reason === "STALE_VERSION" ? "It was changed in another tab at the same time, and is shown as it is there." : `Not kept: ${text}`);
    const lost = new Set(names);
    this.#unanswered = this.#unanswered.slice(1).filter((later) => {
      const goesOn = !later.names.some((name) => lost.has(name));
      if (!goesOn) for (const name of later.names) lost.add(name);
      return goesOn;
    });
    for (const name of lost) this.#showKept(name);
  }

  #showKept(name: string): void {
    if (name === BLOTTER) this.#choicesRevision = -1n;
    else if (this.settings.revision("watchlist", name) !== 0n) this.#taken.set(name, -1n);
    else {
      this.#taken.delete(name);
      this.watchlists.take(name, undefined);
    }
  }
}

/** Stands for the choices of the blotter among the names of lists, none of which has a space at an end. */
const BLOTTER = " blotter";
