// Makes the pictures of the README: `node screenshots.js FOLDER`, with DEMO_BINARY and CHROMIUM as in deploy/test/page.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { drawn, openBrowser, openPage, visit } from '../../../inbox/tests/browser/browser.js';
import { startDemo } from './demo.js';

const SIZES = /** @type {const} */ ([
  ['light', { viewport: { width: 1280, height: 900 }, colorScheme: 'light' }],
  ['dark', { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' }],
  ['phone', { viewport: { width: 400, height: 800 }, colorScheme: 'light' }],
]);

/** What is broken before the pictures are taken. */
const BROKEN = ['game-engine.crash', 'game-engine.memory-leak', 'payment.stack-overflow-native'];

/** How long players play before, milliseconds: enough for the charts to move. */
const PLAYED = 30_000;

const folder = process.argv[2] ?? '.';
await mkdir(folder, { recursive: true });
const [browser, demo] = await Promise.all([openBrowser(), startDemo()]);
try {
  const { page } = await openPage(browser, demo.url);
  await visit(page, '/');
  await page.getByLabel('Traffic').selectOption('5');
  for (const id of BROKEN) {
    const card = page.locator(`.card[data-key="${id}"]`);
    await card.locator('button.break').click();
    await card.locator('.run[data-phase="done"]').waitFor({ timeout: 180_000 });
  }
  await page.waitForTimeout(PLAYED);
  const round = page.locator('.rows a, .row a, td a').filter({ hasText: 'POST /api/v1/spin' }).first();
  for (const [name, options] of SIZES) {
    const { page: shot } = await openPage(browser, demo.url, options);
    await visit(shot, '/');
    await shot.locator('.card .kept').first().waitFor();
    await shot.waitForTimeout(1000);
    await shot.screenshot({ path: join(folder, `scenarios-${name}.png`) });
    await shot.close();
  }
  await visit(page, '/transactions');
  await round.click();
  await drawn(page);
  await page.waitForTimeout(1000);
  await page.screenshot({ path: join(folder, 'trace.png') });
} finally {
  await browser.close();
  await demo.stop();
}
