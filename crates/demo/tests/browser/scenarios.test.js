// The tab Scenarios, in a real browser, over the real services.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { assertNoSidewaysScroll, drawn, openBrowser, openPage, visit } from '../../../inbox/tests/browser/browser.js';
import { startDemo } from './demo.js';

/** How long a scenario may take until all of its promise is compared, milliseconds. */
const VERDICT = 120_000;

/** How many scenarios there are: lines of the table that the catalogues are written to. */
const SCENARIOS = readFileSync(new URL('../../../../docs/scenarios.md', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => /^\| `(GET|POST|DELETE) /.test(line)).length;

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof startDemo>>} */
let demo;

before(async () => {
  [browser, demo] = await Promise.all([openBrowser(), startDemo()]);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

/** A page with the cards of all services. @param {import('playwright-core').BrowserContextOptions} options */
async function open(options = {}) {
  const { page, faults } = await openPage(browser, demo.url, options);
  await visit(page, '/');
  await page.locator('.services article.serving').nth(2).waitFor();
  await page.locator('.cards').nth(2).waitFor();
  return { page, faults };
}

test('the first visit offers three faults, and a click on one breaks it', async () => {
  const { page, faults } = await open();
  const offers = page.locator('.offers button');
  assert.equal(await offers.count(), 3);
  await offers.first().click();
  await page.locator('.card[data-key="game-engine.crash"] .stage-run .kept').first().waitFor();
  assert.equal(await offers.count(), 0);
  assert.deepEqual(faults, []);
  await page.close();
});

test('one click on each scenario keeps every promise', async () => {
  const { page, faults } = await open();
  const ids = await page.locator('.card').evaluateAll((cards) => cards.map((it) => it.dataset.key ?? ''));
  assert.equal(ids.length, SCENARIOS);
  for (const id of ids) {
    const card = page.locator(`.card[data-key="${id}"]`);
    await card.locator('button.break').click();
    await card.locator('.stage-run[data-phase="judged"], .stage-run[data-phase="done"]').waitFor({ timeout: VERDICT });
  }
  for (const id of ids) {
    const card = page.locator(`.card[data-key="${id}"]`);
    await card.locator('.stage-run[data-phase="done"]').waitFor({ timeout: VERDICT });
    assert.deepEqual(await card.locator('.broken').allInnerTexts(), [], `${id}: ${await card.innerText()}`);
    assert.ok(await card.locator('.kept').count() >= 2, id);
  }
  assert.deepEqual(faults, []);
  await page.close();
});

test('a click is answered at once, and its links lead to the issue, the trace and the profile', async () => {
  const { page, faults } = await open();
  const card = page.locator('.card[data-key="game-engine.error-value"]');
  const marked = await card.locator('button.break').evaluate((button) => {
    /** @type {HTMLButtonElement} */ (button).click();
    return /** @type {HTMLButtonElement} */ (button).disabled;
  });
  assert.ok(marked, 'the button is not marked within the click');
  await card.locator('.stage-run[data-phase="done"]').waitFor({ timeout: VERDICT });
  for (const [name, heading] of /** @type {[string, RegExp][]} */ ([['Issue', /ValueError/], ['Trace', /./], ['Profile', /./]])) {
    await card.getByRole('link', { name, exact: true }).click();
    await page.locator('main:not([aria-busy]) h1').filter({ hasText: heading }).first().waitFor({ state: 'attached' });
    await page.goBack();
    await card.waitFor();
  }
  assert.deepEqual(faults, []);
  await page.close();
});

test('what is held shows, and is released', async () => {
  const { page } = await open();
  const card = page.locator('.card[data-key="payment.memory-leak"]');
  await card.getByLabel('mb').fill('3');
  await card.locator('button.break').click();
  await card.getByText('held: 3 MB').waitFor();
  await card.getByRole('button', { name: /^Release/ }).click();
  await card.getByText('held:').waitFor({ state: 'detached' });
  await page.close();
});

test('a number beyond its bounds is refused in words', async () => {
  const { page } = await open();
  const card = page.locator('.card[data-key="payment.memory-leak"]');
  await card.getByLabel('mb').fill('100000');
  await card.locator('button.break').click();
  await page.getByRole('alert').getByText('mb must be a number from').waitFor();
  await page.close();
});

test('ten at once show three counters that meet', async () => {
  const { page } = await open();
  const card = page.locator('.card[data-key="payment.type-error"]');
  await card.getByRole('button', { name: /ten times/ }).click();
  await card.locator('.burst[data-done="true"]').waitFor({ timeout: VERDICT });
  for (const counter of ['sent', 'answered', 'arrived']) {
    assert.match(await card.locator('.burst').innerText(), new RegExp(`${counter} 10/10`));
  }
  await page.close();
});

test('traffic is switched on and off by keyboard, and the charts move', async () => {
  const { page, faults } = await open();
  const rate = page.getByLabel('Traffic');
  await rate.focus();
  await page.keyboard.press('ArrowDown');
  await page.getByText(/visits?, .* left/).waitFor();
  await page.locator('.stage-service[data-key="game-engine"] .stage-charts polyline[points*=" "]').first().waitFor({ state: 'attached' });
  await rate.selectOption('0');
  await page.getByText('It is over').waitFor();
  assert.deepEqual(faults, []);
  await page.close();
});

test('a death and the return are lines in the charts, and words beside them', async () => {
  const { page, faults } = await open();
  const state = await page.evaluate(async () => (await fetch('/api/stage/state')).json());
  const { pid } = /** @type {Stage.State} */ (state).services.find((it) => it.name === 'payment') ?? {};
  assert.ok(pid);
  process.kill(pid, 'SIGKILL');
  const card = page.locator('.stage-service[data-key="payment"]');
  for (const [kind, words] of [['died', 'it died: signal 9 (SIGKILL)'], ['back', 'it serves again']]) {
    await card.locator(`.stage-mark.${kind} title`).filter({ hasText: words }).first().waitFor({ state: 'attached' });
    await card.getByRole('img', { name: `requests over five minutes` }).and(card.locator(`[aria-label*="${words}"]`)).waitFor();
  }
  await card.getByText('signal 9 (SIGKILL); it is back, restarted').waitFor();
  assert.deepEqual(faults, []);
  await page.close();
});

test('everything is broken with one button, and the table says what came of it', async () => {
  const { page, faults } = await open();
  await page.getByRole('button', { name: 'Break everything' }).click();
  await page.getByRole('progressbar', { name: 'Progress of the check' }).waitFor();
  await page.getByText(`✓ All ${SCENARIOS} promises are kept`).waitFor({ timeout: VERDICT });
  await page.locator('.report tbody tr').first().waitFor();
  assert.equal(await page.locator('.report tbody tr').count(), SCENARIOS);
  assert.deepEqual(faults, []);
  await page.close();
});

test('nothing scrolls sideways on a phone, and nothing is lost in the dark', async () => {
  for (const options of [{ viewport: { width: 400, height: 800 } }, { viewport: { width: 400, height: 800 }, colorScheme: /** @type {const} */ ('dark') }]) {
    const { page, faults } = await open(options);
    await assertNoSidewaysScroll(page, 'the scenarios');
    assert.deepEqual(faults, []);
    await page.close();
  }
});

test('the page is under 1 MB, all tabs together, and asks no other host', async () => {
  const { page, faults } = await openPage(browser, demo.url);
  /** @type {Map<string, Promise<number>>} */
  const sizes = new Map();
  page.on('response', (response) => {
    if (response.url().includes('/api/')) return;
    sizes.set(response.url(), response.body().then((body) => body.length));
  });
  await visit(page, '/');
  await page.locator('.card').first().waitFor();
  const tabs = page.locator('nav#tabs a');
  assert.ok(await tabs.count() >= 10, `${await tabs.count()} tabs`);
  for (const tab of await tabs.all()) {
    await tab.click();
    await page.locator('nav#tabs a[aria-current="page"]').getByText(await tab.innerText(), { exact: true }).waitFor();
    await drawn(page);
  }
  const bytes = (await Promise.all(sizes.values())).reduce((sum, it) => sum + it, 0);
  assert.ok(sizes.size > 30 && bytes < 1_000_000, `${bytes} bytes of ${sizes.size} files`);
  assert.deepEqual(faults, []);
  await page.close();
});
