// The tab Profiles, and what other tools read of the same samples.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { Profile } from 'pprof-format';

import { drawn, openPage, visit } from './browser.js';
import { id, spanId, startInbox } from './inbox.js';
import { now, profileChunk, sendEverything } from './samples.js';
import { started } from './started.js';

const SPEEDSCOPE = fileURLToPath(new URL('node_modules/speedscope/dist/release/', import.meta.url));
const CONVERGE = 'shop::domain::simulation::converge';

const { browser, inbox } = await started();
const sent = await sendEverything(inbox);

/** @param {import('playwright-core').Page} page @param {string} name */
function box(page, name) {
  return page.locator('.box').filter({ hasText: name }).first();
}

/** How much of the graph a box takes, percent. @param {import('playwright-core').Page} page @param {string} name */
async function width(page, name) {
  return Number.parseFloat(await box(page, name).evaluate((it) => it.style.width));
}

/** @param {import('playwright-core').Page} page */
async function focused(page) {
  return page.evaluate(() => document.activeElement?.textContent);
}

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  test(`the busiest function of our own is seen at a glance, in ${colorScheme}`, async () => {
    const { page, faults } = await openPage(browser, inbox.url, { colorScheme });
    await visit(page, '/');
    await page.getByRole('link', { name: 'Profiles' }).click();
    await box(page, CONVERGE).waitFor();
    assert.ok(await width(page, CONVERGE) > 60);
    const place = await box(page, CONVERGE).boundingBox();
    assert.ok(place && place.y + place.height < 900, 'without scrolling');
    const colour = (/** @type {string} */ name) => box(page, name).evaluate((it) => getComputedStyle(it).backgroundColor);
    assert.notEqual(await colour(CONVERGE), await colour('f64::sqrt'), 'own code has a colour of its own');
    assert.equal(await box(page, 'tokio::runtime::task::poll').count(), 0, 'the runtime above own code is left out');
    await page.getByRole('checkbox', { name: 'Own code only' }).check();
    const first = page.locator('tbody > tr').first();
    assert.match(await first.innerText(), new RegExp(`${CONVERGE}.*own code`, 's'));
    assert.deepEqual(faults, []);
    await page.close();
  });
}

test('the reader chooses which frames are shown', async () => {
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, '/profiles');
  const frames = page.getByRole('combobox', { name: 'Frames' });
  await frames.selectOption('Own code alone');
  await box(page, 'f64::sqrt').waitFor({ state: 'detached' });
  assert.equal(await page.locator('.box.library').count(), 2, 'all, and library code alone');
  await frames.selectOption('Every frame');
  await box(page, 'tokio::runtime::task::poll').waitFor();
  assert.ok(await width(page, 'std::sys::thread::start') > 99.9);
  assert.deepEqual(faults, []);
  await page.close();
});

test('a box is as wide as its time, however narrow', async () => {
  const { page, faults } = await openPage(browser, inbox.url, { viewport: { width: 400, height: 900 } });
  await visit(page, `/profiles?profiler=${sent.profiler}`);
  const graph = await page.locator('.flame').boundingBox();
  for (const it of await page.locator('.box').all()) {
    await it.evaluate((it) => { it.style.width = '1%'; });
    const narrow = await it.boundingBox();
    assert.ok(graph && narrow && narrow.width <= graph.width / 100 + 1, `${narrow?.width} of ${graph?.width}`);
  }
  assert.equal(await page.locator('.box[aria-level="2"]').last().innerText(), 'library code alone');
  assert.deepEqual(faults, []);
  await page.close();
});

test('durations have no more digits than they need', async () => {
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, '/releases');
  const written = await page.evaluate(async () => {
    const { duration } = await import(/** @type {string} */ ('/time.js'));
    return [0.5204, 99.96, 505.4, 999.4, 999.9, 3210, 125_000, NaN, null].map(duration);
  });
  assert.deepEqual(written, ['0.52 ms', '100 ms', '505 ms', '999 ms', '1 s', '3.21 s', '2 min 5 s', '', '']);
  assert.deepEqual(faults, []);
  await page.close();
});

