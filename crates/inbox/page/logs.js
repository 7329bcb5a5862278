// Log records.

import { page } from './api.js';
import { badge, el, pairs } from './dom.js';
import { asked } from './address.js';
import { listing } from './listing.js';
import { fields, name as named, object, oneLine } from './payload.js';
import { allShown, inWords, shown } from './shown.js';
import { ago, exact, many, millis } from './time.js';

/** @type {Tab} */
export default { name: 'Logs', path: '/logs', views: [[/^\/logs$/, logs]] };

/** The latest log records; `?trace=` narrows them to one trace. */
function logs() {
  const trace = asked('trace');
  return listing({
    title: trace ? `Logs of trace ${trace}` : 'Logs',
    hint: 'severity:error attribute:value some text',
    choices: [{ name: 'level', label: 'Severity', options: [
      ['', 'Every severity'], ['warn,warning,error,fatal', 'Warnings and above'], ['error,fatal', 'Errors and above'],
      ['trace', 'Trace'], ['debug', 'Debug'], ['info', 'Info'], ['warn,warning', 'Warnings'], ['error', 'Errors'], ['fatal', 'Fatal']] }],
    ask: async (narrowed) => {
      const { entries, more } = await page('logs', { ...narrowed, trace });
      return { entries: entries.sort(latestFirst), more };
    },
    key,
    row: logRow,
    list: el('tbody'),
    around: wide,
    empty: () => el('p', { class: 'empty' }, `No log record${trace ? ' of this trace' : ''} is held.`),
  });
}

/** @param {HTMLElement} body */
function wide(body) {
  const head = el('thead', {}, el('tr', {}, ['When', 'Level', 'Message'].map((it) => el('th', { scope: 'col' }, it))));
  return el('div', { class: 'wide records', tabindex: '0', role: 'region', 'aria-label': 'Records' }, el('table', {}, head, body));
}

/**
 * Records as a table of their own.
 *
 * @param {Api.Payload[]} records
 */
export function logTable(records) {
  return wide(el('tbody', {}, records.map(logRow)));
}

/** @param {Api.Payload} it */
function logRow(it) {
  const level = named(it.level);
  return el('tr', {}, el('td', {}, when(it.timestamp)), el('td', {}, level ? badge(level) : null),
    el('td', {}, shown(it.body), about(it)));
}

/**
 * What an entry has in common with itself only.
 *
 * @param {Api.Payload} entry
 */
export function key({ timestamp, name, body, value, span_id: span }) {
  return `${timestamp} ${inWords([name, body, value, span]).slice(0, 300)}`;
}

/**
 * Services send theirs in batches, so that they arrive out of order.
 *
 * @param {Api.Payload} one
 * @param {Api.Payload} other
 */
export function latestFirst(one, other) {
  return (millis(other.timestamp) || 0) - (millis(one.timestamp) || 0);
}

/** @param {unknown} time */
export function when(time) {
  return el('span', { class: 'when' }, exact(time).slice(11, 23), el('br'), el('span', { class: 'quiet' }, ago(time)));
}

/** Attributes that are much the same on every record, or stand elsewhere on its line. */
const USUAL = /^(sentry|os|code)\.|^(server\.address|parent_span_id|event_id|debug\.demo)$/;

/**
 * What a record says besides, what it belongs to, and everything it carries, folded.
 *
 * @param {Api.Payload} item
 */
export function about(item) {
  const all = fields(item.attributes).map(attribute);
  const event = all.find(([name]) => name === 'event_id')?.[1];
  return [
    el('code', {}, shown(oneLine(all.filter(([name]) => !USUAL.test(name))) || undefined)),
    el('div', { class: 'links' },
      link('trace', item.trace_id, '/traces/'),
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
  return el('a', { href: `${address}${encodeURIComponent(inWords(id).slice(0, 300))}` }, `${noun} ${inWords(id).slice(0, 8)}`);
}
