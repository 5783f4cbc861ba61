/** The docked panels: dockview holds where they are, Svelte draws what is in them. */

import { createDockview, type DockviewApi, type DockviewGroupPanel, type IContentRenderer, type IDockviewPanel, type IHeaderActionsRenderer, type ITabRenderer, type SerializedDockview } from "dockview";
import { mount, unmount } from "svelte";

import type { Desk } from "$lib/desk";

import type { PanelOpener, Workspace } from "../views/workspace.svelte";
import { firstPlaces, neighbour, sameArrangement, type Arrangement, type Direction, type Place } from "./arrangement";
import { Frame } from "./frame.svelte";
import { GroupState } from "./group.svelte";
import GroupActions from "./GroupActions.svelte";
import type { Layouts } from "./layouts";
import { Linked } from "./linked";
import PanelFrame from "./PanelFrame.svelte";
import { isPanel, linkOf, LINKS, mayOpen, nextLink, PANELS, panelsOf, type Link, type PanelName } from "./panels";

/** Panels that show the same whatever listing is chosen. */
const UNLINKED: ReadonlySet<string> = new Set(["links", "notifications", "overview", "positions", "past"]);
const SIDES = { left: "left", right: "right", up: "top", down: "bottom" } as const;

export function isLinked(panel: IDockviewPanel): boolean {
  return !UNLINKED.has(nameOf(panel) ?? "links");
}

function nameOf(panel: IDockviewPanel): PanelName | undefined {
  const { contentComponent } = panel.view;
  return isPanel(contentComponent) ? contentComponent : undefined;
}

const linkIn = (panel: IDockviewPanel): Link => linkOf(panel.params?.["link"]);

export class Dock implements PanelOpener {
  readonly #api: DockviewApi;
  readonly #linked: Linked;
  readonly #forget: (() => void)[] = [];
  readonly #groups = new Map<DockviewGroupPanel, GroupState>();
  /** The arrival of the layout that the panels stand for. */
  #taken: number | undefined;
  #taking = false;
  /** The panels as they were taken or stored last. */
  #before: Arrangement | undefined;

