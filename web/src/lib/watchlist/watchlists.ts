/**
 * A user's own watchlists. They are settings of the user: what is changed here is kept by the mesh,
 * which reports it to every tab; what it reports replaces what is here.
 */

import { Emitter } from "@ordermesh/client";

import { WATCH_COLUMN, type WatchColumnId } from "./columns";

/** Characters of a name. */
export const NAME_MAX = 64;
/** Listings of a list. */
export const LISTINGS_MAX = 500;

export interface Watchlist {
  readonly name: string;
  /** In the user's order. */
  readonly instrumentIds: readonly string[];
  /** From the left; empty for those of the page. */
  readonly columns: readonly WatchColumnId[];
  /** Listings of one instrument are one row, the best of all venues. */
  readonly consolidated: boolean;
}

/** Where lists are kept. */
export interface KeepLists {
  put(list: Watchlist): void;
  rename(from: string, to: string): void;
  remove(name: string): void;
}

export class Watchlists extends Emitter {
  /** Without it, lists are of this tab alone. */
  keep: KeepLists | undefined;
  readonly #lists = new Map<string, Watchlist>();

  /** By name. */
  get all(): readonly Watchlist[] {
    return [...this.#lists.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  get(name: string): Watchlist | undefined {
    return this.#lists.get(name);
  }

  /** What the mesh reports: a list, or that it is gone. */
  take(name: string, list: Watchlist | undefined): void {
    if (list) this.#lists.set(name, list);
    else this.#lists.delete(name);
    this.changed();
  }

  /** Makes an empty list; returns what is wrong with its name, or "". */
  create(name: string): string {
    const fault = this.#nameFault(name);
    if (fault === "") this.#put({ name: name.trim(), instrumentIds: [], columns: [], consolidated: false });
    return fault;
  }

  /** Returns what is wrong with the new name, or "". */
  rename(from: string, to: string): string {
    const list = this.#lists.get(from);
    if (!list || to.trim() === from) return "";
    const fault = this.#nameFault(to);
    if (fault !== "") return fault;
    this.#lists.delete(from);
    this.#lists.set(to.trim(), { ...list, name: to.trim() });
    this.changed();
    this.keep?.rename(from, to.trim());
    return "";
  }

  remove(name: string): void {
    if (!this.#lists.delete(name)) return;
    this.changed();
    this.keep?.remove(name);
  }

  /** Adds a listing at the end; returns what is wrong, or "". */
  add(name: string, instrumentId: string): string {
    const list = this.#lists.get(name);
    if (!list) return "there is no such list any more";
    if (list.instrumentIds.includes(instrumentId)) return `${instrumentId} is in the list already`;
    if (list.instrumentIds.length >= LISTINGS_MAX) return `a list has at most ${LISTINGS_MAX} listings`;
    this.#put({ ...list, instrumentIds: [...list.instrumentIds, instrumentId] });
    return "";
  }

  drop(name: string, instrumentId: string): void {
    this.#change(name, (list) => ({ instrumentIds: list.instrumentIds.filter((one) => one !== instrumentId) }));
  }

  /** Moves a listing down by some places, or up if negative. */
  move(name: string, instrumentId: string, by: number): void {
    this.#change(name, ({ instrumentIds }) => {
      const at = instrumentIds.indexOf(instrumentId);
      const others = instrumentIds.filter((one) => one !== instrumentId);
      if (at >= 0) others.splice(Math.max(0, Math.min(others.length, at + by)), 0, instrumentId);
      return { instrumentIds: others };
    });
  }

  setColumns(name: string, columns: readonly WatchColumnId[]): void {
    this.#change(name, () => ({ columns }));
  }

  setConsolidated(name: string, consolidated: boolean): void {
    this.#change(name, () => ({ consolidated }));
  }

  #change(name: string, change: (list: Watchlist) => Partial<Watchlist>): void {
    const list = this.#lists.get(name);
    if (list) this.#put({ ...list, ...change(list) });
  }

  #put(list: Watchlist): void {
    this.#lists.set(list.name, list);
    this.changed();
    this.keep?.put(list);
  }

  #nameFault(name: string): string {
    const wanted = name.trim();
    if (wanted === "") return "A list needs a name.";
    if (wanted.length > NAME_MAX) return `A name has at most ${NAME_MAX} characters.`;
    return this.#lists.has(wanted) ? `There is a list “${wanted}” already.` : "";
  }
}

/** Columns as they were kept, without those that this page does not know. */
export function knownColumns(columns: readonly string[]): readonly WatchColumnId[] {
  return columns.filter((id): id is WatchColumnId => WATCH_COLUMN.has(id));
}
