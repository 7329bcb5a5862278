// Spans over time, each below its parent.

import { get, message } from './api.js';
import { el, limited, pairs } from './dom.js';
import { fields, name, object, string, values } from './payload.js';
import { allShown } from './shown.js';
import { assembled } from './spans.js';
import { failed } from './status.js';
import { duration, many, millis } from './time.js';

/** @typedef {import('./spans.js').Span} Span */
/** @typedef {import('./spans.js').Row} Row */

/**
 * What happened during a span, by the span's id.
 *
 * @typedef {{ errors: Map<string, Api.EventSummary[]>, logs: Map<string, number> }} Marks
 */

/** Deeper ones are not indented any further. */
const DEEPEST = 12;

/** How many rows are drawn before the reader asks for more. */
const DRAWN = 200;

/** What takes less of the whole is not called critical. */
const TRIFLE = 0.01;

/** @type {Marks} */
const NONE = { errors: new Map(), logs: new Map() };

/**
 * The spans that a transaction contains, its own among them.
 *
 * @param {Api.Payload} transaction
 * @param {Api.TransactionSummary} summary
 * @returns {Span[]}
 */
export function spansOf(transaction, summary) {
  const trace = object(object(transaction.contexts).trace);
  const service = summary.service ?? `project ${summary.project}`;
  const root = { ...trace, ...transaction, description: transaction.transaction, data: trace.data, tags: null };
  const own = { ...span(root, service, summary.event_id), root: true };
  const ids = new Set([own.id]);
  const spans = values(transaction.spans).map((it) => span(it, service, summary.event_id));
  for (const it of spans) ids.add(it.id);
  // Within a transaction, a span whose parent is not there is below the transaction.
  const placed = spans.map((it) => (it.parent !== null && ids.has(it.parent) ? it : { ...it, parent: own.id }));
  return [own, ...placed];
}

/** @param {Api.Payload} it @param {string} service @param {string} transaction @returns {Span} */
function span(it, service, transaction) {
  const data = Object.fromEntries([...fields(it.tags), ...fields(it.data)]);
  return {
    id: name(it.span_id) ?? crypto.randomUUID(), parent: name(it.parent_span_id),
    start: millis(it.start_timestamp), end: millis(it.timestamp),
    op: name(it.op) ?? '', name: name(it.description) ?? '', status: string(it.status), service, transaction, root: false,
    data: it.origin === undefined ? data : { ...data, origin: it.origin },
  };
}

/**
 * @param {Span[]} spans
 * @param {Marks} marks
 */
export function waterfall(spans, marks = NONE) {
  const { rows, start, end, known } = assembled(spans);
  const whole = Math.max(end - start, 0.001);
  const drawn = (/** @type {Row} */ row) => line(row, { start, whole, marks, known });
  return el('div', { class: 'trace' }, axis(whole), limited(el('ol', { class: 'waterfall' }), rows, drawn, DRAWN));
}

/** @param {number} whole */
function axis(whole) {
  return el('div', { class: 'axis', 'aria-hidden': 'true' }, el('span'), el('span'),
    el('span', { class: 'ticks' }, [0, 0.25, 0.5, 0.75, 1].map((it) => el('span', {}, duration(it * whole) || '0'))));
}

/** @typedef {{ start: number, whole: number, marks: Marks, known: Map<string, Span> }} Scale */

/** @param {Row} row @param {Scale} scale @returns {HTMLElement} */
function line(row, scale) {
  const { spans, depth } = row;
  const wrong = row.kind === 'orphans' ? 0 : spans.filter((it) => failed(it.status)).length;
  const errors = row.kind === 'orphans' ? 0 : sum(spans, (it) => scale.marks.errors.get(it.id)?.length ?? 0);
  const logs = row.kind === 'orphans' ? 0 : sum(spans, (it) => scale.marks.logs.get(it.id) ?? 0);
  const critical = row.critical > TRIFLE * scale.whole;
  const label = el('span', { class: 'name' }, el('span', { class: 'unseen' }, `Level ${depth + 1}: `), title(row));
  label.style.paddingLeft = `${Math.min(depth, DEEPEST)}rem`;
  const summary = el('summary', {}, label,
    el('span', { class: 'number' }, took(row),
      wrong ? el('span', { class: 'wrong' }, ` ✗ ${wrong > 1 ? `${wrong} failed` : words(spans.find((it) => failed(it.status))?.status)}`) : null,
      errors ? el('span', { class: 'wrong' }, ` ✗ ${many(errors, 'error')}`) : null,
      logs ? el('span', { class: 'quiet' }, ` ${many(logs, 'log')}`) : null,
      critical ? el('span', { class: 'quiet', title: `Everything waited ${duration(row.critical)} for this span itself` }, ' ← critical path') : null),
    el('span', { class: 'lane' }, spans.slice(0, DRAWN).map((it) => bar(it, scale, wrong > 0 && failed(it.status), critical))));
  const details = el('details', { ontoggle: () => {
    // Made when it is opened: most are not.
    if (details.childElementCount === 1) details.append(inside(row, scale));
  } }, summary);
  return el('li', { 'data-key': row.key, class: row.kind }, details);
}

