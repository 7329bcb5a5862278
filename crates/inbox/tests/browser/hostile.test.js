// Whoever knows the address can send. Nothing of it runs, and nothing of it breaks a view.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertNoSidewaysScroll, openPage, unfold, visit } from './browser.js';
import { id } from './inbox.js';
import { errorEvent, log, metric, now, profileChunk, transactionEvent } from './samples.js';
import { started } from './started.js';

/** Each sets `broken` when it runs; the last ones are wide, and names that every object has. */
const SCRIPTS = [
  '<img src=x onerror="window.broken=1"><script>window.broken=1</script>',
  '"><svg onload=window.broken=1>\' onclick=window.broken=1 x=\'',
  'javascript:window.broken=1//',
  '../../x?y=1#z&amp;\u202e\u0000\u0007',
  'W'.repeat(4000),
  '__proto__',
];

/** Of another type than anything expects; `undefined` leaves the field out. */
const WRONG = [undefined, null, true, -1e308, '', 'x', [], [[]], [null, 1], {}, { values: {} }, { __proto: { a: [1] } }];

const { browser, inbox } = await started();

/**
 * The same with every text and every name replaced, but for the names that make it an event.
 *
 * @param {unknown} value
 * @param {string} text
 * @returns {any}
 */
function infected(value, text) {
  if (Array.isArray(value)) return value.map((it) => infected(it, text));
  if (value === null || typeof value !== 'object') return typeof value === 'string' ? text : value;
  const entries = Object.entries(value).map(([name, it]) => [name, infected(it, text)]);
  return Object.fromEntries([...entries, [text, text]]);
}

/**
 * The same with one field replaced or left out, for each field wherever it stands.
 *
 * @param {any} value
 * @param {string} path
 * @returns {Generator<[string, any]>}
 */
function* mutations(value, path = '') {
  for (const name of Object.keys(value)) {
    const at = `${path}/${name}`;
    for (const wrong of WRONG) yield [`${at} = ${JSON.stringify(wrong)}`, Object.assign(copy(value), { [name]: wrong })];
    if (value[name] === null || typeof value[name] !== 'object') continue;
    for (const [where, it] of mutations(value[name], at)) yield [where, Object.assign(copy(value), { [name]: it })];
  }
}

/** @param {any} value */
function copy(value) {
  return Array.isArray(value) ? [...value] : { ...value };
}

