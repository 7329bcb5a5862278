// Sends one of everything that this version of @sentry/browser can send, from a page in a real browser, and prints what
// that was. A word on the console of the page and a request that is not answered well are failures.

const { existsSync } = require('node:fs');
const { createServer } = require('node:http');
const { createRequire } = require('node:module');
const { join } = require('node:path');

const [folder, dsn] = process.argv.slice(2);
const load = createRequire(`${folder}/package.json`);

/** The client and what it sends, as one script. */
async function bundle() {
  // Until version 7, transactions are made by a package of their own.
  const tracing = existsSync(join(folder, 'node_modules/@sentry/tracing')) ? "require('@sentry/tracing');" : '';
  const contents = `const Sentry = require('@sentry/browser'); ${tracing}
    window.sent = require(${JSON.stringify(join(__dirname, 'everything.cjs'))})(Sentry, ${JSON.stringify(dsn)});`;
  const { outputFiles } = await load('esbuild').build({ stdin: { contents, resolveDir: folder }, bundle: true, write: false, logLevel: 'error' });
  return outputFiles[0].text;
}

/** A site that serves this script. */
async function site(script) {
  const server = createServer(({ url }, answer) => {
    const [type, body] = url === '/client.js' ? ['text/javascript', script] : ['text/html', '<!doctype html><title>Shop</title><script src="/client.js"></script>'];
    answer.writeHead(200, { 'Content-Type': type }).end(body);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return server;
}

async function main() {
  const server = await site(await bundle());
  const browser = await load('playwright-core').chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
  const faults = [];
  try {
    const page = await browser.newPage();
    page.on('console', (it) => faults.push(`console: ${it.text()}`));
    page.on('pageerror', (it) => faults.push(`thrown: ${it}`));
    page.on('response', (it) => { if (!it.ok() && !it.url().endsWith('/favicon.ico')) faults.push(`${it.status()}: ${it.url()}`); });
    page.on('requestfailed', (it) => faults.push(`${it.failure()?.errorText}: ${it.url()}`));
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    const sent = await page.evaluate(() => window.sent);
    if (faults.length) throw new Error(faults.join('; '));
    process.stdout.write(`${JSON.stringify(sent)}\n`);
  } finally {
    await browser.close();
    server.close();
  }
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
