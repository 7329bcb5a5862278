// What the inbox holds, over HTTP.

import { parsed } from './json.js';

/** Thrown where the inbox answers, but not with what was asked for. */
export class Refused extends Error {}

/** Thrown where nothing answers, or something that is not the inbox. */
export class Unreachable extends Error {}

/** How long to wait for an answer, milliseconds. */
const PATIENCE = 10_000;

/**
 * The JSON at a path of the API.
 *
 * @param {string} path
 * @returns {Promise<any>} What `api.d.ts` declares for this path.
 */
export async function get(path) {
  return parsed(await getText(path));
}

/**
 * The text at a path of the API.
 *
 * @param {string} path
 */
export async function getText(path) {
  let response, text;
  try {
    response = await fetch(`/api/${path}`, { signal: AbortSignal.timeout(PATIENCE) });
    text = await response.text();
  } catch (error) {
    throw new Unreachable(message(error));
  }
  if (!response.ok) throw new Refused(reason(text) ?? `HTTP ${response.status}`);
  return text;
}

/**
 * Why the inbox refuses something, as its answer says.
 *
 * @param {string} text
 */
function reason(text) {
  try {
    return String(JSON.parse(text).error);
  } catch {
    return null;
  }
}

/**
 * What an error says; anything can be thrown.
 *
 * @param {unknown} error
 */
export function message(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * A part of a list of the API: `page('events', { trace, limit: 50 })`.
 *
 * @template {keyof Api.Lists} Name
 * @param {Name} name
 * @param {{ [name: string]: string | number | null }} narrowed
 * @returns {Promise<{ entries: Api.Lists[Name][], more: boolean }>}
 */
export async function page(name, narrowed) {
  const answer = await get(`${name}?${new URLSearchParams(given(narrowed))}`);
  return { entries: answer[name], more: answer.more === true };
}

/**
 * The same without whether there is more.
 *
 * @template {keyof Api.Lists} Name
 * @param {Name} name
 * @param {{ [name: string]: string | number | null }} narrowed
 */
export async function list(name, narrowed) {
  return (await page(name, narrowed)).entries;
}

/** @param {{ [name: string]: string | number | null }} parameters */
function given(parameters) {
  return Object.entries(parameters).filter(([, value]) => value).map(([name, value]) => [name, String(value)]);
}

/**
 * What people decide about an issue.
 *
 * @param {string} id
 * @param {Api.IssueStatus} status
 */
export async function decide(id, status) {
  const response = await fetch(`/api/issues/${encodeURIComponent(id)}`, {
    method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ status }),
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (!response.ok) throw new Refused(reason(await response.text()) ?? `HTTP ${response.status}`);
}

/** Forgets everything held. */
export async function clear() {
  await fetch('/api/all', { method: 'DELETE', signal: AbortSignal.timeout(PATIENCE) });
}

/** How often to ask whether anything changed, milliseconds. */
const INTERVAL = 1000;

/**
 * Calls `changed` whenever the inbox holds something else than before, and `reachable` with whether it answers.
 * A hidden page asks nothing; it asks at once when it is shown again.
 *
 * Gives a function that has `changed` called at once. One call ends before the next begins: an answer that was
 * overtaken would show what is no longer there.
 *
 * @param {(stats: Api.Stats) => Promise<void>} changed
 * @param {(reached: boolean) => void} reachable
 */
export function watch(changed, reachable) {
  /** @type {number | null} */
  let version = null;
  let turn = Promise.resolve();
  const look = async () => {
    if (document.hidden && version !== null) return;
    try {
      const stats = /** @type {Api.Stats} */ (await get('stats'));
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
  setTimeout(again, INTERVAL);
  return () => (turn = turn.then(() => { version = null; }).then(look));
}
