// A trace across services as one waterfall: what is below what, what is folded, what is missing, and what was waited for.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openPage, visit } from './browser.js';
import { id, spanId } from './inbox.js';
import { errorEvent, log, now } from './samples.js';
import { started } from './started.js';

const { browser, inbox } = await started();

/**
 * A transaction of a service.
 *
 * @param {string} trace
 * @param {{ service: string, name: string, span: string, parent: string | null, from: number, to: number, status?: string, spans?: object[] }} its
 * Times in seconds after the begin of the trace.
 */
async function transaction(trace, { service, name, span, parent, from, to, status, spans = [] }) {
  const context = { trace_id: trace, span_id: span, parent_span_id: parent, op: 'http.server', status };
  const event = id();
  await inbox.send({}, { type: 'transaction', payload: {
    type: 'transaction', event_id: event, transaction: name, start_timestamp: BEGIN + from, timestamp: BEGIN + to, tags: { service },
    contexts: { trace: context }, spans } });
  return event;
}

const BEGIN = now() - 60;

/** @param {string} parent @param {string} description @param {number} from @param {number} to */
function child(parent, description, from, to, more = {}) {
  return { span_id: spanId(), parent_span_id: parent, op: 'db', description, start_timestamp: BEGIN + from, timestamp: BEGIN + to, ...more };
}

/** The rows that show: level, what it is, and what stands beside it. @param {import('playwright-core').Page} page */
async function rows(page) {
  return page.locator('.waterfall > li > details > summary').evaluateAll((all) => all.map((it) => it.textContent?.replace(/\s+/g, ' ').trim()));
}

test('services are nested below each other, in the order of time, with their errors and logs', async () => {
  const [trace, gateway, billing, find] = [id(), spanId(), spanId(), spanId()];
  await transaction(trace, { service: 'billing', name: 'POST /process', span: billing, parent: gateway, from: 0.02, to: 0.05, status: 'internal_error',
    spans: [child(billing, 'invoices.find', 0.03, 0.04, { span_id: find })] });
  await transaction(trace, { service: 'gateway', name: 'POST /spin', span: gateway, parent: null, from: 0, to: 0.06, status: 'ok' });
  const queued = spanId();
  await transaction(trace, { service: 'reports', name: 'game.result', span: queued, parent: gateway, from: 0.08, to: 0.1 });
  const event = errorEvent(id(), trace);
  event.contexts = { trace: { trace_id: trace, span_id: find } };
  await inbox.send({}, { type: 'event', payload: event });
  await inbox.send({}, { type: 'log', payload: { items: [log(trace)] } });
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, `/traces/${trace}`);
  const shown = await rows(page);
  assert.equal(shown.length, 4, String(shown));
  for (const [index, parts] of [['Level 1:', 'gateway', 'POST /spin', '60 ms', 'critical path'],
    ['Level 2:', 'billing', 'POST /process', '30 ms', '✗ internal_error'], ['Level 3:', 'invoices.find', '✗ 1 error'],
    ['Level 2:', 'reports', 'game.result', '20 ms']].entries()) {
    for (const part of parts) assert.ok(shown[index]?.includes(part), `${part} in ${shown[index]}`);
  }
  assert.equal(await page.locator('.lead').count(), 1, 'what waited in the queue');
  await page.getByText('3 services · 100 ms · 1 error').waitFor();
  await page.getByText('The basket is nearly full').waitFor();
  await page.locator('.waterfall').getByText('invoices.find').click();
  await page.locator('.waterfall').getByRole('link', { name: 'IndexError' }).click();
  await page.getByRole('heading', { name: 'error IndexError' }).waitFor();
  assert.deepEqual(faults, []);
  await page.close();
});

test('repeated siblings are folded, and spans whose parent is not there have a place of their own', async () => {
  const [trace, root] = [id(), spanId()];
  const finds = Array.from({ length: 12 }, (_, index) => child(root, 'players.find', 0.1 * index, 0.1 * index + 0.05));
  const failed = child(root, 'players.find', 1.3, 1.35, { status: 'internal_error' });
  await transaction(trace, { service: 'reports', name: 'GET /players', span: root, parent: spanId(), from: 0, to: 1.4, spans: [...finds, failed, child(root, 'a.b', 0, 1)] });
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, `/traces/${trace}`);
  const shown = await rows(page);
  assert.match(String(shown[0]), /Parent not received \(1 span\)/);
  const repeated = shown.find((it) => it?.includes('players.find'));
  assert.match(String(repeated), /players\.find × 13.*650 ms in all.*✗/);
  assert.equal(shown.length, 4, String(shown));
  await page.locator('.waterfall').getByText('players.find').click();
  await page.locator('.waterfall .waterfall > li').nth(12).waitFor();
  assert.deepEqual(faults, []);
  await page.close();
});

test('what spans claim of their parents is never believed: no circle, no depth and no number of them stops the page', async () => {
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, '/traces');
  const result = await page.evaluate(async () => {
    const path = '/spans.js';
    const { assembled } = await import(path);
    const span = (/** @type {number} */ id, /** @type {number | null} */ parent, start = id, end = start + 1) => ({
      id: String(id), parent: parent === null ? null : String(parent), start, end, op: 'x', name: String(id), status: null, service: null, transaction: null, root: false, data: {} });
    const all = (/** @type {any[]} */ spans) => assembled(spans).rows.flatMap((/** @type {any} */ it) => (it.kind === 'orphans' ? [] : it.spans.length ? it.spans : [it.span])).length;
    return {
      circle: all([span(1, 2), span(2, 1), span(3, null)]),
      itself: all([span(1, 1)]),
      twice: all([span(1, null), span(1, null)]),
      deep: all(Array.from({ length: 5000 }, (_, id) => span(id, id ? id - 1 : null))),
      wide: all(Array.from({ length: 5000 }, (_, id) => span(id, id ? 0 : null))),
      none: assembled([]).rows.length,
      wrong: all([span(1, null, NaN, 2), span(2, null, 5, NaN), span(3, null, 9, 1)]),
      critical: assembled([span(1, null, 0, 100), span(2, 1, 10, 40), span(3, 1, 30, 90), span(4, 3, 200, 300)]).rows
        .map((/** @type {any} */ it) => [it.span.id, it.critical]),
    };
  });
  assert.deepEqual(result, { circle: 3, itself: 1, twice: 1, deep: 5000, wide: 5000, none: 0, wrong: 2,
    critical: [['1', 40], ['2', 0], ['3', 60], ['4', 0]] });
  assert.deepEqual(faults, []);
  await page.close();
});

test('a trace of 3,000 spans is shown in parts, all of which can be had', async () => {
  const [trace, root] = [id(), spanId()];
  const spans = Array.from({ length: 2999 }, (_, index) => child(root, `table${index}.find`, index / 1000, index / 1000 + 0.001));
  await transaction(trace, { service: 'many', name: 'GET /many', span: root, parent: null, from: 0, to: 3, spans });
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, `/traces/${trace}`);
  const count = await page.locator('.waterfall > li').count();
  assert.ok(count > 50 && count < 500, String(count));
  await page.getByRole('button', { name: 'Show 200 more' }).click();
  assert.equal(await page.locator('.waterfall > li').count(), count + 200);
  await page.getByRole('button', { name: `Show all (${(2800 - count).toLocaleString('en')} left)` }).click();
  assert.equal(await page.locator('.waterfall > li').count(), 3000);
  assert.deepEqual(faults, []);
  await page.close();
});