test('keys go from box to box, zoom and reset', async () => {
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, '/profiles');
  await page.locator('.box[tabindex="0"]').focus();
  assert.equal(await focused(page), 'all');
  await page.keyboard.press('ArrowDown');
  assert.equal(await focused(page), 'shop::scenarios::infinite_loop');
  await page.keyboard.press('ArrowRight');
  assert.equal(await focused(page), 'shop::basket::total');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowDown');
  assert.equal(await focused(page), CONVERGE);
  assert.match(await page.locator('.about').innerText(), /own code: \d.* s, \d+\.\d %; itself/);
  await page.keyboard.press('Enter');
  assert.equal(await width(page, CONVERGE), 100);
  assert.equal(await focused(page), CONVERGE);
  assert.equal(await box(page, 'shop::basket::total').count(), 0);
  await page.keyboard.press('Escape');
  assert.equal(await focused(page), 'all');
  assert.ok(await width(page, CONVERGE) < 100);
  await box(page, 'shop::basket::total').click();
  assert.equal(await width(page, 'shop::basket::total'), 100);
  await page.getByRole('button', { name: 'Reset' }).click();
  assert.ok(await width(page, 'shop::basket::total') < 100);
  assert.deepEqual(faults, []);
  await page.close();
});

test('a search marks what fits and says how much of the time it took', async () => {
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, '/profiles?thread=101');
  await page.getByRole('searchbox').fill('SIMULATION');
  assert.deepEqual(await page.locator('.box.match').allInnerTexts(), [CONVERGE]);
  assert.match(await page.locator('.flames').locator('xpath=..').getByRole('status').innerText(), /^7\d\.\d % of the time$/);
  await page.getByRole('button', { name: 'itoa::format' }).click();
  assert.deepEqual(await page.locator('.box.match').allInnerTexts(), ['itoa::format']);
  assert.deepEqual(faults, []);
  await page.close();
});

test('a thread and a range narrow the graph, and the address keeps them', async () => {
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, '/profiles');
  await page.getByRole('combobox', { name: 'Thread' }).selectOption('102');
  await box(page, CONVERGE).waitFor({ state: 'detached' });
  await box(page, 'itoa::format').waitFor();
  await page.getByRole('combobox', { name: 'Thread' }).selectOption('101');
  await box(page, CONVERGE).waitFor();
  const all = await page.getByText(/samples?, /).innerText();
  await page.getByRole('slider', { name: 'From' }).focus();
  await page.keyboard.press('End');
  await page.getByText(/: \d samples?, /).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'From', 'it keeps the focus');
  await page.getByRole('slider', { name: 'To' }).focus();
  await page.keyboard.press('Home');
  await page.getByText(all).waitFor();
  await page.getByRole('slider', { name: 'To' }).fill('500');
  await page.getByText(/: 50\d samples, /).waitFor();
  await page.reload();
  await drawn(page);
  await page.getByText(/: 50\d samples, /).waitFor();
  assert.equal(await page.getByRole('combobox', { name: 'Thread' }).inputValue(), '101');
  await page.getByRole('button', { name: 'All', exact: true }).click();
  await page.getByText(all).waitFor();
  assert.deepEqual(faults, []);
  await page.close();
});

