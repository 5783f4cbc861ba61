/**
 * Duplicating a tab copies its sessionStorage, refresh token included; two tabs using one
 * refresh token end the session of both. The first tab holds a lock of the browser under its
 * own name; a copy finds the lock held and gives its token up.
 */

const NAME_KEY = "ordermesh.tab";

/** How long a reloaded tab waits for its own former page to let go. */
const LOCK_WAIT_MS = 1_500;

/** True if this page is the only one with this tab's storage, or the browser does not know. */
export async function ownsTab(storage: Storage, locks: LockManager | undefined): Promise<boolean> {
  if (!locks) return true;
  const name = storage.getItem(NAME_KEY) ?? crypto.randomUUID();
  storage.setItem(NAME_KEY, name);
  if (await hold(name, locks)) return true;
  const fresh = crypto.randomUUID();
  storage.setItem(NAME_KEY, fresh);
  await hold(fresh, locks);
  return false;
}

function hold(name: string, locks: LockManager): Promise<boolean> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(LOCK_WAIT_MS);
    locks
      .request(`ordermesh.tab.${name}`, { signal }, () => {
        resolve(true);
        // Held for the life of the page.
        return new Promise<never>(() => undefined);
      })
      .catch(() => resolve(false));
  });
}
