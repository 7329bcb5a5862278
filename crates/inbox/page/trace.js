// What else happened in a trace.

import { list } from './api.js';
import { badge, clipped, el, live, section } from './dom.js';
import { redraw } from './redraw.js';
import { ago, duration, many } from './time.js';

/** How many of each are shown. */
const SHOWN = 100;

/**
 * The rest of a trace, without the event or transaction that is shown. Most of it arrives after an error.
 *
 * @param {string | null} trace
 * @param {string} except Id of what is shown.
 */
export function sameTrace(trace, except) {
  const content = el('div');
  return live(content, async () => {
    if (!trace) return;
    const narrowed = { trace, limit: SHOWN };
    const [transactions, events, logs] = await Promise.all([
      list('transactions', narrowed), list('events', narrowed), list('logs', narrowed)]);
    const other = (/** @type {{ event_id: string }} */ it) => it.event_id !== except;
    redraw(content, section('In the same trace',
      lines(transactions.filter(other), transaction),
      errors(events.filter(other)),
      logs.length ? el('p', {}, el('a', { href: `/logs?trace=${trace}` }, many(logs.length, 'log record'))) : null));
  });
}

/**
 * Events as lines; nothing where there are none.
 *
 * @param {Api.EventSummary[]} events
 */
export function errors(events) {
  return lines(events, error);
}

/**
 * @template Item
 * @param {Item[]} items
 * @param {(item: Item) => HTMLElement} line
 */
function lines(items, line) {
  return items.length ? el('ul', { class: 'lines' }, items.map(line)) : null;
}

/** @param {Api.EventSummary} it */
function error(it) {
  return el('li', { 'data-key': it.event_id },
    badge(it.level), ' ', el('a', { href: `/events/${it.event_id}` }, clipped(it.title)),
    el('span', { class: 'quiet' }, ` ${it.service ?? ''} `, ago(it.timestamp ?? it.received_at)));
}

/** @param {Api.TransactionSummary} it */
function transaction(it) {
  return el('li', { 'data-key': it.event_id },
    badge(it.status ?? 'unset', it.status === 'ok' ? 'ok' : 'error'), ' ',
    el('a', { href: `/transactions/${it.event_id}` }, it.transaction ?? it.event_id),
    el('span', { class: 'quiet' }, ` ${[it.service, it.op, duration(it.duration_ms)].filter(Boolean).join(' · ')}`));
}
