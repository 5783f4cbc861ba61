/** What panels of one colour share: a listing, an order, the ticket's fields, and the detailed prices of that listing. */

import type { Desk } from "$lib/desk";
import type { DetailPrices } from "$lib/detail";

import { Workspace, type PanelOpener } from "../views/workspace.svelte";
import { LINKS, type Link } from "./panels";

/** The same desk, with detailed prices of another listing. */
export function deskWith(desk: Desk, detail: DetailPrices): Desk {
  return new Proxy(desk, {
    get(target, name) {
      if (name === "detail") return detail;
      const value: unknown = Reflect.get(target, name, target);
      // Its methods use private fields, which only the desk itself has.
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** A desk and a workspace for each colour; the first colour has those of the page. */
export class Linked {
  readonly #made = new Map<Link, Workspace>();

  constructor(
    private readonly desk: Desk,
    page: Workspace,
    private readonly opener: PanelOpener,
  ) {
    this.#made.set(LINKS[0], page);
    page.opener = opener;
  }

  workspace(link: Link): Workspace {
    let workspace = this.#made.get(link);
    if (!workspace) {
      // With few connections all colours share the one stream of details.
      const desk = this.desk.fewConnections ? this.desk : deskWith(this.desk, this.desk.newDetail());
      workspace = new Workspace(desk, link);
      workspace.opener = this.opener;
      this.#made.set(link, workspace);
    }
    return workspace;
  }

  /** Tells all colours whether the book of all venues is open. */
  bookIs(open: boolean): void {
    for (const workspace of this.#made.values()) workspace.bookIs(open);
  }

  close(): void {
    for (const [link, workspace] of this.#made) {
      workspace.opener = undefined;
      if (link !== LINKS[0] && workspace.desk !== this.desk) workspace.desk.detail.stop();
    }
  }
}
