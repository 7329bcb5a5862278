// How fast the page is: prints figures. Run it on an idle machine; tests assert only that these sizes work at all.
// The main thread's own time means something on a busy machine, too.
//
//     CHROMIUM=/usr/bin/chromium INBOX_BINARY=… node figures.js

import { openBrowser, openPage, visit } from './browser.js';
import { id, spanId, startInbox } from './inbox.js';
import { errorEvent, now } from './samples.js';

const ISSUES = 1000;
const EVENTS = Number(process.env.EVENTS ?? 10_000);
const SPANS = 3000;

const browser = await openBrowser();
const inbox = await startInbox();

/** @typedef {{ wall: number, busy: number, layout: number }} Took Milliseconds. */

/** @param {string} what @param {Took} took @param {number} most */
function say(what, { wall, busy, layout }, most) {
  const thread = `main thread ${busy.toFixed(0)} ms, style and layout ${layout.toFixed(0)} of it`;
  console.log(`${what.padEnd(50)} ${wall.toFixed(0).padStart(6)} ms (at most ${most}); ${thread}`);
}

/** What the main thread has spent so far, milliseconds. @param {import('playwright-core').CDPSession} client */
async function spent(client) {
  const { metrics } = await client.send('Performance.getMetrics');
  const of = (/** @type {string} */ name) => 1000 * (metrics.find((it) => it.name === name)?.value ?? 0);
  return { busy: of('TaskDuration'), layout: of('LayoutDuration') + of('RecalcStyleDuration') };
}

/** A page that counts the time of its own thread. */
async function counted() {
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, '/monitors');
  const client = await page.context().newCDPSession(page);
  await client.send('Performance.enable', { timeDomain: 'threadTicks' });
  return { page, client, faults };
}

/** Resolves when the main thread has drawn. @param {import('playwright-core').Page} page */
async function painted(page) {
  await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => setTimeout(resolve)); }));
}

/**
 * What something takes until it is drawn.
 *
 * @param {{ page: import('playwright-core').Page, client: import('playwright-core').CDPSession }} counted
 * @param {() => Promise<void>} act
 * @returns {Promise<Took>}
 */
async function measured({ page, client }, act) {
  const [before, began] = [await spent(client), performance.now()];
  await act();
  await painted(page);
  const [wall, after] = [performance.now() - began, await spent(client)];
  return { wall, busy: after.busy - before.busy, layout: after.layout - before.layout };
}

/** Shows an address until this is there. @param {string} path @param {string} shown */
async function drawnAfter(path, shown) {
  const own = await counted();
  const took = await measured(own, async () => {
    await own.page.goto(path);
    await own.page.locator(shown).first().waitFor();
  });
  if (own.faults.length) console.log(own.faults);
  return { ...own, took };
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
  const { page, client, took } = await drawnAfter('/', '.rows > li');
  say(`the list of ${ISSUES} issues with ${EVENTS} events`, took, 1000);
  const [began, before] = [performance.now(), await spent(client)];
  for (let count = 0; count < 200; count += 1) {
    await sendEvents(count * 7, 1);
    await new Promise((resolve) => { setTimeout(resolve, Math.max(0, began + count * 50 - performance.now())); });
  }
  const seconds = (performance.now() - began) / 1000;
  const share = ((await spent(client)).busy - before.busy) / seconds / 10;
  console.log(`${`${(200 / seconds).toFixed(0)} events/s arriving: main thread busy`.padEnd(50)} ${share.toFixed(1).padStart(6)} %  (at most 10)`);
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
  const own = await drawnAfter(`/traces/${trace}`, '.waterfall > li');
  say(`a trace of ${SPANS} spans`, own.took, 1000);
  const rest = await measured(own, () => own.page.getByRole('button', { name: /^Show all/ }).click());
  say(`the rest of its rows, ${await own.page.locator('.waterfall > li').count()} in all`, rest, 1000);
  const end = await measured(own, () => own.page.evaluate(() => scrollTo(0, document.body.scrollHeight)));
  say('its end, scrolled to', end, 1000);
  await own.page.close();
}
for (const megabytes of [0.2, 0.9, 5]) {
  /** @type {Api.Payload} */
  const event = { ...errorEvent(id(), id()), extra: { long: 'x'.repeat(megabytes * 1024 * 1024) } };
  await inbox.send({}, { type: 'event', payload: event });
  const own = await drawnAfter(`/events/${event.event_id}`, '.event h1');
  say(`an event of ${megabytes} MiB`, own.took, 2000);
  const whole = await measured(own, () => own.page.getByRole('button', { name: /^Show all/ }).first().click());
  say('its longest value, whole', whole, 2000);
  await own.page.close();
}
{
  const frames = Array.from({ length: 20_000 }, (_, index) => ({ function: `f${index}`, filename: 'a.rs', lineno: index, in_app: index % 3 === 0, context_line: 'x', vars: { index } }));
  const breadcrumbs = Array.from({ length: 2_000 }, (_, index) => ({ message: `crumb ${index}`, timestamp: now() }));
  /** @type {Api.Payload} */
  const event = { ...errorEvent(id(), id()), threads: null, stacktrace: { frames: frames.slice(0, 8000) }, breadcrumbs };
  await inbox.send({}, { type: 'event', payload: event });
  const { page, took } = await drawnAfter(`/events/${event.event_id}`, '.event h1');
  say('an event of 8,000 frames and 2,000 breadcrumbs', took, 2000);
  await page.close();
}
await Promise.all([inbox.stop(), browser.close()]);
