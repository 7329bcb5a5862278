// The spans of a transaction over time.

import { el, pairs } from './dom.js';
import { fields, object, values } from './payload.js';
import { duration, millis } from './time.js';

/** Deeper ones are not indented any further. */
const DEEPEST = 12;

/**
 * The transaction is the first bar; each span is below its parent, indented, and opens to its data.
 *
 * @param {Api.Payload} transaction
 */
export function waterfall(transaction) {
  const trace = object(object(transaction.contexts).trace);
  /** @type {Api.Payload} */
  const root = { ...trace, ...transaction, description: transaction.transaction, data: trace.data, tags: null };
  const below = byParent(root, values(transaction.spans));
  /**
   * @param {Api.Payload} span
   * @param {number} depth
   * @returns {HTMLElement[]}
   */
  const lines = (span, depth) => {
    const children = below.get(span.span_id) ?? [];
    // Taken out: spans that claim to be below each other would never end.
    below.delete(span.span_id);
    return [line(span, root, depth), ...children.flatMap((it) => lines(it, depth + 1))];
  };
  const all = lines(root, 0);
  return el('ol', { class: 'waterfall' }, all, [...below.values()].flat().map((it) => line(it, root, 1)));
}

/**
 * Spans by whom they are below, earliest first; below the transaction where their parent is not here.
 *
 * @param {Api.Payload} root
 * @param {Api.Payload[]} spans
 */
function byParent(root, spans) {
  const ids = new Set(spans.map((it) => it.span_id));
  const parent = (/** @type {Api.Payload} */ it) => (ids.has(it.parent_span_id) ? it.parent_span_id : root.span_id);
  const sorted = spans.toSorted((one, other) => millis(one.start_timestamp) - millis(other.start_timestamp));
  return Map.groupBy(sorted, parent);
}

/** @param {Api.Payload} span @param {Api.Payload} root @param {number} depth */
function line(span, root, depth) {
  const what = span.description ?? (span.op ? '' : 'unnamed');
  const name = el('span', { class: 'name' }, el('code', {}, span.op ?? ''), ' ', what);
  name.style.paddingLeft = `${Math.min(depth, DEEPEST)}rem`;
  const failed = span.status && span.status !== 'ok' ? span.status : null;
  const from = millis(span.start_timestamp) - millis(root.start_timestamp);
  return el('li', {}, el('details', {},
    el('summary', {}, name,
      el('span', { class: 'number' }, duration(length(span)), failed ? [el('br'), failed] : null),
      el('span', { class: 'lane' }, bar(span, root, from, failed))),
    pairs([['begins after', duration(from)], ['span', span.span_id], ['status', span.status], ['origin', span.origin],
      ...fields(span.tags), ...fields(span.data)])));
}

/** @param {Api.Payload} span @param {Api.Payload} root @param {number} from @param {unknown} failed */
function bar(span, root, from, failed) {
  const percent = (/** @type {number} */ ms) => Math.min(100, Math.max(0, (100 * ms) / Math.max(length(root), 0.001))) || 0;
  const bar = el('span', { class: failed ? 'bar failed' : 'bar' });
  bar.style.marginLeft = `min(${percent(from)}%, 100% - 3px)`;
  bar.style.width = `max(${percent(length(span))}%, 3px)`;
  return bar;
}

/** @param {Api.Payload} span */
function length(span) {
  return millis(span.timestamp) - millis(span.start_timestamp);
}
