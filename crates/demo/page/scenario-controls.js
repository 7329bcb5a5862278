// What concerns all services: traffic, a release, and breaking everything.

import { el } from './dom.js';
import { ago, duration, many } from './time.js';

/** Visits a second that can be chosen. */
const RATES = [1, 5, 20, 50];

/** The version that goes wrong. */
const NEXT = '1.1.0';

/** @param {Stage.State} state */
export function controls(state) {
  return [traffic(state), release(state), everything(state)];
}

/** @param {Stage.State} state */
function traffic({ traffic, check }) {
  const running = traffic?.running ? traffic : null;
  const rates = running && !RATES.includes(running.options.rate) ? [...RATES, running.options.rate] : RATES;
  const option = (/** @type {number} */ rate) =>
    el('option', { value: rate, selected: (running?.options.rate ?? 0) === rate }, rate ? `${rate} visits/s` : 'off');
  // A selection of the reader stands until the state says otherwise, so the element is another one for each rate.
  return el('div', { class: 'control', 'data-key': 'traffic' },
    el('label', {}, 'Traffic ', el('select', { 'data-action': 'traffic', 'data-key': `rate-${running?.options.rate ?? 0}`,
      disabled: Boolean(check?.running) }, [0, ...rates].map(option))),
    traffic ? el('p', { class: 'quiet' }, summary(traffic)) : el('p', { class: 'quiet' }, 'Players play rounds, over all services.'));
}

/** @param {Stage.Traffic} traffic */
function summary(traffic) {
  const all = Object.values(traffic.visits).reduce((sum, count) => sum + count, 0);
  const counts = `${many(all, 'visit')}, ${traffic.refused} refused, ${traffic.failed} failed`;
  if (!traffic.running) return `It is over: ${counts}.`;
  const p95 = traffic.p95_ms === null ? '' : `, p95 ${duration(traffic.p95_ms)}`;
  return `${traffic.rate.toFixed(1)}/s${p95}; ${counts}; ${duration(Math.max(0, traffic.ends_at * 1000 - Date.now()))} left.`;
}

/** @param {Stage.State} state */
function release({ release, supervised, services, check }) {
  const engine = services.find((it) => it.name === 'game-engine');
  if (!engine) return null;
  if (!supervised) {
    return el('div', { class: 'control', 'data-key': 'release' }, el('p', { class: 'quiet' },
      'A release is deployed here by `cargo run`, elsewhere by whatever runs the services.'));
  }
  const off = engine.state !== 'serving' || Boolean(check?.running);
  if (!release) {
    return el('div', { class: 'control', 'data-key': 'release' },
      el('button', { type: 'button', 'data-action': 'deploy', 'data-value': NEXT, 'data-key': 'deploy', disabled: off },
        `Deploy game-engine ${NEXT}`),
      el('p', { class: 'quiet' }, 'A release that goes wrong: its new paytable fails for one symbol.'));
  }
  return el('div', { class: 'control', 'data-key': 'release' },
    el('button', { type: 'button', 'data-action': 'roll-back', 'data-key': 'roll-back', disabled: off },
      `Roll back to ${release.before}`),
    el('p', {}, `${release.service} ${release.version} was deployed `, ago(release.since), '. Watch: ',
      el('a', { href: '/issues' }, 'new issues'), ', ', el('a', { href: '/sessions' }, 'crash-free rate'), '.'));
}

/** @param {Stage.State} state */
function everything({ check, services }) {
  const off = Boolean(check?.running) || services.some((it) => it.state !== 'serving');
  return el('div', { class: 'control', 'data-key': 'everything' },
    el('button', { type: 'button', class: 'break', 'data-action': 'check', disabled: off },
      check?.running ? 'Breaking everything …' : 'Break everything'),
    el('p', { class: 'quiet' }, 'Fires each scenario once and compares; takes about half a minute.'));
}
