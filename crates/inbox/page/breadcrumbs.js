// What led to an event.

import { badge, el, limited } from './dom.js';
import { fields, name, oneLine, values } from './payload.js';
import { inWords, shown } from './shown.js';
import { duration, exact, millis } from './time.js';

/**
 * The breadcrumbs of an event in their order; nothing where there are none.
 *
 * @param {Api.Payload} event
 */
export function breadcrumbs(event) {
  const crumbs = values(event.breadcrumbs);
  const draw = (/** @type {Api.Payload} */ it) => crumb(it, millis(event.timestamp));
  return crumbs.length ? limited(el('ol', { class: 'crumbs' }), crumbs, draw) : null;
}

/** @param {Api.Payload} crumb @param {number} at When the event arose. */
function crumb({ timestamp, category, type, level, message, data }, at) {
  const known = oneLine(fields(data)) || (data === undefined || data === null ? '' : inWords(data));
  const severity = name(level);
  return el('li', { class: 'crumb' },
    el('span', { class: 'offset', title: exact(timestamp) }, offset(at - millis(timestamp))),
    el('span', { class: 'category' }, name(category) ?? name(type) ?? ''),
    el('div', {},
      severity && severity !== 'info' ? [badge(severity), ' '] : null,
      message ? shown(message) : null,
      known && known !== '{}' ? el('code', {}, shown(known)) : null));
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
