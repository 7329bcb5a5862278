// What else happened in a trace.

import { list } from './api.js';
import { badge, clipped, el, section } from './dom.js';
import { redraw } from './redraw.js';
import { ago, duration, many } from './time.js';

/** How many of each are shown. */
const SHOWN = 100;

/**
 * The rest of a trace, without the event or transaction that is shown. Has a method `refresh`, since most of it arrives
 * after an error.
 */
export function sameTrace(trace, except) {
  const content = el('div');
  content.refresh = async () => {
    if (!trace) return;
    const narrowed = { trace, limit: SHOWN };
    const [transactions, events, logs] = await Promise.all(
      ['transactions', 'events', 'logs'].map((name) => list(name, narrowed)));
    const other = (it) => it.event_id !== except;
    redraw(content, section('In the same trace',
      lines(transactions.filter(other), transaction),
      errors(events.filter(other)),
      logs.length ? el('p', {}, el('a', { href: `/logs?trace=${trace}` }, many(logs.length, 'log record'))) : null));
  };
  return content;
}

/** Events as lines; nothing where there are none. */
export function errors(events) {
  return lines(events, error);
}

function lines(items, line) {
  return items.length ? el('ul', { class: 'lines' }, items.map(line)) : null;
}

function error(it) {
  return el('li', { 'data-key': it.event_id },
    badge(it.level), ' ', el('a', { href: `/events/${it.event_id}` }, clipped(it.title)),
    el('span', { class: 'quiet' }, ` ${it.service ?? ''} `, ago(it.timestamp ?? it.received_at)));
}

function transaction(it) {
  return el('li', { 'data-key': it.event_id },
    badge(it.status ?? 'unset', it.status === 'ok' ? 'ok' : 'error'), ' ',
    el('a', { href: `/transactions/${it.event_id}` }, it.transaction ?? it.event_id),
    el('span', { class: 'quiet' }, ` ${[it.service, it.op, duration(it.duration_ms)].filter(Boolean).join(' · ')}`));
}
