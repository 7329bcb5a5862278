// What people do every day: search, decide, compare, pass on; and what arrived beside events.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { drawn, openPage, visit } from './browser.js';
import { id } from './inbox.js';
import { errorEvent, now, sendEverything } from './samples.js';
import { started } from './started.js';

const { browser, inbox } = await started();

/** An event of an issue of its own. @param {string} type @param {Api.Payload} more */
async function failure(type, more = {}) {
  const event = id();
  await inbox.send({}, { type: 'event', payload: { ...errorEvent(event, id()), threads: null, exception: { values: [{ type, value: `${type} failed` }] }, fingerprint: [type], ...more } });
  return event;
}

test('issues are found with Sentry’s words, sorted, and the address keeps both', async () => {
  await inbox.clear();
  await failure('Quiet', { level: 'warning' });
  for (let count = 0; count < 3; count += 1) await failure('Frequent', { release: 'shop@9' });
  await failure('Latest');
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, '/');
  const names = () => page.locator('.rows .what > a').allInnerTexts();
  assert.deepEqual(await names(), ['Latest', 'Frequent', 'Quiet']);
  await page.getByRole('combobox', { name: 'Order' }).selectOption('count');
  await page.waitForFunction(() => document.querySelector('.rows .what > a')?.textContent === 'Frequent');
  await page.getByRole('searchbox').fill('release:shop@9');
  await page.waitForFunction(() => document.querySelectorAll('.rows .what > a').length === 1);
  assert.deepEqual(await names(), ['Frequent']);
  await page.reload();
  await page.waitForFunction(() => document.querySelectorAll('.rows .what > a').length === 1);
  await page.getByRole('searchbox').fill('level:warning');
  await page.waitForFunction(() => document.querySelector('.rows .what > a')?.textContent === 'Quiet');
  assert.deepEqual(faults, []);
  await page.getByRole('searchbox').fill('level:');
  await page.getByText('The search cannot be read').waitFor();
  assert.deepEqual(await names(), ['Quiet'], 'what was found before stays');
  await page.close();
});

test('an issue is resolved, comes again as regressed, and its tags, releases and events over time show', async () => {
  await inbox.clear();
  await failure('Regressing', { release: 'shop@1', tags: { browser: 'firefox' } });
  const event = await failure('Regressing', { release: 'shop@2', tags: { browser: 'chrome' } });
  const issue = (await inbox.get(`events/${event}`)).body.issue.id;
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, `/issues/${issue}`);
  await page.getByText('Seen in shop@').waitFor();
  const tags = await page.locator('.tags').first().innerText();
  for (const part of ['firefox', 'chrome', '50 %']) assert.ok(tags.includes(part), `${part} in ${tags}`);
  await page.getByText('events: 2 in all').waitFor();
  await page.getByRole('button', { name: 'Resolve' }).click();
  await page.getByText('resolved', { exact: true }).waitFor();
  await failure('Regressing');
  await page.getByText('It was resolved and came again.').waitFor();
  await page.getByRole('button', { name: 'Ignore' }).click();
  await page.getByText('ignored', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Reopen' }).waitFor();
  assert.deepEqual(faults, []);
  await page.close();
});

test('an event leads to its neighbours, to Markdown, and to the editor that the reader names', async () => {
  await inbox.clear();
  const [first, second] = [await failure('Next'), id()];
  await inbox.send({}, { type: 'event', payload: { ...errorEvent(second, id()), fingerprint: ['Next'], message: '```' } });
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, `/events/${second}`);
  await page.getByRole('link', { name: '← Previous' }).click();
  await page.waitForURL(`**/events/${first}`);
  await drawn(page);
  await page.getByRole('link', { name: 'Next →' }).click();
  await page.waitForURL(`**/events/${second}`);
  await drawn(page);
  assert.equal(await page.locator('a.editor').count(), 0);
  await page.getByText('Editor for frames').click();
  await page.getByRole('textbox', { name: 'Address of the editor' }).fill('javascript:alert(1)//{path}');
  await page.getByRole('button', { name: 'Keep' }).click();
  await page.getByText('has a scheme of its own').waitFor();
  await page.getByRole('textbox', { name: 'Address of the editor' }).fill('vscode://file{path}:{line}:{column}');
  await page.getByRole('textbox', { name: 'Folder of relative paths' }).fill('/home/me/shop');
  await page.getByRole('button', { name: 'Keep' }).click();
  await page.locator('a.editor').first().waitFor();
  assert.equal(await page.locator('a.editor').first().getAttribute('href'), 'vscode://file/home/me/shop/src/basket.rs:42:1');
  const text = await page.evaluate(async (event) => {
    const [api, path] = ['/api.js', '/markdown.js'];
    const { get } = await import(api);
    const { markdown } = await import(path);
    const details = await get(`events/${event}`);
    return markdown(details.event, details.summary, 'http://inbox/');
  }, second);
  for (const part of ['## IndexError: index out of bounds', '- Release: `shop@1.2.3`', '> shop::basket::total (src/basket.rs:42)', 'Caused by **ParseIntError**', '**Breadcrumbs**']) {
    assert.ok(text.includes(part), `${part} in ${text}`);
  }
  assert.deepEqual(faults, []);
  await page.close();
});

