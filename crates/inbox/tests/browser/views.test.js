// Every view of the page, in light and dark, on a wide and on a narrow window.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { assertNoSidewaysScroll, drawn, openPage, unfold, visit } from './browser.js';
import { startInbox } from './inbox.js';
import { scenarioEvents, sendEverything } from './samples.js';
import { started } from './started.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const { browser, inbox } = await started();
const sent = await sendEverything(inbox);

/** Every tab, one of everything that has a view of its own, and views with nothing to show. */
async function addresses() {
  const { page } = await openPage(browser, inbox.url);
  await visit(page, '/');
  const links = await page.locator('nav a').evaluateAll((all) => all.map((it) => String(it.getAttribute('href'))));
  await page.close();
  assert.ok(links.length >= 9, String(links));
  const { trace, event, transaction, issue, profiler } = sent;
  return [...links, `/events/${event}`, `/issues/${issue}`, `/transactions/${transaction}`,
    `/profiles?profiler=${profiler}&thread=101`, `/profiles?event=${event}`, `/profiles?transaction=${transaction}`,
    `/traces/${trace}`, '/transactions', `/logs?trace=${trace}`, '/envelopes/1', '/client-reports', '/items', '/?q=level:fatal', '/no/such/page'];
}

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  for (const width of [1280, 400]) {
    test(`every view fits into ${width} px, is readable in ${colorScheme}, and has no fault`, async () => {
      const { page, faults } = await openPage(browser, inbox.url, { colorScheme, viewport: { width, height: 900 } });
      /** @type {string[]} */
      const found = [];
      for (const path of await addresses()) {
        // Addresses that nothing serves are asked for on purpose, without loading them.
        if (path === '/no/such/page') await page.evaluate((it) => history.pushState(null, '', it), path);
        else await visit(page, path);
        await unfold(page);
        await assertNoSidewaysScroll(page, `${path} at ${width} px`);
        found.push(...(await violations(page)).map((it) => `${path}: ${it}`));
      }
      assert.deepEqual([...found, ...faults], []);
      await page.close();
    });
  }
}

/**
 * What [axe](https://github.com/dequelabs/axe-core) finds: contrast, names, roles, order of headings …
 *
 * @param {import('playwright-core').Page} page
 * @returns {Promise<string[]>}
 */
async function violations(page) {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = /** @type {any} */ (window);
    const { violations } = await axe.run();
    return violations.map((/** @type {any} */ it) => `${it.help}: ${it.nodes.map((/** @type {any} */ node) => node.html)}`);
  });
}

test('the system decides between light and dark', async () => {
  /** @param {'light' | 'dark'} colorScheme */
  const ground = async (colorScheme) => {
    const { page } = await openPage(browser, inbox.url, { colorScheme });
    await visit(page, '/');
    const colour = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.close();
    return Math.max(...(colour.match(/\d+/g) ?? []).slice(0, 3).map(Number));
  };
  const [light, dark] = [await ground('light'), await ground('dark')];
  assert.ok(light > 200 && dark < 60, `${light} ${dark}`);
});

test('an issue leads to its event, its trace and its transaction, and back', async () => {
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, '/');
  await page.getByRole('link', { name: 'IndexError' }).click();
  await page.getByRole('heading', { name: 'error IndexError' }).waitFor();
  assert.match(await page.title(), /IndexError/);
  const shown = await page.locator('main').innerText();
  for (const part of ['index out of bounds', 'shop::basket::total', 'src/basket.rs:42', 'self.prices[self.last]', 'last = 7',
    '2 library frames', 'Caused by ParseIntError', 'unhandled', 'GET /basket/7', 'adding up', 'basket', 'anna', 'shop@1.2.3',
    'state.json', 'Sampling context']) {
    assert.ok(shown.includes(part), `${part} is missing in ${shown}`);
  }
  await page.getByRole('link', { name: sent.trace }).click();
  await page.getByRole('heading', { name: `Trace ${sent.trace}` }).waitFor();
  await page.locator('.waterfall').getByText('GET /basket/{id}').click();
  await page.getByRole('link', { name: 'The transaction' }).click();
  await page.getByRole('heading', { name: 'GET /basket/{id}' }).waitFor();
  await page.locator('.waterfall').getByText('baskets.find').click();
  await page.getByText('mongodb').waitFor();
  for (const _ of [1, 2, 3]) await page.goBack();
  await drawn(page);
  assert.equal(new URL(page.url()).pathname, '/');
  assert.deepEqual(faults, []);
  await page.close();
});

