// Transactions, and one of them as a waterfall of its spans.

import { get } from './api.js';
import { ago, badge, duration, el, many, millis, pairs, redraw, section } from './dom.js';

/** All transactions, newest first; `?trace=` narrows them to one trace and shows its errors. */
export function transactions() {
  const list = el('div');
  const view = el('div', {}, list);
  const trace = new URLSearchParams(location.search).get('trace');
  const query = trace ? `trace=${encodeURIComponent(trace)}&limit=200` : 'limit=200';
  document.title = 'Transactions · Inbox';
  view.refresh = async () => {
    const { transactions } = await get(`transactions?${query}`);
    const events = trace ? (await get(`events?${query}`)).events : [];
    redraw(list,
      el('h1', { class: trace ? '' : 'unseen' }, trace ? `Trace ${trace}` : 'Transactions'),
      section('Errors and messages', errors(events)),
      transactions.length ? el('ul', { class: 'rows' }, transactions.map(row)) : el('p', { class: 'empty' }, 'No transaction is held. Each request that a service answers makes one.'));
  };
  return view;
}

function row(it) {
  return el('li', { class: `row ${it.status === 'ok' ? 'info' : 'error'}` },
    el('div', { class: 'what' }, el('a', { href: `/transactions/${it.event_id}` }, it.transaction), ' ', el('span', { class: 'quiet' }, `${it.service ?? ''} ${it.op ?? ''}`)),
    el('div', { class: 'number' }, badge(it.status ?? 'unset', it.status === 'ok' ? 'ok' : 'error')),
    el('div', { class: 'number' }, duration(it.duration_ms), el('br'), el('span', { class: 'quiet' }, `${many(it.span_count, 'span')}, `, ago(it.received_at))));
}

function errors(events) {
  if (!events.length) return null;
  return el('ul', { class: 'events' }, events.map((it) => el('li', {}, badge(it.level), ' ', el('a', { href: `/events/${it.event_id}` }, it.title))));
}

/** The view of one transaction. */
export function transaction(id) {
  const view = el('article');
  let drawn = false;
  view.refresh = async () => {
    if (drawn) return;
    const { transaction, errors: events } = await get(`transactions/${encodeURIComponent(id)}`);
    drawn = true;
    document.title = `${transaction.transaction} · Inbox`;
    redraw(view, head(transaction), section('Errors and messages of this trace', errors(events)), section('Spans', waterfall(transaction)), section('Tags', pairs(Object.entries(transaction.tags ?? {}))));
  };
  return view;
}

function head(transaction) {
  const trace = transaction.contexts?.trace ?? {};
  return el('div', {}, el('h1', {}, transaction.transaction), pairs([
    ['Status', badge(trace.status ?? 'unset', trace.status === 'ok' ? 'ok' : 'error')],
    ['Took', duration(length(transaction))],
    ['When', new Date(millis(transaction.start_timestamp)).toISOString()],
    ['Service', [transaction.tags?.service, transaction.release, transaction.environment].filter(Boolean).join(' · ')],
    ['Trace', el('a', { href: `/transactions?trace=${encodeURIComponent(trace.trace_id)}` }, trace.trace_id ?? '')],
  ]));
}

function length(span) {
  return millis(span.timestamp) - millis(span.start_timestamp);
}

/** The transaction is the first bar; each span is below its parent, indented. */
function waterfall(transaction) {
  const trace = transaction.contexts?.trace ?? {};
  const root = { ...transaction, op: trace.op, description: transaction.transaction, status: trace.status, span_id: trace.span_id };
  const spans = (transaction.spans ?? []).toSorted((one, other) => millis(one.start_timestamp) - millis(other.start_timestamp));
  const ids = new Set(spans.map((it) => it.span_id));
  const below = (parent) => spans.filter((it) => (ids.has(it.parent_span_id) ? it.parent_span_id : root.span_id) === parent);
  const lines = (span, depth) => [bar(span, root, depth), ...(depth < 20 ? below(span.span_id).flatMap((it) => lines(it, depth + 1)) : [])];
  return el('ol', { class: 'waterfall' }, lines(root, 0));
}

function bar(span, root, depth) {
  const all = Math.max(length(root), 0.001);
  const bar = el('span', { class: span.status && span.status !== 'ok' ? 'bar failed' : 'bar' });
  bar.style.marginLeft = `${Math.min(99, ((millis(span.start_timestamp) - millis(root.start_timestamp)) / all) * 100)}%`;
  bar.style.width = `${Math.max(0.5, Math.min(100, (length(span) / all) * 100))}%`;
  const name = el('span', { class: 'name' }, el('code', {}, span.op ?? ''), ' ', span.description ?? '');
  name.style.paddingLeft = `${depth}rem`;
  const data = Object.entries(span.data ?? {}).map(([name, value]) => `${name}: ${value}`).join('\n');
  return el('li', { title: data || null }, name, el('span', { class: 'number' }, duration(length(span)), span.status && span.status !== 'ok' ? [el('br'), span.status] : null), el('span', { class: 'lane' }, bar));
}
