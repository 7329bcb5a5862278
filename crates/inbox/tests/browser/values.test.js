// Whatever a client sends shows as what it is, and whole.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertNoSidewaysScroll, openPage, visit } from './browser.js';
import { id } from './inbox.js';
import { errorEvent } from './samples.js';
import { started } from './started.js';

const { browser, inbox } = await started();

/** The text of an event's page. @param {string} json Of the payload, without its braces. */
async function shown(json, width = 1280) {
  const event = id();
  const body = `{"event_id":"${event}"}\n{"type":"event"}\n{${json}}\n`;
  const response = await fetch(`${inbox.url}/api/1/envelope/`, { method: 'POST', body });
  assert.equal(response.status, 200, await response.text());
  const { page, faults } = await openPage(browser, inbox.url, { viewport: { width, height: 900 } });
  await visit(page, `/events/${event}`);
  assert.deepEqual(faults, []);
  return { page, text: await page.locator('main').innerText(), event };
}

test('lists keep their separators, nulls show, and integers keep their digits', async () => {
  const { page, text } = await shown('"message":"m","extra":{"list":[1,23],"other":[12,3],"nested":{"a":[null,{"b":""}]},"nothing":null,' +
    '"big":9223372036854775807,"deep":{"id":18446744073709551615},"off":false,"zero":0}');
  for (const part of ['[1, 23]', '[12, 3]', '{"a": [null, {"b": ""}]}', 'null', '9223372036854775807', '18446744073709551615', 'false', '0']) {
    assert.ok(text.includes(part), `${part} in ${text}`);
  }
  await page.close();
});

test('a long value is clipped, and shown whole when asked for', async () => {
  const long = 'W'.repeat(200_000);
  const { page, text } = await shown(`"message":"m","extra":{"long":"${long}"}`, 400);
  assert.ok(text.length < 20_000, `${text.length} characters`);
  await page.getByRole('button', { name: 'Show all 200,000 characters' }).click();
  assert.ok((await page.locator('.value.all').textContent())?.includes(long));
  await assertNoSidewaysScroll(page, 'a long value');
  await page.close();
});

test('the payload shows and downloads byte for byte', async () => {
  const json = '"message" : "\\u00e9\\/", "z":1.50,  "z":2';
  const { page, event } = await shown(json);
  await page.getByText('JSON as it was received').click();
  await page.locator('pre').getByText(json).waitFor();
  assert.equal(await (await fetch(`${inbox.url}/api/events/${event}/json`)).text(), `{${json}}`);
  await page.close();
});

test('where no frame is the client’s own all are open, and their columns, modules and paths show', async () => {
  const frames = [{ function: 'a', filename: 'app.min.js', lineno: 1, colno: 120 }, { function: 'a', filename: 'app.min.js', lineno: 1, colno: 999 },
    { function: 'call', module: 'shop.views', lineno: 7 }, { function: 'last', abs_path: '/srv/shop/last.py', lineno: 3, vars: { self: [1, 23] } }];
  const { page, text } = await shown(`"exception":{"values":[{"type":"E","value":"v","stacktrace":{"frames":${JSON.stringify(frames)}}}]}`);
  for (const part of ['app.min.js:1:120', 'app.min.js:1:999', 'shop.views', '/srv/shop/last.py:3', 'self = [1, 23]']) {
    assert.ok(text.includes(part), `${part} in ${text}`);
  }
  assert.equal(await page.getByText('library frame').count(), 0);
  await page.close();
});

test('a blank line of source is blank', async () => {
  const frames = [{ function: 'own', filename: 'own.py', lineno: 3, in_app: true, pre_context: ['first', ''], context_line: 'failing', post_context: ['', 'last'] }];
  const { page } = await shown(`"exception":{"values":[{"type":"E","value":"v","stacktrace":{"frames":${JSON.stringify(frames)}}}]}`);
  const lines = await page.locator('.source .line').allTextContents();
  assert.deepEqual(lines, ['1first', '2 ', '3failing', '4 ', '5last']);
  await page.close();
});

