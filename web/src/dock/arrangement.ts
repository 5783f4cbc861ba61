/** Where panels go: the first arrangement of a new layout, and the neighbour of a group in a direction. */

import type { PanelName } from "./panels";

export type Direction = "left" | "right" | "up" | "down";

/** A panel of a first arrangement: within a group, or beside one. */
export interface Place {
  readonly panel: PanelName;
  /** The panel that it stands beside, or within the group of. */
  readonly of?: PanelName;
  readonly at?: "within" | "right" | "below" | "left";
  /** First size in pixels along that direction. */
  readonly px?: number;
}

/** For who trades: prices, order and ticket above, what was ordered below. */
const TRADING: readonly Place[] = [
  { panel: "watchlist" },
  { panel: "ticket", of: "watchlist", at: "right", px: 316 },
  { panel: "orders", of: "watchlist", at: "below", px: 300 },
  { panel: "chart", of: "watchlist", at: "right", px: 520 },
  { panel: "ladder", of: "chart", at: "within" },
  { panel: "order", of: "chart", at: "within" },
  { panel: "positions", of: "orders", at: "within" },
  { panel: "links", of: "orders", at: "within" },
];

/** For who oversees: what concerns all accounts, beside prices and an order. */
const OVERSEEING: readonly Place[] = [
  { panel: "overview" },
  { panel: "watchlist", of: "overview", at: "left", px: 600 },
  { panel: "order", of: "overview", at: "below", px: 400 },
  { panel: "notifications", of: "order", at: "within" },
  { panel: "links", of: "watchlist", at: "below", px: 240 },
];

/** The first arrangement for the panels that may be opened. */
export function firstPlaces(allowed: readonly PanelName[]): readonly Place[] {
  const places = allowed.includes("ticket") ? TRADING : OVERSEEING;
  const shown = places.filter(({ panel }) => allowed.includes(panel));
  const there = new Set(shown.map(({ panel }) => panel));
  // Beside a panel that may not be opened means: anywhere.
  return shown.map((place) => (place.of && !there.has(place.of) ? { panel: place.panel } : place));
}

/** The edges of a group on the screen. */
export interface Edges {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Place of the group next to another in a direction: the nearest that shares a part of its edge, the one that shares most of it. */
export function neighbour(groups: readonly Edges[], from: number, direction: Direction): number | undefined {
  const here = groups[from];
  if (!here) return undefined;
  const sideways = direction === "left" || direction === "right";
  let best: { at: number; gap: number; shared: number } | undefined;
  for (const [at, there] of groups.entries()) {
    if (at === from) continue;
    const gap = { left: here.left - there.right, right: there.left - here.right, up: here.top - there.bottom, down: there.top - here.bottom }[direction];
    const shared = sideways ? Math.min(here.bottom, there.bottom) - Math.max(here.top, there.top) : Math.min(here.right, there.right) - Math.max(here.left, there.left);
    // Groups may overlap by the pixel of their border.
    if (gap < -4 || shared <= 0) continue;
    if (!best || gap < best.gap - 4 || (gap < best.gap + 4 && shared > best.shared)) best = { at, gap, shared };
  }
  return best?.at;
}

/** A node of an arrangement, as dockview stores it: a group with its panels, or nodes beside each other. */
export type Node =
  | { readonly type: "leaf"; readonly size?: number | undefined; readonly data: { readonly views: readonly string[] } }
  | { readonly type: "branch"; readonly size?: number | undefined; readonly data: readonly Node[] };

/** What is compared of a layout. */
export interface Arrangement {
  readonly grid: { readonly root: Node; readonly orientation: unknown };
  readonly panels: Readonly<Record<string, { readonly params?: Readonly<Record<string, unknown>> | undefined }>>;
}

/** Part of its siblings' room by which a size may differ, because windows differ. */
const SHARE_TOLERANCE = 0.02;

/**
 * Whether two layouts have the same panels at the same places in about the same sizes. Two windows of different sizes that show one layout
 * must not store it in turns, and which tab is in front is each window's own affair.
 */
export function sameArrangement(one: Arrangement, other: Arrangement): boolean {
  const links = ({ panels }: Arrangement): string => JSON.stringify(Object.keys(panels).sort().map((id) => [id, panels[id]?.params]));
  return one.grid.orientation === other.grid.orientation && links(one) === links(other) && sameNode(one.grid.root, other.grid.root);
}

function sameNode(one: Node, other: Node): boolean {
  if (one.type === "leaf" || other.type === "leaf") return one.type === "leaf" && other.type === "leaf" && one.data.views.join() === other.data.views.join();
  const [shares, others] = [sharesOf(one.data), sharesOf(other.data)];
  return (
    one.data.length === other.data.length &&
    one.data.every((child, at) => {
      const sibling = other.data[at];
      return sibling !== undefined && Math.abs((shares[at] ?? 0) - (others[at] ?? 0)) <= SHARE_TOLERANCE && sameNode(child, sibling);
    })
  );
}

function sharesOf(nodes: readonly Node[]): readonly number[] {
  const whole = nodes.reduce((sum, { size = 0 }) => sum + size, 0);
  return nodes.map(({ size = 0 }) => (whole === 0 ? 0 : size / whole));
}
