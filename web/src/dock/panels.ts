/** The panels that a layout can hold: the one list of their names, who may open them, and the code that is fetched. */

import type { Component } from "svelte";

import { Role, type User } from "$gen/ordermesh/identity/v1/auth_service_pb.js";

import type { Desk } from "$lib/desk";

// These are on the standard page: they are there already.
import Blotter from "../views/Blotter.svelte";
import OrderTrail from "../views/OrderTrail.svelte";
import Ticket from "../views/Ticket.svelte";
import Watchlist from "../views/Watchlist.svelte";
import type { Workspace } from "../views/workspace.svelte";

/** What every panel is given. */
export interface PanelParts {
  desk: Desk;
  workspace: Workspace;
}

export interface PanelKind {
  readonly word: string;
  /** Who may open it; everybody if it is left out. The mesh decides in any case what is shown. */
  readonly for?: (user: Pick<User, "roles" | "accounts">) => boolean;
  /** It has no frame and head of its own. */
  readonly bare?: true;
  load(): Promise<{ default: Component<PanelParts> }>;
}

const hasAccounts = ({ accounts }: Pick<User, "accounts">): boolean => accounts.length > 0;
const oversees = ({ roles }: Pick<User, "roles">): boolean => roles.some((role) => role === Role.RISK || role === Role.OPERATOR || role === Role.AUDITOR);

export const PANELS = {
  watchlist: { word: "Watchlist", load: () => Promise.resolve({ default: Watchlist }) },
  ticket: { word: "Ticket", for: hasAccounts, load: () => Promise.resolve({ default: Ticket }) },
  orders: { word: "Orders", for: hasAccounts, load: () => Promise.resolve({ default: Blotter }) },
  positions: { word: "Positions", for: hasAccounts, load: () => import("../panels/positions/PositionsPanel.svelte") },
  past: { word: "Past", for: hasAccounts, load: () => import("../panels/asof/AsOfPanel.svelte") },
  order: { word: "Order", load: () => Promise.resolve({ default: OrderTrail }) },
  ladder: { word: "Ladder", bare: true, load: () => import("../panels/ladder/LadderPanel.svelte") },
  chart: { word: "Chart", bare: true, load: () => import("../panels/chart/ChartPanel.svelte") },
  book: { word: "All venues", load: () => import("../panels/book/BookPanel.svelte") },
  alerts: { word: "Alerts", bare: true, load: () => import("../panels/alerts/AlertsPanel.svelte") },
  replay: { word: "Replay", bare: true, load: () => import("../panels/replay/ReplayPanel.svelte") },
  notifications: { word: "Notifications", bare: true, load: () => import("../panels/notifications/NotificationsPanel.svelte") },
  links: { word: "Links", bare: true, load: () => import("../panels/links/LinksPanel.svelte") },
  overview: { word: "Overview", for: oversees, load: () => import("../panels/overview/OverviewPanel.svelte") },
} as const satisfies Record<string, PanelKind>;

export type PanelName = keyof typeof PANELS;

export function isPanel(name: string): name is PanelName {
  return Object.hasOwn(PANELS, name);
}

/** Whether a user may open a panel. */
export function mayOpen(name: PanelName, user: Pick<User, "roles" | "accounts">): boolean {
  const kind: PanelKind = PANELS[name];
  return kind.for?.(user) ?? true;
}

/** The panels that a user may open, in the order of the list. */
export function panelsOf(user: Pick<User, "roles" | "accounts">): readonly PanelName[] {
  return (Object.keys(PANELS) as PanelName[]).filter((name) => mayOpen(name, user));
}

/** Panels of one colour show the same listing. The first colour is that of the page without docked panels. */
export const LINKS = ["blue", "green", "amber", "violet"] as const;
export type Link = (typeof LINKS)[number];

/** The link of a panel as a layout holds it; the first one for anything else. */
export function linkOf(value: unknown): Link {
  return LINKS.find((link) => link === value) ?? LINKS[0];
}

/** The link after another, around the end. */
export function nextLink(link: Link): Link {
  return LINKS[(LINKS.indexOf(link) + 1) % LINKS.length] ?? LINKS[0];
}
