// The lists of traces and of transactions.

import { page } from './api.js';
import { clipped, el, figures } from './dom.js';
import { beside, listing } from './listing.js';
import { failed, status } from './status.js';
import { ago, duration, many } from './time.js';
import { traceView } from './trace.js';
import { transaction } from './transaction.js';

/** @type {Tab} */
export default {
  name: 'Traces',
  path: '/traces',
  views: [[/^\/traces$/, traces], [/^\/traces\/([^/]+)$/, traceView],
    [/^\/transactions$/, transactions], [/^\/transactions\/([^/]+)$/, transaction]],
};

const HINT = 'service:shop transaction.op:http.server some text, or an id';

const LISTS = () => beside([['/traces', 'Traces'], ['/transactions', 'Transactions']]);

/** What happened together, across services; the most recently updated first. */
function traces() {
  return listing({
    title: 'Traces', hint: 'service:shop errors:>0 some text, or an id', above: LISTS(),
    ask: (narrowed) => page('traces', narrowed),
    key: (it) => it.trace_id,
    row: traceRow,
    empty: () => el('p', { class: 'empty' }, 'No trace is held. SDKs send one for each request, where tracing is on.'),
  });
}

/** @param {Api.TraceSummary} it */
function traceRow(it) {
  const wrong = failed(it.status) || it.errors > 0;
  return el('li', { class: `row ${wrong ? 'error' : 'info'}` },
    el('div', { class: 'what' },
      el('a', { href: `/traces/${encodeURIComponent(it.trace_id)}` }, clipped(it.name ?? it.trace_id)),
      el('p', { class: 'quiet' }, status(it.status), ' ',
        it.errors ? [el('span', { class: 'wrong' }, `✗ ${many(it.errors, 'error')}`), ' '] : null,
        it.services.slice(0, 10).join(' → '))),
    figures(duration(it.duration_ms), many(it.spans, 'span')),
    el('div', { class: 'number' }, ago(it.received_at)));
}

/** Transactions, the newest first. */
function transactions() {
  return listing({
    title: 'Transactions', hint: HINT, above: LISTS(),
    ask: (narrowed) => page('transactions', narrowed),
    key: (it) => it.event_id,
    row: transactionRow,
    empty: () => el('p', { class: 'empty' }, 'No transaction is held. SDKs send one for each request, where tracing is on.'),
  });
}

/** @param {Api.TransactionSummary} it */
function transactionRow(it) {
  return el('li', { class: `row ${failed(it.status) ? 'error' : 'info'}` },
    el('div', { class: 'what' },
      el('a', { href: `/transactions/${it.event_id}` }, clipped(it.transaction ?? it.event_id)),
      el('p', { class: 'quiet' }, status(it.status), ' ', clipped([it.service ?? `project ${it.project}`, it.op].filter(Boolean).join(' · ')))),
    figures(duration(it.duration_ms), many(it.span_count, 'span')),
    el('div', { class: 'number' }, ago(it.received_at)));
}
