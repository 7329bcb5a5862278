// Sends one of everything that this version of @sentry/node can send, and prints what that was.

const { createRequire } = require('node:module');

const [folder, dsn] = process.argv.slice(2);
const load = createRequire(`${folder}/package.json`);

async function main() {
  const Sentry = load('@sentry/node');
  // Until version 7, transactions are made by a package of their own.
  try { load('@sentry/tracing'); } catch { /* newer versions have it */ }
  const sent = [];
  Sentry.init({
    dsn, release: 'shop@1', environment: 'matrix', tracesSampleRate: 1, enableLogs: true, _experiments: { enableLogs: true },
  });
  Sentry.withScope((scope) => {
    scope.setTag('service', 'shop');
    if (scope.addAttachment) {
      scope.addAttachment({ filename: 'state.txt', data: 'a file' });
      sent.push('attachment');
    }
    Sentry.captureException(new RangeError('order 17 failed'));
    sent.push('error');
  });
  const message = Sentry.captureMessage('it grew', 'warning');
  sent.push('message');
  if (Sentry.startSpan) {
    Sentry.startSpan({ name: 'settle', op: 'task' }, () => Sentry.startSpan({ name: 'find', op: 'db' }, () => {}));
    sent.push('transaction');
  } else if (Sentry.startTransaction) {
    const transaction = Sentry.startTransaction({ name: 'settle', op: 'task' });
    if (transaction.startChild) {
      transaction.startChild({ op: 'db', description: 'find' }).finish();
      transaction.finish();
      sent.push('transaction');
    }
  }
  if (Sentry.logger && Sentry.logger.warn) {
    Sentry.logger.warn('the basket is nearly full');
    sent.push('log');
  }
  if (Sentry.metrics && Sentry.metrics.count) {
    Sentry.metrics.count('baskets', 1);
    sent.push('metric');
  }
  if (Sentry.captureCheckIn) {
    Sentry.captureCheckIn({ monitorSlug: 'settle', status: 'ok' });
    sent.push('check_in');
  }
  if (Sentry.captureFeedback) {
    Sentry.captureFeedback({ message: 'Too slow', name: 'Ann', email: 'ann@example.com', associatedEventId: message });
    sent.push('feedback');
  } else if (Sentry.captureUserFeedback) {
    Sentry.captureUserFeedback({ event_id: message, comments: 'Too slow', name: 'Ann', email: 'ann@example.com' });
    sent.push('feedback');
  }
  const flushed = await Sentry.close(20_000);
  if (!flushed) throw new Error('not everything was sent in time');
  process.stdout.write(`${JSON.stringify(sent)}\n`);
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
