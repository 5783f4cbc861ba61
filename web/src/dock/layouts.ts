/**
 * The layouts of the user: which one this tab shows, saving what is moved in it, and taking what another tab saved. Without a name it is the
 * standard layout, which is fixed and is not stored.
 */

import { Backoff, Emitter, reasonWords, refusalOf, type UserSettings } from "@ordermesh/client";

import { prefer, preferencesOf } from "./preferences";

/** Version of the form in which layouts are stored. */
export const LAYOUT_VERSION = 1;
/** Milliseconds from the last move of a panel until the layout is stored. */
export const SAVE_AFTER_MS = 800;
/** Characters of a name. */
export const NAME_CHARACTERS_MAX = 64;

/** Where a tab remembers which layout it shows. */
export interface TabMemory {
  read(): string | null;
  write(name: string): void;
}

/** What a layout was before it was stored: an empty one is arranged anew. */
export const EMPTY = "{}";

export class Layouts extends Emitter {
  /** Name of the layout that is shown; "" is the standard one. */
  current = "";
  /** What the shown layout holds, as it was stored last. A reader takes it when `arrivals` rises. */
  json = EMPTY;
  /** Counts how often the layout came from elsewhere than from what was moved here. */
  arrivals = 0;
  /** What happened to the last attempt to store, in words. */
  fault = "";
  /** Told in words what was moved here and is not stored. */
  onFault: (text: string) => void = () => undefined;

  /** Said once for each layout that was changed elsewhere while it was changed here. */
  onReplaced: (name: string) => void = () => undefined;

  #wanted: string | undefined;
  #unsaved: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What is being stored; there is one at a time. */
  #saving: Promise<void> | undefined;
  /** Attempts to store that failed in a row. */
  #backoff = new Backoff();
  #revision = 0n;

  constructor(
    private readonly settings: UserSettings,
    private readonly memory: TabMemory,
  ) {
    super();
    const remembered = memory.read();
    this.#wanted = remembered ?? undefined;
  }

  /** Follows the settings until the returned function is called. */
  start(): () => void {
    this.#look();
    return this.settings.subscribe(() => this.#look());
  }

  get names(): readonly string[] {
    return this.settings.names("layout");
  }

  /** Why a name cannot be taken for a layout; "" if it can. */
  faultOf(name: string): string {
    const text = name.trim();
    if (text === "") return "Name is empty";
    if ([...text].length > NAME_CHARACTERS_MAX) return `Name has more than ${String(NAME_CHARACTERS_MAX)} characters`;
    return this.names.includes(text) ? `You have a layout named “${text}”` : "";
  }

  /** Shows a layout in this tab, and in tabs that are opened from now on. */
  async choose(name: string): Promise<void> {
    await this.flush();
    this.#show(name);
    await this.#try(() => prefer(this.settings, { layout: name }));
  }

  /** Makes a layout and shows it. */
  async create(name: string, json = EMPTY): Promise<boolean> {
    await this.flush();
    const text = name.trim();
    const made = await this.#try(() => this.settings.put("layout", text, { version: LAYOUT_VERSION, json }, 0n));
    if (made) await this.choose(text);
    return made;
  }

  async rename(name: string): Promise<boolean> {
    await this.flush();
    const { current } = this;
    const text = name.trim();
    // Shown under its new name before the old one goes, so that the tab does not fall back.
    const done = await this.#try(async () => {
      this.#wanted = text;
      await this.settings.rename("layout", current, text);
    });
    if (!done) this.#wanted = current;
    else {
      this.#show(text);
      await this.#try(() => prefer(this.settings, { layout: text }));
    }
    return done;
  }

  /** Removes the shown layout; the standard one is shown then. */
  async remove(): Promise<void> {
    const { current } = this;
    this.#drop();
    while (this.#saving) await this.#saving;
    if (await this.#try(() => this.settings.remove("layout", current))) await this.choose("");
  }

  /** Arranges the shown layout anew. */
  reset(): void {
    this.json = EMPTY;
    this.arrivals++;
    this.#unsaved = EMPTY;
    this.moved(EMPTY);
    this.changed();
  }

  /** Panels were moved: what the layout holds now is stored after a moment. */
  moved(json: string): void {
    if (this.current === "" || (json === this.json && this.#unsaved === undefined)) return;
    this.#unsaved = json;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), SAVE_AFTER_MS);
  }

  /** Stores what was moved, now; ends when nothing is left to store, or it cannot be stored. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    while (this.#saving) await this.#saving;
    if (this.#unsaved === undefined) return;
    this.#saving = this.#save(this.current, this.#unsaved);
    await this.#saving;
  }

  async #save(name: string, json: string): Promise<void> {
    this.#unsaved = undefined;
    let thrown: unknown;
    const stored = await this.#try(async () => {
      try {
        const { revision } = await this.settings.put("layout", name, { version: LAYOUT_VERSION, json }, this.#revision);
        if (name !== this.current) return;
        this.json = json;
        this.#revision = revision;
      } catch (error) {
        thrown = error;
        throw error;
      }
    });
    this.#saving = undefined;
    if (stored) this.#backoff = new Backoff();
    else if (name === this.current) this.#notStored(json, thrown);
    this.#look();
    if (stored && this.#unsaved !== undefined) this.moved(this.#unsaved);
  }

  /** What the mesh could not take now is sent again; what it refuses is not. */
  #notStored(json: string, thrown: unknown): void {
    const { reason, repeatable, retryAfterMs } = refusalOf(thrown);
    // The layout of the other tab is taken as soon as it is here.
    if (reason === "STALE_VERSION") this.#unsaved ??= json;
    else if (this.#backoff.failures === 0 || !repeatable) this.onFault(`“${this.current}” is not stored${repeatable ? " yet" : ""}: ${this.fault}`);
    if (!repeatable) return;
    this.#unsaved ??= json;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), Math.max(retryAfterMs ?? 0, SAVE_AFTER_MS + this.#backoff.next()));
  }

  /** Takes what another tab has done to layouts. */
  #look(): void {
    if (this.settings.loaded) {
      this.#wanted ??= preferencesOf(this.settings).layout;
      if (this.#wanted !== this.current && (this.#wanted === "" || this.names.includes(this.#wanted))) this.#show(this.#wanted);
      else if (!this.#saving) this.#compare();
    }
    this.changed();
  }

  #compare(): void {
    const { current } = this;
    if (current === "") return;
    const stored = this.settings.body("layout", current);
    const revision = this.settings.revision("layout", current);
    if (!stored) {
      // Removed or renamed in another tab.
      this.#drop();
      this.#show("");
      return;
    }
    if (revision <= this.#revision) return;
    if (this.#unsaved !== undefined) this.onReplaced(current);
    this.#drop();
    this.#revision = revision;
    this.arrivals++;
    this.json = stored.version <= LAYOUT_VERSION ? stored.json : EMPTY;
  }

  #show(name: string): void {
    this.#drop();
    this.#wanted = name;
    this.current = name;
    this.arrivals++;
    this.memory.write(name);
    const stored = name === "" ? undefined : this.settings.body("layout", name);
    this.#revision = this.settings.revision("layout", name);
    // What a newer page made cannot be read here; it is not stored again before a panel is moved.
    this.json = stored && stored.version <= LAYOUT_VERSION ? stored.json : EMPTY;
    this.changed();
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#unsaved = undefined;
  }

  async #try(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      this.fault = "";
      return true;
    } catch (thrown) {
      const { reason, text } = refusalOf(thrown);
      this.fault = `${reason ? `${reasonWords(reason)}: ` : ""}${text}`;
      return false;
    } finally {
      this.changed();
    }
  }
}