/** @param {Row} row */
function title({ kind, span, spans }) {
  if (kind === 'orphans') return [el('strong', {}, 'Parent not received'), ` (${many(spans.length, 'span')})`];
  return [
    span.root && span.service ? [el('span', { class: 'service' }, span.service.slice(0, 60)), ' '] : null,
    el('code', {}, span.op.slice(0, 200)), ' ', span.name.slice(0, 300) || (span.op ? null : 'unnamed'),
    kind === 'repeated' ? el('strong', {}, ` × ${spans.length.toLocaleString('en')}`) : null,
  ];
}

/** @param {Row} row */
function took({ kind, span, spans }) {
  if (kind === 'repeated') return `${duration(sum(spans, (it) => it.end - it.start))} in all`;
  return duration(span.end - span.start);
}

/** @param {Row} row @param {Scale} scale */
function inside({ kind, span, spans, inside: rows }, scale) {
  if (kind === 'repeated') return limited(el('ol', { class: 'waterfall' }), rows, (it) => line(it, scale), DRAWN);
  if (kind === 'orphans') {
    const missing = [...new Set(spans.map((it) => it.parent ?? ''))];
    return el('p', { class: 'quiet' }, 'What called these is not here: it is not traced, was not sampled, or has not arrived yet. ',
      'Missing: ', missing.slice(0, 10).map((it) => [el('code', {}, it.slice(0, 32)), ' ']));
  }
  const errors = scale.marks.errors.get(span.id) ?? [];
  const data = el('div', {}, span.data ? pairs(allShown(Object.entries(span.data))) : 'Asking for its data …');
  if (!span.data) dataOf(span).then((known) => data.replaceChildren(known));
  return el('div', { class: 'inside' },
    errors.map((it) => el('p', {}, '✗ ', el('a', { href: `/events/${it.event_id}` }, it.title.slice(0, 300)))),
    span.root ? el('p', {}, el('a', { href: `/transactions/${span.transaction}` }, 'The transaction'), ' · ',
      el('a', { href: `/profiles?transaction=${span.transaction}` }, 'Its profile')) : null,
    pairs([['begins after', duration(span.start - scale.start) || '0 ms'], ['span', span.id], ['in', span.service],
      ['status', span.status]]), data);
}

/**
 * The data of a span, from the transaction that it belongs to.
 *
 * @param {Span} span
 */
async function dataOf({ transaction: id, id: wanted }) {
  try {
    const { transaction, summary } = /** @type {Api.TransactionDetails} */ (await get(`transactions/${id}`));
    const data = spansOf(transaction, summary).find((it) => it.id === wanted)?.data ?? {};
    return pairs(allShown(Object.entries(data))) ?? el('p', { class: 'quiet' }, 'It has no data.');
  } catch (error) {
    return el('p', { class: 'quiet' }, `Its data is not here: ${message(error)}.`);
  }
}

/** @param {Span} span @param {Scale} scale @param {boolean} wrong @param {boolean} critical */
function bar(span, { start, whole, known }, wrong, critical) {
  const percent = (/** @type {number} */ ms) => Math.min(100, Math.max(0, (100 * ms) / whole)) || 0;
  const bar = el('span', { class: ['bar', wrong ? 'failed' : '', critical ? 'critical' : ''].join(' ').trim() });
  bar.style.left = `min(${percent(span.start - start)}%, 100% - 3px)`;
  bar.style.width = `max(${percent(span.end - span.start)}%, 3px)`;
  // What begins after its parent has ended was waiting in between, such as a message in a queue.
  const sent = span.parent === null ? undefined : known.get(span.parent)?.end;
  if (sent === undefined || span.start <= sent) return bar;
  const lead = el('span', { class: 'lead', title: `${duration(span.start - sent)} between sender and receiver` });
  lead.style.left = `${percent(sent - start)}%`;
  lead.style.width = `${percent(span.start - sent)}%`;
  return [lead, bar];
}

/**
 * @template Item
 * @param {Item[]} items
 * @param {(item: Item) => number} of
 */
function sum(items, of) {
  return items.reduce((total, it) => total + of(it), 0);
}

/** @param {unknown} status */
function words(status) {
  return String(status ?? 'failed').slice(0, 60);
}
