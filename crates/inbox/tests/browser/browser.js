// Pages of a real browser that remember everything that should not have happened.
//
// While the page is worked on, PAGE_FOLDER=../../page takes its files from there instead of the binary.

import { join } from 'node:path';
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** How long to wait for anything, milliseconds: the machine may be busy. */
const PATIENCE = 60_000;

/** Whoever opens it closes it. */
export function openBrowser() {
  return chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox'], timeout: PATIENCE });
}

/**
 * A page of a browser, at this inbox. Its `faults` are what it said on its console, what it threw, what it asked of other
 * hosts, and what it asked for in vain.
 *
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 * @param {import('playwright-core').BrowserContextOptions} options
 */
export async function openPage(browser, url, options = {}) {
  const page = await browser.newPage({ baseURL: url, viewport: { width: 1280, height: 900 }, ...options });
  page.setDefaultTimeout(PATIENCE);
  if (process.env.PAGE_FOLDER) await servedFrom(process.env.PAGE_FOLDER, page);
  /** @type {string[]} */
  const faults = [];
  page.on('console', (it) => faults.push(`console: ${it.text()}`));
  page.on('pageerror', (it) => faults.push(`thrown: ${it}`));
  page.on('dialog', (it) => {
    faults.push(`dialog: ${it.message()}`);
    it.dismiss().catch(() => {});
  });
  page.on('request', (it) => {
    if (!it.url().startsWith(`${url}/`)) faults.push(`another host: ${it.url()}`);
  });
  page.on('response', (it) => {
    if (!it.ok()) faults.push(`${it.status()}: ${it.url()}`);
  });
  return { page, faults };
}

/**
 * @param {string} folder
 * @param {import('playwright-core').Page} page
 */
async function servedFrom(folder, page) {
  await page.route(({ pathname }) => !pathname.startsWith('/api/'), async (route) => {
    const { pathname } = new URL(route.request().url());
    const name = /\.(js|css|svg)$/.exec(pathname) ? pathname : '/index.html';
    const contentType = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' }[name.split('.').at(-1) ?? ''] ?? 'text/html';
    const headers = { 'Content-Security-Policy': "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'" };
    await route.fulfill({ path: join(folder, name), contentType, headers });
  });
  await page.route('/api/page', (route) => route.fulfill({ json: { tabs: [], hints: { events: [], profiles: [] } } }));
}

/**
 * Loads a path and waits until the page has drawn it.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} path
 */
export async function visit(page, path) {
  await page.goto(path);
  await drawn(page);
}

/**
 * Waits until the page has drawn what its address says.
 *
 * @param {import('playwright-core').Page} page
 */
export async function drawn(page) {
  await page.locator('main:not([aria-busy]) > :last-child').waitFor({ state: 'visible' });
}

/**
 * Opens everything that is folded.
 *
 * @param {import('playwright-core').Page} page
 */
export async function unfold(page) {
  for (const folded of await page.locator('main details:not([open]) > summary').all()) {
    if (await folded.isVisible()) await folded.click();
  }
}

/**
 * The page must not be wider than its window.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} where
 */
export async function assertNoSidewaysScroll(page, where) {
  const [content, window] = await page.evaluate(() => {
    const root = document.documentElement;
    return [root.scrollWidth, root.clientWidth];
  });
  assert.ok(content !== undefined && window !== undefined && content <= window, `${where}: ${content} px in ${window} px`);
}
