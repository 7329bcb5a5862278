// One trace across services, and what of a trace is shown beside an event or a transaction.

import { get, Refused } from './api.js';
import { badge, clipped, el, live, section } from './dom.js';
import { logTable } from './logs.js';
import { object, string } from './payload.js';
import { redraw } from './redraw.js';
import { status } from './status.js';
import { ago, duration, exact, many } from './time.js';
import { waterfall } from './waterfall.js';

/** How many errors and transactions are listed. */
const LISTED = 100;

/**
 * The view of a trace: its errors, its waterfall, its logs. It grows as services send their parts.
 *
 * @param {string} id
 */
export function traceView(id) {
  const [head, newer, content] = [el('div'), el('div', { role: 'status' }), el('div')];
  let shown = '';
  document.title = 'Trace · Inbox';
  return live(el('article', {}, head, newer, content), async () => {
    const trace = await ask(id);
    if (!trace) throw new Refused('no such trace is held');
    redraw(head, heading(trace));
    const state = JSON.stringify([trace.spans.length, trace.omitted_spans, trace.errors.length, trace.logs.length]);
    const show = () => {
      content.replaceChildren(el('div', {}, body(trace)));
      newer.replaceChildren();
      shown = state;
    };
    if (state === shown) return;
    if (!shown || !content.querySelector('.waterfall details[open]')) show();
    else newer.replaceChildren(el('p', { class: 'notice' }, 'More of this trace arrived. ', el('button', { type: 'button', onclick: show }, 'Show it')));
  });
}

/**
 * @param {string} id
 * @returns {Promise<Api.Trace | null>} Nothing where nothing of it is held.
 */
async function ask(id) {
  try {
    return await get(`traces/${encodeURIComponent(id)}`);
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

/** @param {Api.Trace} trace */
function heading({ trace_id: id, services, start, end, errors, omitted_errors }) {
  const took = start !== null && end !== null ? duration((end - start) * 1000) : null;
  return el('div', {},
    el('p', { class: 'path' }, el('a', { href: '/traces' }, 'Traces')),
    el('h1', {}, `Trace ${id}`),
    el('p', {}, [many(services.length, 'service'), took, many(errors.length + omitted_errors, 'error')].filter(Boolean).join(' · '),
      start === null ? null : [' · ', el('span', { class: 'quiet' }, exact(start))]));
}

/** @param {Api.Trace} trace */
function body(trace) {
  const { errors, logs, omitted_spans, omitted_errors, omitted_logs } = trace;
  const omitted = (/** @type {number} */ count, /** @type {string} */ noun) =>
    (count ? el('p', { class: 'quiet' }, `${many(count, noun)} more left out.`) : null);
  return [
    section('Errors and messages', errorLines(errors), omitted(omitted_errors, 'older event')),
    section('Spans', trace.spans.length ? waterfall(trace.spans.map(span), marks(trace))
      : el('p', { class: 'quiet' }, 'None has arrived: tracing is off, or this trace was not sampled.'), omitted(omitted_spans, 'later span')),
    section('Logs', logs.length ? logTable(logs.toReversed()) : null, omitted(omitted_logs, 'older record')),
  ];
}

/** @param {Api.TraceSpan} it @returns {import('./spans.js').Span} */
function span(it) {
  const start = it.start * 1000;
  return {
    id: it.span_id ?? crypto.randomUUID(), parent: it.parent_span_id, start, end: start + it.duration_ms,
    op: it.op ?? '', name: it.description ?? '', status: it.status, service: it.service ?? `project ${it.project}`,
    transaction: it.transaction_id, root: it.transaction, data: null,
  };
}

/** @param {Api.Trace} trace @returns {import('./waterfall.js').Marks} */
function marks({ errors, logs }) {
  /** @type {import('./waterfall.js').Marks} */
  const marks = { errors: new Map(), logs: new Map() };
  for (const it of errors) if (it.span_id) marks.errors.set(it.span_id, [...marks.errors.get(it.span_id) ?? [], it]);
  for (const it of logs) {
    const attribute = object(it.attributes)['sentry.trace.parent_span_id'] ?? it.span_id;
    const id = string(object(attribute).value ?? attribute);
    if (id) marks.logs.set(id, (marks.logs.get(id) ?? 0) + 1);
  }
  return marks;
}

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
    const whole = await ask(trace);
    if (!whole) return;
    const transactions = whole.spans.filter((it) => it.transaction && it.transaction_id !== except).slice(0, LISTED);
    const errors = whole.errors.filter((it) => it.event_id !== except).slice(-LISTED);
    redraw(content, section('In the same trace',
      transactions.length ? el('ul', { class: 'lines' }, transactions.map(transaction)) : null,
      errorLines(errors),
      transactions.length || whole.logs.length ? el('p', {}, el('a', { href: `/traces/${encodeURIComponent(trace)}` },
        `The whole trace: ${many(whole.spans.length, 'span')}, ${many(whole.logs.length, 'log record')}`)) : null));
  });
}

/** @param {Api.EventSummary[]} events */
function errorLines(events) {
  return events.length ? el('ul', { class: 'lines' }, events.map(error)) : null;
}

/** @param {Api.EventSummary} it */
function error(it) {
  return el('li', { 'data-key': it.event_id },
    badge(it.level), ' ', el('a', { href: `/events/${it.event_id}` }, clipped(it.title)),
    el('span', { class: 'quiet' }, ` ${it.service ?? `project ${it.project}`} `, ago(it.timestamp ?? it.received_at)));
}

/** @param {Api.TraceSpan} it */
function transaction(it) {
  return el('li', { 'data-key': it.span_id ?? '' },
    status(it.status), ' ',
    el('a', { href: `/transactions/${it.transaction_id}` }, clipped(it.description ?? it.transaction_id)),
    el('span', { class: 'quiet' }, ` ${[it.service ?? `project ${it.project}`, it.op, duration(it.duration_ms)].filter(Boolean).join(' · ')}`));
}