  constructor(
    element: HTMLElement,
    private readonly desk: Desk,
    page: Workspace,
    private readonly layouts: Layouts,
  ) {
    this.#linked = new Linked(desk, page, this);
    this.#api = createDockview(element, {
      theme: { name: "ordermesh", className: "dockview-theme-ordermesh", gap: 6 },
      disableFloatingGroups: true,
      scrollbars: "native",
      defaultTabComponent: "tab",
      createComponent: ({ name }) => this.#content(name),
      createTabComponent: () => tab(),
      createWatermarkComponent: () => ({ element: nothingOpen(), init: () => undefined }),
      createRightHeaderActionComponent: (group) => this.#actions(group),
    });
    const layoutEvents = [
      this.#api.onDidLayoutChange(() => this.#moved()),
      this.#api.onDidMaximizedGroupChange(() => this.#look()),
    ];
    this.#forget.push(() => layoutEvents.forEach((one) => one.dispose()), this.layouts.subscribe(() => this.take()));
    this.take();
  }

  /** Takes what the shown layout holds; panels that stay keep what is in them. */
  take(): void {
    const { arrivals, json } = this.layouts;
    if (arrivals === this.#taken) return;
    this.#taken = arrivals;
    this.#taking = true;
    try {
      const held = JSON.parse(json) as Partial<SerializedDockview>;
      if (held.grid && held.panels) this.#api.fromJSON(held as SerializedDockview, { reuseExistingPanels: true });
      else this.#arrange();
    } catch {
      // A layout that this page cannot read is arranged anew; it is stored only when a panel is moved.
      this.#arrange();
    } finally {
      this.#taking = false;
      this.#before = this.#api.toJSON() as unknown as Arrangement;
      this.#look();
    }
  }

  open(name: PanelName, link: Link = LINKS[0]): void {
    if (!mayOpen(name, this.desk.user)) return;
    const same = this.#api.panels.filter((panel) => nameOf(panel) === name);
    const present = same.find((panel) => linkIn(panel) === link || !isLinked(panel));
    if (present) present.api.setActive();
    else this.#add({ panel: name }, link);
    this.focus();
  }

  /** Opens one more panel of a kind. */
  add(name: PanelName): void {
    if (!mayOpen(name, this.desk.user)) return;
    this.#add({ panel: name }, LINKS[0]);
    this.focus();
  }

  close(panel: IDockviewPanel | PanelName | undefined): void {
    const found = typeof panel === "string" ? this.#api.panels.find((one) => nameOf(one) === panel) : panel;
    found?.api.close();
    if (found) this.focus();
  }

  isOpen(name: PanelName): boolean {
    return this.#api.panels.some((panel) => nameOf(panel) === name);
  }

  maximize(panel: IDockviewPanel | undefined = this.#api.activePanel): void {
    if (this.#api.hasMaximizedGroup()) this.#api.exitMaximizedGroup();
    else panel?.api.maximize();
  }

  /** Gives a panel the next colour. */
  linkNext(panel: IDockviewPanel | undefined): void {
    if (!panel) return;
    panel.api.updateParameters({ link: nextLink(linkIn(panel)) });
    this.#look();
    this.#moved();
  }

  /** Moves the panel in front to the group in a direction, or into a new group there. */
  move(direction: Direction): void {
    const { activePanel: panel, activeGroup: group } = this.#api;
    if (!panel || !group) return;
    const at = neighbour(this.#edges(), this.#api.groups.indexOf(group), direction);
    const target = at === undefined ? undefined : this.#api.groups[at];
    if (target) panel.api.moveTo({ group: target });
    else if (group.panels.length > 1) panel.api.moveTo({ group, position: SIDES[direction] });
    this.focus();
  }

  /** Goes to the next or the previous group, around the ends. */
  go(steps: 1 | -1): void {
    const { groups, activeGroup } = this.#api;
    const next = groups[(groups.findIndex((group) => group === activeGroup) + steps + groups.length) % groups.length];
    next?.activePanel?.api.setActive();
    this.focus();
  }

  /** Puts the focus on the tab of the panel in front. */
  focus(): void {
    this.#api.activeGroup?.element.querySelector<HTMLElement>('[role="tab"][aria-selected="true"]')?.focus();
  }

  /** Handles a key; whether it was one of the dock. */
  onKey(event: KeyboardEvent): boolean {
    if (event.key === "F6" && !event.altKey && !event.ctrlKey) this.go(event.shiftKey ? -1 : 1);
    else if (!event.altKey || !event.shiftKey || event.ctrlKey || event.metaKey) return false;
    else if (event.code === "KeyW") this.close(this.#api.activePanel);
    else if (event.code === "KeyM") this.maximize();
    else if (event.code === "KeyC") this.linkNext(this.#api.activePanel);
    else if (event.code.startsWith("Arrow")) this.move(event.code.slice("Arrow".length).toLowerCase() as Direction);
    else return false;
    return true;
  }

  dispose(): void {
    this.#taking = true;
    for (const forget of this.#forget) forget();
    this.#linked.close();
    this.#api.dispose();
  }

  #arrange(): void {
    this.#api.clear();
    for (const place of firstPlaces(panelsOf(this.desk.user))) this.#add(place, LINKS[0]);
    this.#api.panels[0]?.api.setActive();
  }

  #add({ panel, of, at = "within", px }: Place, link: Link): void {
    const there = new Set(this.#api.panels.map(({ id }) => id));
    let id: string = panel;
    for (let number = 2; there.has(id); number++) id = `${panel}-${String(number)}`;
    const size = px === undefined ? {} : at === "below" ? { initialHeight: px } : { initialWidth: px };
    const position = of && there.has(of) ? { position: { referencePanel: of, direction: at } } : {};
    this.#api.addPanel({ id, component: panel, title: PANELS[panel].word, params: { link }, inactive: at === "within" && of !== undefined, ...position, ...size });
  }

  #moved(): void {
    if (this.#taking) return;
    this.#look();
    // Also a window that only becomes larger, or has drawn what it took, changes sizes.
    const now = this.#api.toJSON();
    if (this.#before && sameArrangement(this.#before, now as unknown as Arrangement)) return;
    this.#before = now as unknown as Arrangement;
    this.layouts.moved(JSON.stringify(now));
  }

  /** Shows the state of each group in its head. */
  #look(): void {
    this.#linked.bookIs(this.isOpen("book"));
    for (const [group, state] of this.#groups) {
      const panel = group.activePanel;
      state.panel = panel;
      state.title = panel?.title ?? "";
      state.maximized = group.api.isMaximized();
      // The panel within has its own name: two regions of one name cannot be told apart.
      group.element.setAttribute("aria-label", `Group of ${state.title || "no panel"}`);
      if (panel) state.link = linkIn(panel);
    }
  }

  #edges(): DOMRect[] {
    return this.#api.groups.map((group) => group.element.getBoundingClientRect());
  }

  #content(name: string): IContentRenderer {
    const element = document.createElement("div");
    element.className = "docked";
    const frame = new Frame();
    let view: Record<string, unknown> | undefined;
    let listening: { dispose(): void } | undefined;
    const shown = isPanel(name) && mayOpen(name, this.desk.user) ? name : undefined;
    return {
      element,
      init: ({ api, params }) => {
        frame.link = linkOf(params["link"]);
        frame.visible = api.isVisible;
        listening = api.onDidVisibilityChange(({ isVisible }) => (frame.visible = isVisible));
        view = mount(PanelFrame, { target: element, props: { frame, linked: this.#linked, name: shown } });
      },
      update: ({ params }) => (frame.link = linkOf(params["link"])),
      dispose: () => {
        listening?.dispose();
        if (view) void unmount(view);
      },
    };
  }

  #actions(group: DockviewGroupPanel): IHeaderActionsRenderer {
    const element = document.createElement("div");
    const state = new GroupState();
    this.#groups.set(group, state);
    let view: Record<string, unknown> | undefined;
    let listening: { dispose(): void } | undefined;
    return {
      element,
      init: ({ api }) => {
        listening = api.onDidActivePanelChange(() => this.#look());
        view = mount(GroupActions, { target: element, props: { dock: this, group: state } });
        this.#look();
      },
      dispose: () => {
        listening?.dispose();
        this.#groups.delete(group);
        if (view) void unmount(view);
      },
    };
  }
}

/** What is shown in place of panels when all were closed. */
function nothingOpen(): HTMLElement {
  const element = document.createElement("p");
  element.className = "empty";
  element.textContent = "No panel is open. Ctrl+K opens one: type “open”. “Arrange this layout anew” brings the first ones back.";
  return element;
}

/** A tab: the colour of its link, and its title. */
function tab(): ITabRenderer {
  const element = document.createElement("div");
  element.className = "dock-tab";
  const dot = document.createElement("span");
  dot.className = "dot";
  const title = document.createElement("span");
  element.append(dot, title);
  const show = (link: unknown, linked: boolean): void => {
    dot.hidden = !linked;
    dot.dataset["link"] = linkOf(link);
  };
  let linked = true;
  return {
    element,
    init: ({ title: words, params, api }) => {
      linked = !UNLINKED.has(api.component);
      title.textContent = words;
      show(params["link"], linked);
    },
    update: ({ params }) => show(params["link"], linked),
  };
}
