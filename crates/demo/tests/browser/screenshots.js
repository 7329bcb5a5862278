// Makes pictures of the page: `node screenshots.js FOLDER`, with DEMO_BINARY and CHROMIUM as in deploy/test/page. The
// README shows those of docs/pictures, which are made so.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { drawn, openBrowser, openPage, visit } from '../../../inbox/tests/browser/browser.js';
import { startDemo } from './demo.js';

/** The README fits a picture into half of this width. */
const SIZES = /** @type {const} */ ([
  ['light', { viewport: { width: 1280, height: 800 }, colorScheme: 'light' }],
  ['dark', { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' }],
]);
const PHONE = /** @type {const} */ ({ viewport: { width: 400, height: 800 }, colorScheme: 'light' });

/** What is broken before the pictures are taken. The first one's issue has a picture of its own. */
const BROKEN = ['game-engine.crash', 'game-engine.memory-leak', 'payment.stack-overflow-native'];

/** How many visits players make before: enough for the charts to move. */
const VISITS = 100;

/** How long a scenario may take until all of its promise is compared, milliseconds. */
const VERDICT = 180_000;

const folder = process.argv[2] ?? '.';
await mkdir(folder, { recursive: true });
const [browser, demo] = await Promise.all([openBrowser(), startDemo()]);

/**
 * @param {string} name
 * @param {import('playwright-core').BrowserContextOptions} options
 * @param {string} path
 */
async function shoot(name, options, path) {
  const { page } = await openPage(browser, demo.url, options);
  await visit(page, path);
  if (path === '/') {
    await page.locator('.card .kept').first().waitFor();
    await page.locator('.stage-charts polyline[points*=" "]').first().waitFor({ state: 'attached' });
  }
  await drawn(page);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  await page.close();
}

/** How many visits players have made. @returns {Promise<number>} */
async function visits() {
  const { traffic } = /** @type {Stage.State} */ (await (await fetch(`${demo.url}/api/stage/state`)).json());
  return Object.values(traffic?.visits ?? {}).reduce((sum, it) => sum + it, 0);
}

try {
  const { page } = await openPage(browser, demo.url);
  await visit(page, '/');
  await page.getByLabel('Traffic').selectOption('5');
  for (const id of BROKEN) {
    const card = page.locator(`.card[data-key="${id}"]`);
    await card.locator('button.break').click();
    await card.locator('.stage-run[data-phase="done"]').waitFor({ timeout: VERDICT });
  }
  const issue = await page.locator(`.card[data-key="${BROKEN[0]}"]`).getByRole('link', { name: 'Issue', exact: true })
    .getAttribute('href') ?? '/';
  // Not by `waitForFunction`: a promise is true, whatever comes of it.
  const end = Date.now() + VERDICT;
  while (await visits() < VISITS) {
    if (Date.now() > end) throw new Error(`fewer than ${VISITS} visits within ${VERDICT} ms`);
    await page.waitForTimeout(1000);
  }
  for (const [name, options] of SIZES) {
    await shoot(`scenarios-${name}`, options, '/');
    await shoot(`issue-${name}`, options, issue);
  }
  await shoot('scenarios-phone', PHONE, '/');
  const round = page.locator('.rows a, .row a, td a').filter({ hasText: 'POST /api/v1/spin' }).first();
  await visit(page, '/transactions');
  await round.click();
  await drawn(page);
  await page.screenshot({ path: join(folder, 'trace.png') });
} finally {
  await browser.close();
  await demo.stop();
}