test('loaded images and parts of the SDK are folded, and tags beyond the first twelve can be had', async () => {
  const tags = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`tag${index}`, 'v']));
  const { page, event } = await shown(`"message":"tagged","tags":${JSON.stringify(tags)},"sdk":{"name":"mine","integrations":["stdlib"],"packages":[{"name":"pypi:mine","version":"1.2"}]},` +
    '"debug_meta":{"images":[{"type":"elf","code_file":"/usr/bin/shop","debug_id":"c99fba14"}]}');
  await page.getByText('Loaded images (1)').click();
  await page.getByText('/usr/bin/shop {"type": "elf"').waitFor();
  await page.getByText('Parts of the SDK (2)').click();
  for (const part of ['pypi:mine 1.2', 'stdlib']) await page.getByText(part).waitFor();
  const { issue } = (await inbox.get(`events/${event}`)).body;
  await visit(page, `/issues/${issue.id}`);
  await page.getByText('Tags of 1 event').waitFor();
  const more = page.getByText(/^\d+ more tags$/);
  if (!await more.isVisible()) await page.getByText('Tags of 1 event').click();
  await more.click();
  await page.locator('.tag').getByText('tag19').waitFor();
  await page.close();
});

test('library frames open to their source', async () => {
  const frames = [{ function: 'lib', filename: 'lib.py', lineno: 2, in_app: false, context_line: 'in the library', vars: { x: 1 } },
    { function: 'own', filename: 'own.py', lineno: 3, in_app: true }];
  const { page } = await shown(`"exception":{"values":[{"type":"E","value":"v","stacktrace":{"frames":${JSON.stringify(frames)}}}]}`);
  await page.getByText('1 library frame').click();
  await page.locator('.library').getByText('lib.py:2').click();
  await page.getByText('in the library').waitFor();
  await page.close();
});

test('exceptions of any shape show: one alone, by its old name, and groups as a tree', async () => {
  const alone = await shown('"exception":{"type":"Alone","value":"just one"}');
  assert.match(alone.text, /Alone/);
  await alone.page.close();
  const old = await shown('"sentry.interfaces.Exception":{"values":[{"type":"Old","value":"of 2013"}]},"sentry.interfaces.Http":{"url":"http://shop/old","method":"GET"}');
  for (const part of ['Old', 'of 2013', 'http://shop/old']) assert.ok(old.text.includes(part), part);
  await old.page.close();
  const of = (/** @type {number} */ own, /** @type {number | undefined} */ parent, group = false) => ({
    type: `Error${own}`, value: 'v', mechanism: { type: 'chained', exception_id: own, parent_id: parent, is_exception_group: group } });
  const group = await shown(`"exception":{"values":${JSON.stringify([of(3, 1), of(2, 0), of(1, 0), of(0, undefined, true)])}}`);
  assert.deepEqual(await group.page.locator('.causes h3').allInnerTexts(), ['1 of 2 in it: Error1', 'Caused by Error3', '2 of 2 in it: Error2']);
  await group.page.close();
});

test('a transaction shows its user, request, measurements, breadcrumbs and extra, and no status is no failure', async () => {
  const event = id();
  const { breadcrumbs, user, request, extra } = errorEvent(id(), id());
  await inbox.send({}, { type: 'transaction', payload: { type: 'transaction', event_id: event, transaction: 'GET /t', start_timestamp: 1, timestamp: 2,
    contexts: { trace: { trace_id: id(), span_id: '0123456789abcdef' }, own: { fact: 'known' } }, breadcrumbs, user, request, extra,
    measurements: { lcp: { value: 12.5, unit: 'millisecond' } } } });
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, `/transactions/${event}`);
  const text = await page.locator('main').innerText();
  for (const part of ['anna', '/basket/7', 'lcp', '12.5 millisecond', 'adding up', 'more', 'known']) assert.ok(text.includes(part), part);
  assert.equal(await page.locator('.badge.error').count(), 0);
  assert.deepEqual(faults, []);
  await page.close();
});

test('an event of 5 MB is shown', async () => {
  const { page, text } = await shown(`"message":"huge","extra":{"long":"${'x'.repeat(5_000_000)}","list":[${Array(50_000).fill('"word"').join(',')}]}`);
  assert.match(text, /Show all 5,000,000 characters/);
  await page.getByRole('button', { name: 'Show all 5,000,000 characters' }).click();
  assert.equal((await page.locator('.value.all').textContent())?.length, 5_000_000);
  await page.close();
});
