/** What the head of a group shows of its panel in front. */

import type { IDockviewPanel } from "dockview";

import { LINKS, type Link } from "./panels";

export class GroupState {
  panel: IDockviewPanel | undefined = $state.raw();
  title = $state("");
  link: Link = $state(LINKS[0]);
  maximized = $state(false);
}