test('a request leads to the samples of its own spans, and an event to the time before it', async () => {
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, `/transactions/${sent.transaction}`);
  await page.getByRole('link', { name: 'Flame graph of this request' }).click();
  await box(page, CONVERGE).waitFor();
  // It took 200 ms, and every second sample of that time is one of its own.
  assert.match(await page.getByText(/samples, /).innerText(), /: 1\d samples, .* within 200 ms\. Only samples of this request/);
  await page.getByRole('link', { name: 'The request' }).click();
  await page.getByRole('heading', { name: 'Spans' }).waitFor();
  await visit(page, `/issues/${sent.issue}`);
  await page.getByRole('link', { name: 'The 10 s before it' }).click();
  await page.getByRole('heading', { name: 'The 10 s before an event' }).waitFor();
  await box(page, CONVERGE).waitFor();
  await page.getByText(/in all threads within 10 s/).waitFor();
  assert.deepEqual(faults, []);
  await page.close();
});

test('newer samples are offered, not forced', async () => {
  const own = await startInbox();
  const { page, faults } = await openPage(browser, own.url);
  await visit(page, '/profiles');
  await page.getByRole('heading', { name: 'No profile is held' }).waitFor();
  const profiler = id();
  const send = (/** @type {number} */ from) => own.send({},
    { type: 'profile_chunk', platform: 'rust', payload: profileChunk(profiler, from, [spanId()]) });
  await send(now() - 20);
  await box(page, CONVERGE).click();
  await send(now() - 10);
  await page.getByText('of newer samples arrived').waitFor();
  assert.equal(await width(page, CONVERGE), 100, 'the reader’s zoom stays');
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.getByText(/: 2,\d+ samples, /).waitFor();
  await page.getByText('of newer samples arrived').waitFor({ state: 'detached' });
  assert.deepEqual(faults, []);
  await own.stop();
  await page.close();
});

test('speedscope opens the export and shows each thread', async () => {
  const { page, faults } = await openPage(browser, inbox.url);
  await page.route('**/speedscope/*', (route) => {
    const name = new URL(route.request().url()).pathname.replace('/speedscope/', '') || 'index.html';
    return route.fulfill({ path: SPEEDSCOPE + name });
  });
  const file = `/api/profile/speedscope?profiler=${sent.profiler}`;
  await page.goto(`/speedscope/#profileURL=${encodeURIComponent(file)}`);
  await page.getByText('worker-0 (101) (1/8)').waitFor();
  assert.equal(await page.title(), 'shop@1.2.3 - speedscope');
  assert.deepEqual(faults.filter((it) => !it.startsWith('console: ')), []);
  await page.close();
});

test('pprof’s format is read by another decoder, and its times are those of the samples', async () => {
  const response = await fetch(`${inbox.url}/api/profile/pprof?profiler=${sent.profiler}&thread=101`);
  const profile = Profile.decode(gunzipSync(Buffer.from(await response.arrayBuffer())));
  const text = (/** @type {number | bigint} */ at) => profile.stringTable.strings[Number(at)] ?? '';
  assert.deepEqual(profile.sampleType.map((it) => [text(it.type), text(it.unit)]), [['samples', 'count'], ['wall', 'nanoseconds']]);
  const functions = new Map(profile.function.map((it) => [it.id, text(it.name)]));
  const locations = new Map(profile.location.map((it) => [it.id, functions.get(it.line[0]?.functionId ?? 0)]));
  const sum = (/** @type {number} */ value, of = profile.sample) =>
    of.reduce((sum, it) => sum + Number(it.value[value]), 0);
  assert.equal(sum(0), 1010);
  assert.ok(Math.abs(sum(1) / 1e9 - 1009 / 101) < 0.001, `${sum(1)} ns`);
  const leaf = profile.sample.filter((it) => locations.get(it.locationId[0] ?? 0) === CONVERGE);
  assert.ok(Math.abs(sum(1, leaf) / sum(1) - 0.3) < 0.01, 'its own time is 6 of 20 samples');
  assert.ok(profile.sample.every((it) => locations.get(it.locationId.at(-1) ?? 0) === 'std::sys::thread::start'), 'leaf first');
  assert.ok(profile.sample.every((it) => it.label.some((label) => text(label.key) === 'thread' && text(label.str) === 'worker-0')));
});