test('what arrives while somebody reads a list is offered, and moves nothing', async () => {
  await inbox.clear();
  for (const type of ['One', 'Two']) await failure(type);
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, '/');
  const names = () => page.locator('.rows .what > a').allInnerTexts();
  await page.locator('.rows > li').first().hover();
  await failure('Three');
  await failure('One');
  await page.getByRole('button', { name: '1 new' }).waitFor();
  assert.deepEqual(await names(), ['Two', 'One']);
  await page.locator('.rows > li').nth(1).getByText('2 events').waitFor();
  await page.getByRole('button', { name: '1 new' }).click();
  await page.waitForFunction(() => document.querySelectorAll('.rows .what > a').length === 3);
  assert.deepEqual(await names(), ['One', 'Three', 'Two']);
  assert.deepEqual(faults, []);
  await page.close();
});

test('refusals have their reasons, and envelopes their headers, items and bytes', async () => {
  await inbox.clear();
  await fetch(`${inbox.url}/api/7/envelope/`, { method: 'POST', body: 'no envelope' });
  await fetch(`${inbox.url}/api/1/envelope/`, { method: 'POST', body: `{"sdk":{"name":"mine"}}\n{"type":"event"}\n[]\n{"type":"log"}\n{"items":[]}\n` });
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, '/envelopes');
  await page.getByText('✗ the envelope header is not a JSON object').waitFor();
  await page.getByText('project 7').waitFor();
  await page.getByRole('link', { name: 'event, log' }).click();
  await page.getByText('"name": "mine"').waitFor();
  await page.getByText('As it came, decompressed').click();
  await page.locator('pre').getByText('{"sdk":{"name":"mine"}}').waitFor();
  assert.deepEqual(faults, []);
  await page.close();
});

test('monitors, feedback, client reports, sessions and images that arrived show', async () => {
  await inbox.clear();
  const { event } = await sendEverything(inbox);
  await inbox.send({}, { type: 'check_in', payload: { check_in_id: id(), monitor_slug: 'nightly', status: 'error', monitor_config: { schedule: { type: 'interval', value: 1, unit: 'hour' } } } });
  const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
  const body = Buffer.concat([Buffer.from(`{"event_id":"${event}"}\n{"type":"attachment","length":${png.length},"filename":"screen.png","content_type":"image/png"}\n`), png, Buffer.from('\n')]);
  assert.equal((await fetch(`${inbox.url}/api/1/envelope/`, { method: 'POST', body })).status, 200);
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, '/monitors');
  for (const part of ['nightly', 'every 1 hour', 'error', 'Expected in', 'missed after']) await page.getByText(part).first().waitFor();
  await visit(page, '/feedback');
  await page.getByText('It broke').waitFor();
  await visit(page, '/client-reports');
  await page.getByText('queue_overflow').first().waitFor();
  await visit(page, '/releases');
  await page.getByText('80.00 %').first().waitFor();
  assert.match(await page.locator('tbody > tr').first().innerText(), /shop@1\.2\.3\s+80\.00 %\s+0\.00 %\s+1\s/);
  await page.getByText('Deployed to production').waitFor();
  await page.getByText('1 commit', { exact: true }).click();
  await page.getByText('Sell tea').waitFor();
  await page.locator('canvas').first().waitFor();
  await visit(page, '/metrics');
  await page.getByText('basket.total (latest value)').waitFor();
  await visit(page, `/events/${event}`);
  await page.getByText('It broke').waitFor();
  await page.locator('img.attachment').scrollIntoViewIfNeeded();
  await page.waitForFunction(() => (/** @type {HTMLImageElement | null} */ (document.querySelector('img.attachment')))?.naturalWidth === 1);
  await page.getByText('state.json').waitFor();
  assert.deepEqual(faults, []);
  await page.close();
});

