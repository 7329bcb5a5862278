// Logs, metrics and release health.

import { get } from './api.js';
import { ago, badge, el, redraw, text } from './dom.js';

/** The latest log records. */
export function logs() {
  return list('Logs', 'logs', 'No log record is held. Services send warnings and above.', (it) => el('tr', {},
    el('td', {}, ago(it.timestamp)), el('td', {}, badge(it.level)), el('td', {}, it.body, attributes(it)), el('td', {}, trace(it))));
}

/** The latest metric samples. */
export function metrics() {
  return list('Metrics', 'metrics', 'No metric is held.', (it) => el('tr', {},
    el('td', {}, ago(it.timestamp)), el('td', {}, it.name, attributes(it)), el('td', {}, it.type), el('td', { class: 'number' }, `${it.value} ${it.unit ?? ''}`)));
}

/** Release health: how the sessions, one per request, ended. */
export function sessions() {
  const counts = ['exited', 'errored', 'crashed', 'abnormal'];
  return list('Sessions', 'sessions', 'No session is held. Services send theirs once a minute, and when they stop.', (it) => el('tr', {},
    el('td', {}, it.release), counts.map((name) => el('td', { class: 'number' }, `${it[name] ?? 0} ${name}`))));
}

function list(title, name, none, row) {
  const table = el('div', { class: 'wide' });
  const view = el('div', {}, el('h1', {}, title), table);
  const trace = new URLSearchParams(location.search).get('trace');
  document.title = `${title} · Inbox`;
  view.refresh = async () => {
    const all = (await get(`${name}?limit=300${trace ? `&trace=${encodeURIComponent(trace)}` : ''}`))[name];
    redraw(table, all.length ? el('table', {}, el('tbody', {}, all.map(row))) : el('p', { class: 'empty' }, none));
  };
  return view;
}

/** The SDK's own attributes are the same on every record: only the others tell something. */
function attributes(item) {
  const own = Object.entries(item.attributes ?? {}).filter(([name]) => !name.startsWith('sentry.'));
  return own.length ? el('code', {}, own.map(([name, it]) => `${name}=${text(it?.value ?? it)}`).join('  ')) : null;
}

function trace(item) {
  return item.trace_id ? el('a', { href: `/transactions?trace=${encodeURIComponent(item.trace_id)}` }, item.trace_id.slice(0, 8)) : '';
}
