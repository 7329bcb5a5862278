// Releases: how sessions ended, and which share of them did not crash.

import { get, list } from './api.js';
import { chart } from './chart.js';
import { clipped, el, live } from './dom.js';
import { replaced } from './metrics.js';
import { rangeChoice, seconds } from './range-choice.js';
import { redraw } from './redraw.js';
import { exact, many } from './time.js';

/** @type {Tab} */
export default { name: 'Releases', path: '/releases', views: [[/^\/(?:releases|sessions)$/, releases]] };

const COLUMNS = ['Release', 'Crash-free sessions', 'Crash-free users', 'Users', 'Ok', 'Exited', 'Errored', 'Unhandled', 'Crashed', 'Abnormal'];

/** Most charts. */
const CHARTS = 12;

/** Release health, by release. */
function releases() {
  document.title = 'Releases · Inbox';
  const [table, made, charts] = [el('div'), el('div'), el('div')];
  const update = async () => {
    const [sessions, of, over] = await Promise.all([list('sessions', {}), list('releases', {}), /** @type {Promise<Api.Charts>} */ (get(`charts?seconds=${seconds()}`))]);
    redraw(table, sessions.length ? whole(sessions)
      : el('p', { class: 'empty' }, 'No session is held. SDKs send them every minute or so, and when the process stops.'));
    redraw(made, of.length ? el('div', {}, el('h2', {}, 'Commits and deploys'), el('ul', { class: 'rows' }, of.map(commits))) : null);
    replaced(charts, { ...over, .../** @type {{}} */ ({ services: [] }) }, () => over.releases.slice(0, CHARTS).map((it) => release(it, over)));
  };
  const range = el('form', { class: 'filters', onsubmit: (/** @type {Event} */ it) => it.preventDefault() }, rangeChoice(update));
  return live(el('div', {}, el('h1', {}, 'Releases'), table, made, range, charts), update);
}

/** @param {Api.Sessions[]} all */
function whole(all) {
  return el('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': 'Sessions' }, el('table', {},
    el('thead', {}, el('tr', {}, COLUMNS.map((it) => el('th', { scope: 'col' }, it)))),
    el('tbody', {}, all.map(row))));
}

/** @param {Api.Sessions} it */
function row(it) {
  const count = (/** @type {number} */ value) => el('td', {}, value.toLocaleString('en'));
  const query = /[\s"]/.test(it.release) ? `release:"${it.release.replaceAll('"', '')}"` : `release:${it.release}`;
  return el('tr', { 'data-key': it.release },
    el('th', { scope: 'row' }, el('a', { href: `/issues?${new URLSearchParams({ q: query })}` }, it.release.slice(0, 200) || '(none)')),
    el('td', {}, percent(it.crash_free)), el('td', {}, percent(it.crash_free_users)), count(it.users), [it.ok, it.exited, it.errored, it.unhandled, it.crashed, it.abnormal].map(count));
}

/** @param {Api.Release} it */
function commits(it) {
  const deploys = it.deploys.map((deploy) => `${deploy.environment} ${exact(deploy.finished_at)}`);
  return el('li', { class: 'row', 'data-key': it.version }, el('div', { class: 'what' },
    el('strong', {}, clipped(it.version)), ' ',
    el('span', { class: 'quiet' }, clipped([it.projects.join(', '), it.released_at ? `released ${exact(it.released_at)}` : 'not released'].filter(Boolean).join(' · '))),
    el('div', { class: 'quiet' }, deploys.length ? clipped(`Deployed to ${deploys.join(', ')}`) : 'Deployed nowhere'),
    el('details', {}, el('summary', { class: 'quiet' }, many(it.commits.length, 'commit')),
      el('ul', { class: 'lines' }, it.commits.map(commit)))));
}

/** @param {Api.Commit} it */
function commit(it) {
  return el('li', {}, el('code', {}, clipped(it.id.slice(0, 12))), ' ', clipped((it.message ?? '').split('\n')[0] ?? ''), ' ',
    el('span', { class: 'quiet' }, clipped(it.author ?? '')));
}

/** @param {number | null} share */
function percent(share) {
  // Never 100 % where one crashed.
  return share === null ? '–' : `${share === 1 ? '100' : Math.min(99.99, 100 * share).toFixed(2)} %`;
}

/** @param {Api.Charts['releases'][number]} it @param {Api.Charts} charts */
function release({ release, sessions, crashed, crash_free }, { from, step }) {
  const count = (/** @type {number} */ value) => value.toLocaleString('en');
  return el('section', {}, el('h2', {}, release.slice(0, 200) || '(none)'), el('div', { class: 'charts' },
    chart({ title: 'Sessions', from, step, bars: true, written: count,
      lines: [{ label: 'all', values: sessions, colour: '--bar' }, { label: 'crashed', values: crashed, colour: '--error' }] }),
    chart({ title: 'Without a crash', from, step, written: percent, lines: [{ label: 'crash-free', values: crash_free, colour: '--ok' }] })));
}
