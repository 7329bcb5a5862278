// How fast the page is: prints figures. Run it on an idle machine; tests assert only that these sizes work at all.
//
//     CHROMIUM=/usr/bin/chromium INBOX_BINARY=… node figures.js

import { openBrowser, openPage, unfold, visit } from './browser.js';
import { id, spanId, startInbox } from './inbox.js';
import { errorEvent, now } from './samples.js';

const ISSUES = 1000;
const EVENTS = Number(process.env.EVENTS ?? 10_000);
const SPANS = 3000;

const browser = await openBrowser();
const inbox = await startInbox();

/** @param {string} what @param {number} ms @param {number} most */
function say(what, ms, most) {
  console.log(`${what.padEnd(60)} ${ms.toFixed(0).padStart(7)} ms  (at most ${most})`);
}

/** Milliseconds from the navigation until this shows and the main thread has drawn it. @param {string} path @param {string} shown */
async function drawnAfter(path, shown) {
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, '/monitors');
  const began = performance.now();
  await page.goto(path);
  await page.locator(shown).first().waitFor();
  await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => setTimeout(resolve)); }));
  const took = performance.now() - began;
  const navigation = await page.evaluate(() => performance.getEntriesByType('resource').filter((it) => it.name.includes('/api/') && !it.name.endsWith('/stats'))
    .map((it) => `${new URL(it.name).pathname} ${it.duration.toFixed(0)} ms`));
  if (process.env.DETAILS) console.log(navigation.join(', '));
  if (faults.length) console.log(faults);
  return { page, took };
}

/** @param {number} from @param {number} count */
async function sendEvents(from, count) {
  for (let index = from; index < from + count; index += 1) {
    const event = errorEvent(id(), id());
    const type = `Error${index % ISSUES}`;
    event.exception = { values: [{ type, value: `failed ${index}` }] };
    await inbox.send({}, { type: 'event', payload: { ...event, threads: null, fingerprint: [type] } });
  }
}

await sendEvents(0, EVENTS);
const { held } = (await inbox.get('stats')).body;
console.log(`${held.events} events held`);
{
  const { page, took } = await drawnAfter('/', '.rows > li');
  say(`the list of ${ISSUES} issues with ${EVENTS} events`, took, 1000);
  const client = await page.context().newCDPSession(page);
  // The thread's own time, not that of others on a busy machine.
  await client.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busy = async () => (await client.send('Performance.getMetrics')).metrics.find((it) => it.name === 'TaskDuration')?.value ?? 0;
  const [began, before] = [performance.now(), await busy()];
  for (let count = 0; count < 200; count += 1) {
    await sendEvents(count * 7, 1);
    await new Promise((resolve) => { setTimeout(resolve, Math.max(0, began + count * 50 - performance.now())); });
  }
  const seconds = (performance.now() - began) / 1000;
  console.log(`${`${(200 / seconds).toFixed(0)} events/s arriving: main thread busy`.padEnd(60)} ${(100 * (await busy() - before) / seconds).toFixed(1).padStart(7)} %   (at most 10)`);
  await page.close();
}
{
  const [trace, root] = [id(), spanId()];
  const start = now() - 60;
  const parents = [root];
  const spans = Array.from({ length: SPANS - 1 }, (_, index) => {
    const span = spanId();
    const from = start + (index * 10) / SPANS;
    parents.push(span);
    return { span_id: span, parent_span_id: parents[Math.floor(index / 8)], trace_id: trace, op: 'db', description: `table${index}.find`,
      start_timestamp: from, timestamp: from + 0.01, status: 'ok' };
  });
  await inbox.send({}, { type: 'transaction', payload: { type: 'transaction', event_id: id(), transaction: 'GET /many', start_timestamp: start,
    timestamp: start + 10, contexts: { trace: { trace_id: trace, span_id: root, op: 'http.server' } }, spans } });
  const { page, took } = await drawnAfter(`/traces/${trace}`, '.waterfall > li');
  say(`a trace of ${SPANS} spans`, took, 1000);
  const began = performance.now();
  for (let more = page.getByRole('button', { name: /^Show more/ }); await more.count();) await more.first().click();
  say(`the rest of its rows, ${await page.locator('.waterfall > li').count()} in all`, performance.now() - began, 1000);
  await page.close();
}
for (const megabytes of [0.2, 0.9, 5]) {
  /** @type {Api.Payload} */
  const event = { ...errorEvent(id(), id()), extra: { long: 'x'.repeat(megabytes * 1024 * 1024) } };
  const sent = await inbox.send({}, { type: 'event', payload: event }).catch((error) => error);
  if (sent instanceof Error) {
    console.log(`an event of ${megabytes} MiB: ${sent.message}`);
    continue;
  }
  const { page, took } = await drawnAfter(`/events/${event.event_id}`, '.event h1');
  say(`an event of ${megabytes} MiB`, took, 2000);
  const began = performance.now();
  await page.getByRole('button', { name: /^Show all/ }).first().click();
  await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => setTimeout(resolve)); }));
  say('its longest value, whole', performance.now() - began, 2000);
  await page.close();
}
{
  const frames = Array.from({ length: 20_000 }, (_, index) => ({ function: `f${index}`, filename: 'a.rs', lineno: index, in_app: index % 3 === 0, context_line: 'x', vars: { index } }));
  const breadcrumbs = Array.from({ length: 2_000 }, (_, index) => ({ message: `crumb ${index}`, timestamp: now() }));
  /** @type {Api.Payload} */
  const event = { ...errorEvent(id(), id()), threads: null, stacktrace: { frames: frames.slice(0, 8000) }, breadcrumbs };
  await inbox.send({}, { type: 'event', payload: event });
  const { page, took } = await drawnAfter(`/events/${event.event_id}`, '.event h1');
  say('an event of 8,000 frames and 2,000 breadcrumbs', took, 2000);
  await unfold(page).catch(() => {});
  await page.close();
}
await Promise.all([inbox.stop(), browser.close()]);
