// One transaction.

import { get } from './api.js';
import { el, live, pairs, section } from './dom.js';
import { attached } from './event.js';
import { evidence, origin } from './evidence.js';
import { named, object, string } from './payload.js';
import { raw } from './raw.js';
import { shown } from './shown.js';
import { status } from './status.js';
import { ago, duration, exact, millis } from './time.js';
import { sameTrace } from './trace.js';
import { spansOf, waterfall } from './waterfall.js';

/**
 * The view of one transaction. It does not change; what else belongs to its trace may still arrive.
 *
 * @param {string} id
 */
export function transaction(id) {
  const view = el('article');
  /** @type {View | null} */
  let trace = null;
  return live(view, async () => {
    if (!trace) {
      const { transaction: sent, summary, attachments } = /** @type {Api.TransactionDetails} */ (await get(`transactions/${id}`));
      const transaction = named(sent);
      trace = sameTrace(summary.trace_id, summary.event_id);
      document.title = `${string(transaction.transaction) ?? 'Transaction'} · Inbox`;
      view.replaceChildren(el('div', {}, head(transaction, summary), body(transaction, summary, trace, attachments)));
    }
    await trace.refresh();
  });
}

/** @param {Api.Payload} transaction @param {Api.TransactionSummary} summary @param {View} trace @param {Api.Attachment[]} attachments */
function body(transaction, summary, trace, attachments) {
  return [
    section('Spans', waterfall(ownSpans(transaction, summary))),
    ...evidence(transaction, trace),
    attached(attachments),
    raw(transaction, `transactions/${summary.event_id}/json`, `transaction-${summary.event_id}.json`),
  ];
}

/** @param {Api.Payload} transaction @param {Api.TransactionSummary} summary */
function ownSpans(transaction, summary) {
  const [root, ...spans] = spansOf(transaction, summary);
  // What called it is not part of this view.
  return root ? [{ ...root, parent: null, root: false }, ...spans] : spans;
}

/** @param {Api.Payload} transaction @param {Api.TransactionSummary} summary */
function head(transaction, summary) {
  const took = millis(transaction.timestamp) - millis(transaction.start_timestamp);
  return el('div', {}, el('h1', {}, shown(transaction.transaction ?? 'Transaction')), pairs([
    ['Status', status(summary.status)],
    ['Took', duration(took)],
    ['When', el('span', {}, exact(transaction.start_timestamp), ', ', ago(transaction.start_timestamp))],
    ['Op', summary.op],
    [summary.service ? 'Service' : 'Project', summary.service ?? summary.project],
    ...origin(transaction),
    ['Trace', summary.trace_id ? el('a', { href: `/traces/${encodeURIComponent(summary.trace_id)}` }, summary.trace_id) : null],
    ['Profile', profiled(transaction) ? el('a', { href: `/profiles?transaction=${summary.event_id}` }, 'Flame graph of this request') : null],
    ['Span', summary.span_id],
    ['Below span', summary.parent_span_id],
  ]));
}

/**
 * Whether the SDK names a profiler that was at work meanwhile.
 *
 * @param {Api.Payload} transaction
 */
function profiled(transaction) {
  return Boolean(object(object(transaction.contexts).profile).profiler_id);
}
