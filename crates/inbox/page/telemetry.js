// Logs, metrics and release health.

import { list } from './api.js';
import { badge, el, pairs, text } from './dom.js';
import { asked } from './filters.js';
import { fields, oneLine } from './payload.js';
import { redraw } from './redraw.js';
import { ago, exact, many, millis } from './time.js';

/** How many are listed. */
const LISTED = 300;

/** The latest log records; `?trace=` narrows them to one trace. */
export function logs() {
  const trace = asked('trace');
  const title = trace ? `Logs of trace ${trace}` : 'Logs';
  const none = `No log record${trace ? ' of this trace' : ''} is held. Services send warnings and above.`;
  return table(title, 'logs', ['When', 'Level', 'Message'], none, (it) => [
    when(it.timestamp), badge(it.level), [it.body, about(it)]]);
}

/** The latest metric samples. */
export function metrics() {
  return table('Metrics', 'metrics', ['When', 'Metric', 'Value'], 'No metric is held.', (it) => [
    when(it.timestamp), [it.name, ' ', el('span', { class: 'quiet' }, it.type), about(it)], measured(it)]);
}

/** Release health: how the sessions, one per request, ended. */
export function sessions() {
  const none = 'No session is held. Services send theirs once a minute, and when they stop.';
  return table('Sessions', 'sessions', ['Release', 'Exited', 'Errored', 'Crashed', 'Abnormal'], none, (it) => [
    it.release, it.exited, it.errored, it.crashed, it.abnormal]);
}

function table(title, name, columns, none, cells) {
  const content = el('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': title });
  const view = el('div', {}, el('h1', {}, title), content);
  const head = el('thead', {}, el('tr', {}, columns.map((it) => el('th', { scope: 'col' }, it))));
  const row = (it) => el('tr', { 'data-key': `${it.timestamp} ${text(it.name ?? it.body ?? it.release)}` },
    cells(it).map((cell) => el('td', {}, cell)));
  const trace = asked('trace');
  document.title = `${title} · Inbox`;
  view.refresh = async () => {
    const all = (await list(name, { trace, limit: LISTED })).sort(latestFirst);
    redraw(content, all.length
      ? el('table', {}, head.cloneNode(true), el('tbody', {}, all.map(row)))
      : el('p', { class: 'empty' }, none));
  };
  return view;
}

/** Services send theirs in batches, so that they arrive out of order. */
function latestFirst(one, other) {
  return (millis(other.timestamp) || 0) - (millis(one.timestamp) || 0);
}

function measured({ value, unit }) {
  // Beyond six digits a measurement is noise.
  const amount = typeof value === 'number' ? Number(value.toPrecision(6)) : text(value ?? '');
  return `${amount} ${unit ?? ''}`;
}

function when(time) {
  return el('span', { class: 'when' }, exact(time).slice(11, 23), el('br'), el('span', { class: 'quiet' }, ago(time)));
}

/** Attributes that are much the same on every record, or stand elsewhere on its line. */
const USUAL = /^(sentry|os|code)\.|^(server\.address|parent_span_id|event_id|debug\.demo)$/;

/** What a record tells besides, what it belongs to, and everything it carries, folded. */
function about(item) {
  const all = fields(item.attributes).map(([name, it]) => [name, it?.value ?? it]);
  const event = all.find(([name]) => name === 'event_id')?.[1];
  return [
    el('code', {}, oneLine(all.filter(([name]) => !USUAL.test(name)))),
    el('div', { class: 'links' },
      link('trace', item.trace_id, (id) => `/transactions?trace=${id}`),
      link('event', event, (id) => `/events/${id}`),
      all.length ? el('details', {}, el('summary', {}, many(all.length, 'attribute')), pairs(all)) : null),
  ];
}

function link(noun, id, address) {
  if (!id) return null;
  return el('a', { href: address(encodeURIComponent(id)) }, `${noun} ${String(id).slice(0, 8)}`);
}
