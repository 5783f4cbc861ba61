/**
 * Watchlists and the choices of the blotter, kept as settings of the user: what is changed here is sent,
 * and what another tab has changed is taken. One change of a setting is sent at a time, and of those that
 * wait only the newest: a column that is moved five places is kept as it stands at the end.
 */

import { refusalOf, type UserSettings } from "@ordermesh/client";

import { choicesOf, FIRST_CHOICES, settingOf, type BlotterChoices } from "./blotter/choices";
import { Chosen } from "./chosen";
import { knownColumns, Watchlists } from "./watchlist/watchlists";

/** The name of the setting of the order blotter. */
const ORDERS = "orders";

type Change = () => Promise<unknown>;

export class Kept {
  readonly watchlists = new Watchlists();
  readonly blotter = new Chosen<BlotterChoices>(FIRST_CHOICES);
  /** Changes that are being sent, by the setting, with the one that comes after each. */
  readonly #sending = new Map<string, Change | undefined>();
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
        this.#change(name, () => settings.put("watchlist", name, { instrumentIds: [...instrumentIds], columns: [...columns], consolidated })),
      rename: (from, to) => this.#change(from, () => settings.rename("watchlist", from, to)),
      remove: (name) => this.#change(name, () => settings.remove("watchlist", name)),
    };
    this.blotter.onSet = (value) => this.#keepChoices(value);
    settings.subscribe(() => this.#take());
  }

  #keepChoices(value: BlotterChoices): void {
    // The text of the filter is of the moment: typing it keeps nothing.
    const setting = settingOf(value);
    if (JSON.stringify(setting) === this.#choices) return;
    this.#choices = JSON.stringify(setting);
    this.#change(BLOTTER, () => this.settings.put("blotter", ORDERS, setting));
  }

  /** Takes what is kept, but for what is being changed here: that is newer. */
  #take(): void {
    const names = this.settings.names("watchlist");
    for (const name of names) {
      const revision = this.settings.revision("watchlist", name);
      if (!this.#sending.has(name) && this.#taken.get(name) !== revision) this.#takeList(name, revision);
    }
    for (const name of [...this.#taken.keys()]) {
      if (names.includes(name) || this.#sending.has(name)) continue;
      this.#taken.delete(name);
      this.watchlists.take(name, undefined);
    }
    const kept = this.settings.body("blotter", ORDERS);
    const revision = this.settings.revision("blotter", ORDERS);
    if (!kept || this.#sending.has(BLOTTER) || revision === this.#choicesRevision) return;
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

  #change(key: string, change: Change): void {
    if (this.#sending.has(key)) this.#sending.set(key, change);
    else void this.#send(key, change);
  }

  async #send(key: string, first: Change): Promise<void> {
    let change: Change | undefined = first;
    while (change) {
      this.#sending.set(key, undefined);
      try {
        await change();
      } catch (thrown) {
        this.#refused(key, thrown);
      }
      change = this.#sending.get(key);
    }
    this.#sending.delete(key);
    this.#take();
  }

  /** What could not be kept is shown as it is kept. */
  #refused(key: string, thrown: unknown): void {
    const { reason, text } = refusalOf(thrown);
    this.onFault(reason === "STALE_VERSION" ? "It was changed in another tab at the same time, and is shown as it is there." : `Not kept: ${text}`);
    this.#sending.set(key, undefined);
    if (key === BLOTTER) this.#choicesRevision = -1n;
    else if (this.settings.revision("watchlist", key) === 0n) this.watchlists.take(key, undefined);
    else this.#taken.set(key, -1n);
  }
}

/** Stands for the choices of the blotter among the names of lists, none of which has a space at an end. */
const BLOTTER = " blotter";