test('an added tab comes first, works as the others, and one that is broken is reported', async () => {
  const { page } = await openPage(browser, inbox.url);
  const script = `import { el, live } from './dom.js';
    const view = (caught) => live(el('h1', {}, \`Added \${caught ?? ''}\`), () => {});
    export default { name: 'Added', path: '/added', views: [[/^\\/added$/, view], [/^\\/added\\/(.+)$/, view]] };`;
  await page.route('/api/page', (route) => route.fulfill({
    json: { tabs: ['/added.js', '/broken.js'], hints: { events: ['break it'], profiles: [] } } }));
  await page.route('/added.js', (route) => route.fulfill({ contentType: 'text/javascript', body: script }));
  await visit(page, '/added/deep');
  await page.getByRole('heading', { name: 'Added deep' }).waitFor();
  const first = page.locator('nav a').first();
  assert.deepEqual([await first.innerText(), await first.getAttribute('aria-current')], ['Added', 'page']);
  await page.getByRole('alert').getByText('The tab /broken.js cannot be loaded').waitFor();
  await page.getByRole('link', { name: 'Logs', exact: true }).click();
  await page.getByRole('heading', { name: 'Logs' }).waitFor();
  assert.equal(await first.getAttribute('aria-current'), null);
  await first.click();
  await page.getByRole('heading', { name: 'Added', exact: true }).waitFor();
  await page.close();
});

test('the filter narrows the list and the address keeps it', async () => {
  const { page, faults } = await openPage(browser, inbox.url);
  await visit(page, '/');
  await page.getByRole('searchbox').fill('level:info');
  await page.getByRole('link', { name: 'Only a message' }).waitFor();
  await page.getByRole('link', { name: 'IndexError' }).waitFor({ state: 'detached' });
  await page.reload();
  await drawn(page);
  assert.equal(await page.locator('.rows > li').count(), 1);
  await page.getByRole('searchbox').fill('nothing like that');
  await page.getByText('Nothing fits the search').waitFor();
  assert.deepEqual(faults, []);
  await page.close();
});

test('a new event appears by itself, and the reader is not disturbed', async () => {
  const own = await startInbox();
  const { page, faults } = await openPage(browser, own.url);
  await visit(page, '/');
  await page.getByRole('heading', { name: 'Nothing has failed yet' }).waitFor();
  const { issue } = await sendEverything(own);
  await page.getByRole('link', { name: 'IndexError' }).click();
  await page.locator('.breadcrumbs, .crumbs').first().waitFor();
  await page.evaluate(() => getSelection()?.selectAllChildren(document.querySelector('.message') ?? document.body));
  await sendEverything(own);
  await page.getByRole('button', { name: 'Show it' }).waitFor();
  assert.equal(await page.evaluate(() => String(getSelection())), 'index out of bounds');
  assert.equal(new URL(page.url()).pathname, `/issues/${issue}`);
  await page.getByRole('button', { name: 'Show it' }).click();
  await page.getByRole('button', { name: 'Show it' }).waitFor({ state: 'detached' });
  assert.deepEqual(faults, []);
  await own.stop();
  await page.getByRole('alert').waitFor();
  await page.close();
});

test('the event of every scenario is shown whole', async () => {
  const events = scenarioEvents();
  assert.ok(events.length >= 30, `${events.length} events`);
  const { page, faults } = await openPage(browser, inbox.url, { viewport: { width: 400, height: 900 } });
  for (const { name, event } of events) {
    await inbox.send({}, { type: 'event', payload: event });
    await visit(page, `/events/${event.event_id}`);
    await page.locator('.event h1').waitFor();
    await assertNoSidewaysScroll(page, name);
    assert.deepEqual(faults, [], name);
  }
  await page.close();
});
