// What was known of the world when an event arose.

import { el, pairs, section } from './dom.js';
import { fields } from './payload.js';
import { shown } from './shown.js';
import { bytes } from './time.js';

/** What every event has, in this order. What only this one knows comes before it. */
const GENERAL = ['runtime', 'app', 'device', 'os', 'request', 'trace'];

/** Names under which the [protocol](https://develop.sentry.dev/sdk/data-model/event-payloads/contexts/) has bytes. */
const BYTES = /^((app|free|usable)_memory|memory_size|(free_)?storage_size|\w+_bytes)$/;

/**
 * Every context of an event; nothing where there is none.
 *
 * @param {unknown} all
 */
export function contexts(all) {
  const place = (/** @type {[string, unknown]} */ [name]) => GENERAL.indexOf(name);
  const sorted = fields(all).sort((one, other) => place(one) - place(other));
  return section('Contexts', sorted.length ? el('div', { class: 'contexts' }, sorted.map(context)) : null);
}

/** @param {[string, unknown]} context */
function context([name, content]) {
  const reported = fields(content).filter(([field]) => field !== 'type');
  return el('div', { class: GENERAL.includes(name) ? 'context' : 'context own' },
    el('h3', {}, name),
    pairs(reported.map(([field, value]) => [field, readable(field, value)])) ?? el('p', {}, shown(content)));
}

/** @param {string} name @param {unknown} value */
function readable(name, value) {
  return typeof value === 'number' && value >= 1024 && BYTES.test(name) ? `${bytes(value)} (${value})` : shown(value);
}
