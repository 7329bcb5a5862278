// What the tab asks of the demo, and has it do.

import { get, Refused, Unreachable, message } from './api.js';

/** How long an answer may take, milliseconds. */
const PATIENCE = 15_000;

/** Between two questions where nothing answers, and while the page is hidden, milliseconds. */
const PAUSE = 1000;

/** How long traffic lasts that is switched on here, seconds. */
const TRAFFIC = 300;

/** The catalogues of all services, with the promises that hold now. */
export async function catalogues() {
  return /** @type {Stage.Catalogue[]} */ ((await get('stage/services')).services);
}

/**
 * Calls `changed` with each new state, as long as the view is shown.
 *
 * @param {HTMLElement} view
 * @param {(state: Stage.State) => Promise<void>} changed
 */
export async function follow(view, changed) {
  let version = 0;
  let shown = false;
  // A view is made before it is shown.
  while (!shown || view.isConnected) {
    shown ||= view.isConnected;
    try {
      if (document.hidden && version) {
        await pause();
        continue;
      }
      const state = /** @type {Stage.State} */ (await wait(version));
      if (state.version !== version) await changed(state);
      version = state.version;
    } catch (error) {
      if (!(error instanceof Unreachable)) console.error(error);
      version = 0;
      await pause();
    }
  }
}

function pause() {
  return new Promise((resolve) => { setTimeout(resolve, PAUSE); });
}

/** @param {number} version */
async function wait(version) {
  try {
    const response = await fetch(`/api/stage/state?after=${version}`, { signal: AbortSignal.timeout(PATIENCE) });
    return await response.json();
  } catch (error) {
    throw new Unreachable(message(error));
  }
}

/**
 * Has the demo do something; throws why it does not.
 *
 * @param {string} action
 * @param {{ scenario: string, times: number, parameters: { [name: string]: number }, value: string }} about
 */
export async function call(action, { scenario, times, parameters, value }) {
  switch (action) {
    case 'fire': return send('POST', 'runs', { scenario, times, parameters });
    case 'check': return send('POST', 'check');
    case 'deploy': return send('POST', 'release', { version: value, broken: true });
    case 'roll-back': return send('DELETE', 'release');
    case 'traffic': return Number(value)
      ? send('POST', 'traffic', { rate: Number(value), seconds: TRAFFIC })
      : send('DELETE', 'traffic');
    default: throw new Error(`there is no action ${action}`);
  }
}

/** @param {string} method @param {string} path @param {unknown} body */
async function send(method, path, body = {}) {
  const response = await fetch(`/api/stage/${path}`, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: method === 'POST' ? JSON.stringify(body) : null,
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (!response.ok) throw new Refused((await response.json().catch(() => ({}))).error ?? `HTTP ${response.status}`);
}
