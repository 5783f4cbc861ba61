/** Light or dark, and how close rows are: chosen by the user, kept at the server, and shown by attributes of the document. */

import { ScreenDensity, ScreenTheme, ScreenTime } from "$gen/ordermesh/identity/v1/user_setting_pb.js";

import { Emitter, type UserSettings } from "@ordermesh/client";
import { coloursChanged } from "$lib/scheme";

import { prefer, preferencesOf, type Preferences } from "./preferences";

export type Preference = "theme" | "density" | "time";

export const THEMES: readonly (readonly [ScreenTheme, string])[] = [
  [ScreenTheme.UNSPECIFIED, "As the system"],
  [ScreenTheme.DARK, "Dark"],
  [ScreenTheme.LIGHT, "Light"],
];
export const DENSITIES: readonly (readonly [ScreenDensity, string])[] = [
  [ScreenDensity.UNSPECIFIED, "Normal"],
  [ScreenDensity.COMPACT, "Compact"],
  [ScreenDensity.COMFORTABLE, "Comfortable"],
];
export const TIMES: readonly (readonly [ScreenTime, string])[] = [
  [ScreenTime.UNSPECIFIED, "Local"],
  [ScreenTime.UTC, "UTC"],
];

/** The values of the attributes; a value that this page does not know is as if there were none. */
const THEME_WORDS: Readonly<Partial<Record<ScreenTheme, string>>> = { [ScreenTheme.DARK]: "dark", [ScreenTheme.LIGHT]: "light" };
const DENSITY_WORDS: Readonly<Partial<Record<ScreenDensity, string>>> = { [ScreenDensity.COMPACT]: "compact", [ScreenDensity.COMFORTABLE]: "comfortable" };

/** Where attributes are set: the root element of the page. */
export interface Marked {
  readonly dataset: Record<string, string | undefined>;
}

export class Appearance extends Emitter {
  theme = ScreenTheme.UNSPECIFIED;
  density = ScreenDensity.UNSPECIFIED;
  time = ScreenTime.UNSPECIFIED;
  /** Choices that are not answered: until they are, what is kept is older than what is shown. */
  #unanswered = 0;

  constructor(
    private readonly settings: UserSettings,
    private readonly root: Marked,
    /** Called with the choice of a time. */
    private readonly onTime: (utc: boolean) => void,
  ) {
    super();
  }

  /** Follows the settings until the returned function is called. */
  start(): () => void {
    const look = (): void => {
      if (this.settings.loaded && this.#unanswered === 0) this.#take(preferencesOf(this.settings));
    };
    look();
    return this.settings.subscribe(look);
  }

  /** Chooses a value, here at once and in every browser of the user. One that cannot be stored is taken back. Throws the mesh's refusal. */
  async set(name: Preference, value: number): Promise<void> {
    const { theme, density, time } = this;
    this.#take({ theme, density, time, [name]: value });
    this.#unanswered++;
    try {
      await prefer(this.settings, { [name]: value });
    } finally {
      this.#unanswered--;
      if (this.#unanswered === 0) this.#take(preferencesOf(this.settings));
    }
  }

  #take({ theme, density, time }: Pick<Preferences, Preference>): void {
    const recoloured = theme !== this.theme;
    this.theme = theme;
    this.density = density;
    this.time = time;
    this.#mark("theme", THEME_WORDS[theme]);
    this.#mark("density", DENSITY_WORDS[density]);
    if (recoloured) coloursChanged();
    this.onTime(time === ScreenTime.UTC);
    this.changed();
  }

  #mark(name: string, word: string | undefined): void {
    if (word === undefined) Reflect.deleteProperty(this.root.dataset, name);
    else this.root.dataset[name] = word;
  }
}