test('what clients were configured to leave out is no loss above every view, and what they lost is, with its reasons', async () => {
  await inbox.clear();
  const report = (/** @type {string} */ reason, /** @type {number} */ quantity) =>
    inbox.send({}, { type: 'client_report', payload: { discarded_events: [{ reason, category: 'transaction', quantity }] } });
  await report('sample_rate', 94);
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, '/client-reports');
  await page.locator('tr').filter({ hasText: 'sample_rate' }).getByText('left out, as configured').waitFor();
  await page.locator('#totals').getByText('0 events').waitFor();
  assert.doesNotMatch(await page.locator('#totals').innerText(), /discarded/);
  await report('queue_overflow', 3);
  const lost = page.locator('#totals').getByRole('link', { name: '3 discarded by clients' });
  await lost.waitFor();
  assert.equal(await lost.getAttribute('title'), '3 transaction: queue_overflow');
  assert.match(await page.locator('tbody tr').first().innerText(), /queue_overflow\s+lost\s+transaction\s+3/);
  assert.deepEqual(faults, []);
  await page.close();
});

test('a job that does not come and one that does not end show as such, without anything arriving', async () => {
  await inbox.clear();
  const config = { schedule: { type: 'interval', value: 0.05, unit: 'minute' }, checkin_margin: 0.01, max_runtime: 0.03 };
  for (const [slug, status] of [['absent', 'ok'], ['hangs', 'in_progress']]) {
    await inbox.send({}, { type: 'check_in', payload: { monitor_slug: slug, status, monitor_config: config } });
  }
  const broken = { schedule: { type: 'crontab', value: 'every day' } };
  await inbox.send({}, { type: 'check_in', payload: { monitor_slug: 'broken', status: 'ok', monitor_config: broken } });
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, '/monitors');
  const row = (/** @type {string} */ slug) => page.locator('.rows > li').filter({ hasText: slug });
  await row('absent').locator('.badge.warning').getByText('missed').first().waitFor();
  await row('hangs').locator('.run.warning[title^="timeout"]').waitFor();
  await row('broken').getByText('✗ the crontab cannot be read').waitFor();
  assert.deepEqual(faults, []);
  await page.close();
});

test('a job with thresholds is failing after failures in a row only, and its last run shows beside that', async () => {
  await inbox.clear();
  const config = { schedule: { type: 'interval', value: 1, unit: 'hour' }, failure_issue_threshold: 2, recovery_threshold: 3 };
  const run = (/** @type {string} */ status) =>
    inbox.send({}, { type: 'check_in', payload: { check_in_id: id(), monitor_slug: 'patient', status, monitor_config: config } });
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, '/monitors');
  const row = page.locator('.rows > li');
  for (const [status, state] of [['error', 'no result yet'], ['ok', 'ok'], ['error', 'ok'], ['error', 'failing'], ['ok', 'failing']]) {
    await run(String(status));
    await row.getByText(new RegExp(`^patient ${state}`)).waitFor();
    await row.getByText(`Last run: ${status}`).waitFor();
  }
  await row.getByText('failing after 2 failures in a row · ok again after 3 successes in a row').waitFor();
  assert.deepEqual(faults, []);
  await page.close();
});

test('log records are found by text and severity', async () => {
  await inbox.clear();
  const record = (/** @type {string} */ level, /** @type {string} */ text) => ({ timestamp: now(), level, body: text, trace_id: id() });
  await inbox.send({}, { type: 'log', payload: { items: [record('info', 'all is well'), record('error', 'the basket broke'), record('error', 'the till broke')] } });
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, '/logs');
  await page.getByRole('combobox', { name: 'Severity' }).selectOption('error,fatal');
  await page.waitForFunction(() => document.querySelectorAll('tbody > tr').length === 2);
  await page.getByRole('searchbox').fill('basket');
  await page.waitForFunction(() => document.querySelectorAll('tbody > tr').length === 1);
  await page.getByText('the basket broke').waitFor();
  assert.deepEqual(faults, []);
  await page.close();
});
