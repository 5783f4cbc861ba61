/** What a docked panel shows, as its layout says. */

import { LINKS, type Link } from "./panels";

export class Frame {
  link: Link = $state(LINKS[0]);
  /** Its tab is in front: only then it is drawn, and reads streams. */
  visible = $state(false);
}