for (const text of SCRIPTS) {
  test(`nothing runs and nothing is loaded where every text is ${JSON.stringify(text.slice(0, 40))}`, async () => {
    await inbox.clear();
    const [event, transaction, trace] = [id(), id(), id()];
    const known = { event_id: event, timestamp: Date.now() / 1000 };
    await inbox.send({ trace: { trace_id: text } },
      { type: 'event', payload: { ...infected(errorEvent(event, trace), text), ...known } },
      { type: 'attachment', filename: text, content_type: text, payload: text });
    const traced = { ...infected(transactionEvent(transaction, trace), text), event_id: transaction };
    traced.contexts.trace.trace_id = trace;
    await inbox.send({}, { type: 'transaction', payload: traced });
    await inbox.send({}, { type: 'log', payload: { items: [infected(log(trace), text)] } });
    await inbox.send({}, { type: 'trace_metric', payload: { items: [infected(metric(trace), text)] } });
    await inbox.send({}, { type: 'session', payload: { status: 'exited', attrs: { release: text } } });
    await inbox.send({}, { type: 'check_in', payload: { monitor_slug: text, status: text, environment: text, monitor_config: { schedule: text } } });
    await inbox.send({ event_id: event }, { type: 'user_report', payload: { event_id: event, name: text, email: text, comments: text } });
    await inbox.send({ event_id: id() }, { type: 'replay_event', payload: { replay_id: id(), urls: [text], error_ids: [text] } });
    await inbox.send({}, { type: 'client_report', payload: { discarded_events: [{ reason: text, category: text, quantity: 1 }] } });
    await inbox.send({ sdk: { name: text } }, { type: text.replaceAll('\n', ''), payload: text });
    const profiler = id();
    const chunk = profileChunk(profiler, now() - 9);
    const { version, profiler_id, chunk_id, platform } = chunk;
    const sampled = { ...infected(chunk, text), version, profiler_id, chunk_id, platform };
    await inbox.send({}, { type: 'profile_chunk', platform, payload: sampled });
    const issue = (await inbox.get(`events/${event}`)).body.issue.id;
    const [envelope] = (await inbox.get('envelopes')).body.envelopes;
    const { page, faults } = await openPage(browser, inbox.url, { viewport: { width: 400, height: 900 } });
    for (const path of ['/', `/issues/${issue}`, `/events/${event}`, '/traces', `/traces/${trace}`, '/transactions', `/transactions/${transaction}`, '/logs',
      '/metrics', '/releases', '/monitors', '/feedback', '/envelopes', `/envelopes/${envelope.id}`, '/client-reports', '/items', '/profiles', `/profiles?event=${event}&thread=${encodeURIComponent(text.slice(0, 200))}`]) {
      await visit(page, path);
      await unfold(page);
      assert.equal(await page.evaluate(() => /** @type {any} */ (window).broken), undefined, path);
      assert.equal(await page.locator('main :is(script, img, svg, iframe, object, embed, style, link, base)').count(), 0, path);
      const links = page.locator('main a');
      const foreign = await links.evaluateAll((all) => all
        .map((it) => /** @type {HTMLAnchorElement} */ (it)).filter((it) => it.origin !== location.origin).map((it) => it.href));
      assert.deepEqual(foreign, [], path);
      assert.ok(!(await page.locator('main').innerText()).includes('cannot be shown'), path);
      await assertNoSidewaysScroll(page, path);
    }
    assert.deepEqual(faults, []);
    await page.close();
  });
}

test('no field of a wrong type, and none that is missing, breaks the view of an event or of a transaction', async () => {
  await inbox.clear();
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, '/releases');
  const samples = /** @type {const} */ ([['event', errorEvent], ['transaction', transactionEvent]]);
  for (const [type, sample] of samples) {
    const own = id();
    /** @type {{ [id: string]: string }} */
    const accepted = {};
    for (const [where, payload] of mutations(sample(own, id()))) {
      const event = { ...payload, event_id: payload.event_id === own ? id() : payload.event_id };
      const sent = await inbox.send({}, { type, payload: event }).catch(() => null);
      if (sent) accepted[sent.id] = where;
    }
    assert.ok(Object.keys(accepted).length > 400, `${Object.keys(accepted).length} accepted`);
    const broken = await page.evaluate(show, { type, accepted });
    assert.deepEqual(broken, [], type);
  }
  assert.deepEqual(faults, []);
  await page.close();
});

test('no field of a wrong type breaks the lists of logs and metrics', async () => {
  await inbox.clear();
  const lists = /** @type {const} */ ([['log', '/logs', log], ['trace_metric', '/metrics', metric]]);
  const { page, faults } = await openPage(browser, inbox.url);
  for (const [type, path, sample] of lists) {
    const items = [...mutations(sample(id()))].map(([, item]) => item);
    await inbox.send({}, { type, payload: { items } });
    await visit(page, path);
    assert.equal(await page.locator('tbody > tr').count(), Math.min(items.length, 100), path);
  }
  assert.deepEqual(faults, []);
  await page.close();
});

/**
 * Runs in the page: shows one after the other with the page's own modules. What could not be shown, and why.
 *
 * @param {{ type: string, accepted: { [id: string]: string } }} shown
 */
async function show({ type, accepted }) {
  const module = await import(`/${type}.js`);
  const broken = [];
  for (const [id, where] of Object.entries(accepted)) {
    try {
      const view = module[type](id);
      await view.refresh();
      document.body.append(view);
      if (!view.querySelector('h1')) broken.push(`${where}: no heading`);
      view.remove();
    } catch (error) {
      broken.push(`${where}: ${error}`);
    }
  }
  return broken;
}
