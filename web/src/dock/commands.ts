/** What the palette can do beside opening listings: panels, layouts, looks, and what the user may do. */

import { refusalOf } from "@ordermesh/client";
import type { Desk } from "$lib/desk";

import type { Workspace } from "../views/workspace.svelte";
import { DENSITIES, THEMES, TIMES, type Appearance } from "./appearance";
import type { Layouts } from "./layouts";
import { LINKS, PANELS, panelsOf, type PanelName } from "./panels";

export interface Command {
  readonly key: string;
  readonly words: string;
  /** What kind of command it is, or its keys. */
  readonly hint: string;
  run(): void;
}

/** What commands act on. */
export interface Commanded {
  readonly desk: Desk;
  readonly workspace: Workspace;
  readonly layouts: Layouts;
  readonly appearance: Appearance;
  /** Opens the dialog of layouts. */
  manage(): void;
  logout(): void;
}

/** Panels that the page without docked panels can open. */
const ON_PAGE: Readonly<Partial<Record<PanelName, (workspace: Workspace) => void>>> = {
  order: (workspace) => (workspace.side = "order"),
  chart: (workspace) => (workspace.side = "chart"),
  ladder: (workspace) => (workspace.side = "ladder"),
  replay: (workspace) => (workspace.side = "replay"),
  alerts: (workspace) => (workspace.side = "alerts"),
  links: (workspace) => (workspace.side = "links"),
  notifications: (workspace) => (workspace.side = "notifications"),
  book: (workspace) => (workspace.bookOpen = true),
  orders: (workspace) => (workspace.lower = "orders"),
  positions: (workspace) => (workspace.lower = "positions"),
  past: (workspace) => (workspace.lower = "past"),
  ticket: (workspace) => workspace.ticketFocus++,
};

/** The commands that there are now. What a user may not do is left out; the mesh would refuse it. */
export function commandsOf({ desk, workspace, layouts, appearance, manage, logout }: Commanded): readonly Command[] {
  const { dock } = workspace;
  const panels = panelsOf(desk.user).flatMap((name): Command[] => {
    const { word } = PANELS[name];
    const onPage = ON_PAGE[name];
    if (dock) {
      const open: Command = { key: `open ${name}`, words: `Open ${word}`, hint: "panel", run: () => dock.open(name, LINKS[0]) };
      return dock.isOpen(name) ? [open, { key: `add ${name}`, words: `Open one more ${word}`, hint: "panel", run: () => dock.add(name) }] : [open];
    }
    return onPage ? [{ key: `open ${name}`, words: `Open ${word}`, hint: "panel", run: () => onPage(workspace) }] : [];
  });
  const shown = ["", ...layouts.names].filter((name) => name !== layouts.current);
  const chosen = shown.map((name): Command => ({ key: `layout ${name}`, words: `Layout: ${name || "Standard"}`, hint: "layout", run: () => void layouts.choose(name) }));
  const looks = ([["theme", THEMES, "Colours"], ["density", DENSITIES, "Rows"], ["time", TIMES, "Times"]] as const).flatMap(([name, values, word]) =>
    values
      .filter(([value]) => value !== appearance[name])
      .map(([value, words]): Command => ({ key: `${name} ${String(value)}`, words: `${word}: ${words}`, hint: "look", run: () => void appearance.set(name, value).catch((thrown: unknown) => desk.notices.push("bad", word, `not kept: ${refusalOf(thrown).text}`)) })),
  );
  const docked: Command[] = dock
    ? [
        { key: "maximize", words: "Fill the page with this panel, or undo it", hint: "Alt+Shift+M", run: () => dock.maximize() },
        { key: "reset", words: "Arrange this layout anew", hint: "layout", run: () => layouts.reset() },
      ]
    : [];
  const rest: Command[] = [
    { key: "layouts", words: "Layouts: new, rename, remove", hint: "layout", run: manage },
    { key: "logout", words: "Log out", hint: "session", run: logout },
  ];
  return [...panels, ...chosen, ...docked, ...looks, ...rest];
}

/** The commands that fit a text: each of its words must begin a word of the command. */
export function fitting(commands: readonly Command[], text: string): readonly Command[] {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  return commands.filter(({ words }) => {
    const there = words.toLowerCase().split(/[^\p{L}\p{N}]+/u);
    return wanted.every((part) => there.some((word) => word.startsWith(part)));
  });
}
