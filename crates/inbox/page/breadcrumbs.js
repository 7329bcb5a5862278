// What led to an event.

import { badge, el } from './dom.js';
import { fields, oneLine, values } from './payload.js';
import { duration, exact, millis } from './time.js';

/**
 * The breadcrumbs of an event in their order; nothing where there are none.
 *
 * @param {Api.Payload} event
 */
export function breadcrumbs(event) {
  const crumbs = values(event.breadcrumbs);
  return crumbs.length ? el('ol', { class: 'crumbs' }, crumbs.map((it) => crumb(it, millis(event.timestamp)))) : null;
}

/** @param {Api.Payload} crumb @param {number} at When the event arose. */
function crumb({ timestamp, category, type, level, message, data }, at) {
  const known = oneLine(fields(data));
  return el('li', { class: 'crumb' },
    el('span', { class: 'offset', title: exact(timestamp) }, offset(at - millis(timestamp))),
    el('span', { class: 'category' }, category ?? type ?? ''),
    el('div', {},
      level && level !== 'info' ? [badge(level), ' '] : null,
      message,
      known ? el('code', {}, known) : null));
}

/**
 * How long before the event; the clocks of threads may differ by a trifle.
 *
 * @param {number} before
 */
function offset(before) {
  const took = duration(Math.max(0, before));
  return took && `−${took}`;
}
