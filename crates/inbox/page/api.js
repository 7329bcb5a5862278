// What the inbox holds, over HTTP.

/** Thrown where the inbox answers, but not with what was asked for. */
export class Refused extends Error {}

/** Thrown where nothing answers, or something that is not the inbox. */
export class Unreachable extends Error {}

/** How long to wait for an answer, milliseconds. */
const PATIENCE = 10_000;

/** The JSON at a path of the API. */
export async function get(path) {
  let response, body;
  try {
    response = await fetch(`/api/${path}`, { signal: AbortSignal.timeout(PATIENCE) });
    body = await response.json();
  } catch (error) {
    throw new Unreachable(error.message);
  }
  if (!response.ok) throw new Refused(body.error ?? `HTTP ${response.status}`);
  return body;
}

/** A list of the API, narrowed by what is given: `list('events', { trace, limit: 50 })`. */
export async function list(name, narrowed) {
  const given = Object.entries(narrowed).filter(([, value]) => value);
  return (await get(`${name}?${new URLSearchParams(given)}`))[name];
}

/** Forgets everything held. */
export async function clear() {
  await fetch('/api/issues', { method: 'DELETE', signal: AbortSignal.timeout(PATIENCE) });
}

/** How often to ask whether anything changed, milliseconds. */
const INTERVAL = 1000;

/**
 * Calls `changed` whenever the inbox holds something else than before, and `reachable` with whether it answers.
 * A hidden page asks nothing; it asks at once when it is shown again.
 *
 * Gives a function that has `changed` called at once. One call ends before the next begins: an answer that was
 * overtaken would show what is no longer there.
 */
export function watch(changed, reachable) {
  let version = null;
  let turn = Promise.resolve();
  const look = async () => {
    if (document.hidden && version !== null) return;
    try {
      const stats = await get('stats');
      if (stats.version !== version) await changed(stats);
      version = stats.version;
      reachable(true);
    } catch {
      version = null;
      reachable(false);
    }
  };
  const ask = () => (turn = turn.then(look));
  const again = () => ask().then(() => setTimeout(again, INTERVAL));
  document.addEventListener('visibilitychange', ask);
  again();
  return () => (turn = turn.then(() => { version = null; }).then(look));
}
