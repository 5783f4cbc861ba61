/** Whether the colours of the page changed, by the system or by the user's choice: "change" is sent, and what draws by itself draws anew. */

export const scheme = new EventTarget();

/** The colours are others now. */
export function coloursChanged(): void {
  scheme.dispatchEvent(new Event("change"));
}

if ("matchMedia" in globalThis) matchMedia("(prefers-color-scheme: light)").addEventListener("change", coloursChanged);
