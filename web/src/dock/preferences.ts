/** Changes of the one setting of preferences: what is not named stays. */

import type { PreferencesSetting } from "$gen/ordermesh/identity/v1/user_setting_pb.js";

import { refusalOf, type UserSettings } from "@ordermesh/client";

/** Name of the setting. */
const NAME = "default";

export type Preferences = Pick<PreferencesSetting, "theme" | "density" | "time" | "layout" | "watchlist">;

export function preferencesOf(settings: UserSettings): Preferences {
  const { theme = 0, density = 0, time = 0, layout = "", watchlist = "" } = settings.body("preferences", NAME) ?? {};
  return { theme, density, time, layout, watchlist };
}

/** Attempts to store a change, because another browser may store one at the same time. */
const ATTEMPTS_MAX = 3;

/** The last change of the settings of a page: the next one is made from what it has stored. */
const LAST = new WeakMap<UserSettings, Promise<void>>();

/**
 * Stores a change, if it is one, after those that were asked for before. What another browser has stored of the others stays. Throws the mesh's
 * refusal.
 */
export function prefer(settings: UserSettings, change: Partial<Preferences>): Promise<void> {
  const store = (): Promise<void> => stored(settings, change);
  const made = (LAST.get(settings) ?? Promise.resolve()).then(store, store);
  LAST.set(settings, made);
  return made;
}

async function stored(settings: UserSettings, change: Partial<Preferences>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const present = preferencesOf(settings);
    const wanted = { ...present, ...change };
    if (JSON.stringify(wanted) === JSON.stringify(present)) return;
    try {
      await settings.put("preferences", NAME, wanted);
      return;
    } catch (thrown) {
      // What the other browser has stored was read.
      if (refusalOf(thrown).reason !== "STALE_VERSION" || attempt === ATTEMPTS_MAX) throw thrown;
    }
  }
}
