/** Changes of the one setting of preferences: what is not named stays. */

import type { PreferencesSetting } from "$gen/ordermesh/identity/v1/user_setting_pb.js";

import type { UserSettings } from "@ordermesh/client";

/** Name of the setting. */
const NAME = "default";

export type Preferences = Pick<PreferencesSetting, "theme" | "density" | "time" | "layout" | "watchlist">;

export function preferencesOf(settings: UserSettings): Preferences {
  const { theme = 0, density = 0, time = 0, layout = "", watchlist = "" } = settings.body("preferences", NAME) ?? {};
  return { theme, density, time, layout, watchlist };
}

/** Stores a change, if it is one. Throws the mesh's refusal. */
export async function prefer(settings: UserSettings, change: Partial<Preferences>): Promise<void> {
  const present = preferencesOf(settings);
  const wanted = { ...present, ...change };
  if (JSON.stringify(wanted) !== JSON.stringify(present)) await settings.put("preferences", NAME, wanted);
}
