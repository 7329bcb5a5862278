// What the inbox holds, over HTTP.

/** Thrown where the inbox answers, but not with what was asked for. */
export class Refused extends Error {}

/** The JSON at a path of the API. */
export async function get(path) {
  const response = await fetch(`/api/${path}`);
  const body = await response.json();
  if (!response.ok) throw new Refused(body.error ?? `HTTP ${response.status}`);
  return body;
}

/** Forgets everything held. */
export async function clear() {
  await fetch('/api/issues', { method: 'DELETE' });
}

/** How often to ask whether anything changed, milliseconds. */
const INTERVAL = 1000;

/**
 * Tells `changed` whenever the inbox holds something else than before, and `reachable` whether it answers.
 * A hidden page asks nothing; it asks at once when it is shown again.
 */
export function watch(changed, reachable) {
  let version = null;
  const ask = async () => {
    if (document.hidden) return;
    try {
      const stats = await get('stats');
      reachable(true);
      if (stats.version !== version) {
        version = stats.version;
        await changed(stats);
      }
    } catch {
      reachable(false);
      version = null;
    }
  };
  const again = () => ask().finally(() => setTimeout(again, INTERVAL));
  document.addEventListener('visibilitychange', ask);
  again();
}
