// Sends one of everything that this version of @sentry/node can send, and prints what that was.

const { createRequire } = require('node:module');

const everything = require('./everything.cjs');

const [folder, dsn] = process.argv.slice(2);
const load = createRequire(`${folder}/package.json`);

const Sentry = load('@sentry/node');
// Until version 7, transactions are made by a package of their own.
try { load('@sentry/tracing'); } catch { /* newer versions have it */ }

everything(Sentry, dsn).then((sent) => process.stdout.write(`${JSON.stringify(sent)}\n`), (error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
