// The list of transactions, and of all that belongs to one trace.

import { list } from './api.js';
import { badge, el, figures, live, section } from './dom.js';
import { asked, filters, fits } from './filters.js';
import { redraw } from './redraw.js';
import { ago, duration, many } from './time.js';
import { errors } from './trace.js';
import { transaction } from './transaction.js';

const CHOICES = { status: 'Every status', service: 'Every service' };

/** How many are listed. */
const LISTED = 300;

/** @type {Tab} */
export default {
  name: 'Transactions',
  path: '/transactions',
  views: [[/^\/transactions$/, transactions], [/^\/transactions\/([^/]+)$/, transaction]],
};

/** Transactions, newest first; `?trace=` narrows them to one trace and shows its errors. */
function transactions() {
  const trace = asked('trace');
  const [content, events] = [el('div'), el('div')];
  /** @type {Api.TransactionSummary[]} */
  let held = [];
  document.title = `${trace ? 'Trace' : 'Transactions'} · Inbox`;
  const draw = () => redraw(content, rows(held, held.filter(wanted)));
  const bar = filters(CHOICES, 'Transaction, op, trace …', draw);
  const view = el('div', {}, heading(trace), events, bar, content);
  return live(view, async () => {
    held = await list('transactions', { trace, limit: LISTED });
    bar.offer(held);
    if (trace) redraw(events, section('Errors and messages', errors(await list('events', { trace, limit: LISTED }))));
    draw();
  });
}

/** @param {string} trace */
function heading(trace) {
  if (!trace) return el('h1', { class: 'unseen' }, 'Transactions');
  return el('div', {}, el('h1', {}, `Trace ${trace}`),
    el('p', {}, el('a', { href: `/logs?trace=${encodeURIComponent(trace)}` }, 'Its logs')));
}

/** @param {Api.TransactionSummary} it */
function wanted(it) {
  return fits(it, CHOICES, [it.transaction, it.op, it.trace_id, it.service]);
}

/** @param {Api.TransactionSummary[]} held @param {Api.TransactionSummary[]} shown */
function rows(held, shown) {
  if (shown.length) return el('ul', { class: 'rows' }, shown.map(row));
  const none = 'No transaction is held. Each request that a service answers makes one.';
  return el('p', { class: 'empty' }, held.length ? 'None of these transactions fits the filter.' : none);
}

/** @param {Api.TransactionSummary} it */
function row(it) {
  const status = it.status ?? 'unset';
  return el('li', { class: `row ${status === 'ok' ? 'info' : 'error'}`, 'data-key': it.event_id },
    el('div', { class: 'what' },
      el('a', { href: `/transactions/${it.event_id}` }, it.transaction ?? it.event_id),
      el('p', { class: 'quiet' }, badge(status, status === 'ok' ? 'ok' : 'error'), ' ',
        [it.service, it.op].filter(Boolean).join(' · '))),
    figures(duration(it.duration_ms), many(it.span_count, 'span')),
    el('div', { class: 'number' }, ago(it.received_at)));
}
