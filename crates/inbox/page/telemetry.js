// Logs, metrics and release health.

import { list } from './api.js';
import { badge, el, live, pairs } from './dom.js';
import { asked } from './filters.js';
import { fields, name as named, object, oneLine } from './payload.js';
import { redraw } from './redraw.js';
import { allShown, inWords, shown } from './shown.js';
import { ago, exact, many, millis } from './time.js';

/** How many are listed. */
const LISTED = 300;

/** @type {Tab} */
export const logs = { name: 'Logs', path: '/logs', views: [[/^\/logs$/, logsView]] };

/** The latest log records; `?trace=` narrows them to one trace. */
function logsView() {
  const trace = asked('trace');
  const title = trace ? `Logs of trace ${trace}` : 'Logs';
  const none = `No log record${trace ? ' of this trace' : ''} is held.`;
  return table(title, 'logs', ['When', 'Level', 'Message'], none, (it) => [
    when(it.timestamp), level(it.level), [shown(it.body), about(it)]]);
}

/** @type {Tab} */
export const metrics = { name: 'Metrics', path: '/metrics', views: [[/^\/metrics$/, metricsView]] };

/** The latest metric samples. */
function metricsView() {
  return table('Metrics', 'metrics', ['When', 'Metric', 'Value'], 'No metric is held.', (it) => [
    when(it.timestamp), [shown(it.name), ' ', el('span', { class: 'quiet' }, named(it.type) ?? ''), about(it)], measured(it)]);
}

/** @type {Tab} */
export const sessions = { name: 'Sessions', path: '/sessions', views: [[/^\/sessions$/, sessionsView]] };

/** Release health: how the sessions, one per request, ended. */
function sessionsView() {
  const none = 'No session is held. SDKs send them every minute or so, and when the process stops.';
  return table('Sessions', 'sessions', ['Release', 'Exited', 'Errored', 'Crashed', 'Abnormal'], none, (it) => [
    it.release, it.exited, it.errored, it.crashed, it.abnormal]);
}

/**
 * The entries of a list, the latest at the top.
 *
 * @template {'logs' | 'metrics' | 'sessions'} Name
 * @param {string} title
 * @param {Name} name Of the list.
 * @param {string[]} columns
 * @param {string} none What is shown where the list is empty.
 * @param {(it: Api.Lists[Name]) => import('./dom.js').Child[]} cells Of an entry, one for each column.
 */
function table(title, name, columns, none, cells) {
  const content = el('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': title });
  const view = el('div', {}, el('h1', {}, title), content);
  const head = el('thead', {}, el('tr', {}, columns.map((it) => el('th', { scope: 'col' }, it))));
  /** @param {Api.Lists[Name]} it */
  const row = (it) => el('tr', { 'data-key': key(it) },
    cells(it).map((cell) => el('td', {}, cell)));
  const trace = asked('trace');
  document.title = `${title} · Inbox`;
  return live(view, async () => {
    const all = (await list(name, { trace, limit: LISTED })).sort(latestFirst);
    redraw(content, all.length
      ? el('table', {}, head.cloneNode(true), el('tbody', {}, all.map(row)))
      : el('p', { class: 'empty' }, none));
  });
}

/**
 * What an entry has in common with itself only.
 *
 * @param {Api.Payload | Api.Sessions} entry
 */
function key(entry) {
  const { timestamp, name, body, release } = object(entry);
  return `${timestamp} ${inWords(name ?? body ?? release).slice(0, 200)}`;
}

/**
 * Services send theirs in batches, so that they arrive out of order.
 *
 * @param {Api.Payload | Api.Sessions} one
 * @param {Api.Payload | Api.Sessions} other
 */
function latestFirst(one, other) {
  return (millis(object(other).timestamp) || 0) - (millis(object(one).timestamp) || 0);
}

/** @param {Api.Payload} metric */
function measured({ value, unit }) {
  // Beyond six digits a measurement is noise.
  const amount = typeof value === 'number' ? Number(value.toPrecision(6)) : shown(value);
  return [amount, ' ', named(unit) ?? ''];
}

/** @param {unknown} it */
function level(it) {
  const word = named(it);
  return word ? badge(word) : null;
}

/** @param {unknown} time */
function when(time) {
  return el('span', { class: 'when' }, exact(time).slice(11, 23), el('br'), el('span', { class: 'quiet' }, ago(time)));
}

/** Attributes that are much the same on every record, or stand elsewhere on its line. */
const USUAL = /^(sentry|os|code)\.|^(server\.address|parent_span_id|event_id|debug\.demo)$/;

/**
 * What a record says besides, what it belongs to, and everything it carries, folded.
 *
 * @param {Api.Payload} item
 */
function about(item) {
  const all = fields(item.attributes).map(attribute);
  const event = all.find(([name]) => name === 'event_id')?.[1];
  return [
    el('code', {}, shown(oneLine(all.filter(([name]) => !USUAL.test(name))) || undefined)),
    el('div', { class: 'links' },
      link('trace', item.trace_id, '/transactions?trace='),
      link('event', event, '/events/'),
      all.length ? el('details', {}, el('summary', {}, many(all.length, 'attribute')), pairs(allShown(all))) : null),
  ];
}

/**
 * Attributes are sent as `{ value, type }`.
 *
 * @param {[string, unknown]} attribute
 * @returns {[string, unknown]}
 */
function attribute([name, it]) {
  return [name, object(it).value ?? it];
}

/** @param {string} noun @param {unknown} id @param {string} address What stands before the id. */
function link(noun, id, address) {
  if (!id) return null;
  return el('a', { href: `${address}${encodeURIComponent(inWords(id))}` }, `${noun} ${inWords(id).slice(0, 8)}`);
}
