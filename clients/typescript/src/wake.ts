/** Says when to try at once: the network is back, or the page is in view again. */

/** Calls `nudge` on the browser's `online` and on becoming visible. Returns the way to stop. */
export function onWake(nudge: () => void, page: Window = window): () => void {
  const visible = (): void => {
    if (page.document.visibilityState === "visible") nudge();
  };
  page.addEventListener("online", nudge);
  page.document.addEventListener("visibilitychange", visible);
  return () => {
    page.removeEventListener("online", nudge);
    page.document.removeEventListener("visibilitychange", visible);
  };
}
