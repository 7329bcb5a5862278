// One transaction.

import { get } from './api.js';
import { badge, el, live, pairs, section } from './dom.js';
import { fields, object, string } from './payload.js';
import { raw } from './raw.js';
import { ago, duration, exact, millis } from './time.js';
import { sameTrace } from './trace.js';
import { waterfall } from './waterfall.js';

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
      const { transaction, summary } = /** @type {Api.TransactionDetails} */ (await get(`transactions/${id}`));
      trace = sameTrace(summary.trace_id, summary.event_id);
      document.title = `${string(transaction.transaction) ?? 'Transaction'} · Inbox`;
      view.replaceChildren(head(transaction, summary), trace, ...body(transaction, summary));
    }
    await trace.refresh();
  });
}

/** @param {Api.Payload} transaction @param {Api.TransactionSummary} summary */
function body(transaction, summary) {
  return [
    section('Spans', waterfall(transaction)),
    section('Tags', pairs(fields(transaction.tags))),
    raw(transaction, `/api/transactions/${summary.event_id}`),
  ].filter((it) => it !== null);
}

/** @param {Api.Payload} transaction @param {Api.TransactionSummary} summary */
function head(transaction, summary) {
  const status = summary.status ?? 'unset';
  const took = millis(transaction.timestamp) - millis(transaction.start_timestamp);
  return el('div', {}, el('h1', {}, transaction.transaction ?? 'Transaction'), pairs([
    ['Status', badge(status, status === 'ok' ? 'ok' : 'error')],
    ['Took', duration(took)],
    ['When', el('span', {}, exact(transaction.start_timestamp), ', ', ago(transaction.start_timestamp))],
    ['Op', summary.op],
    ['Service', summary.service],
    ['Release', transaction.release],
    ['Environment', transaction.environment],
    ['Server', transaction.server_name],
    ['Trace', summary.trace_id ? el('a', { href: `/transactions?trace=${summary.trace_id}` }, summary.trace_id) : null],
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
