// Sends one of everything that a version of Sentry's JavaScript SDK can send, on a server or in a browser.

/** Span streaming is the default from this version on. */
const STREAMING = 11;

/** What was sent, in the words of the matrix. */
module.exports = async function everything(Sentry, dsn) {
  const sent = [];
  const integrations = [];
  if (Sentry.replayIntegration) {
    integrations.push(Sentry.replayIntegration({ minReplayDuration: 0 }));
    sent.push('replay');
  }
  // In browsers, version 7 makes spans only when told.
  if (Sentry.addTracingExtensions) Sentry.addTracingExtensions();
  Sentry.init({
    dsn, release: 'shop@1', environment: 'matrix', tracesSampleRate: 1, replaysSessionSampleRate: 1, enableLogs: true,
    _experiments: { enableLogs: true }, ...(integrations.length ? { integrations } : {}),
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
    const alone = (run) => (Sentry.startNewTrace ? Sentry.startNewTrace(run) : run());
    alone(() => Sentry.startSpan({ name: 'settle', op: 'task' }, () => Sentry.startSpan({ name: 'find', op: 'db' }, () => {})));
    sent.push('transaction');
    if (parseInt(Sentry.SDK_VERSION) >= STREAMING) sent.push('streamed_span');
  } else if (Sentry.startTransaction) {
    const transaction = Sentry.startTransaction({ name: 'settle', op: 'task' });
    if (transaction && transaction.startChild) {
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
  const replay = Sentry.getReplay && Sentry.getReplay();
  if (replay) {
    // It begins by itself, after everything else.
    for (let tries = 0; tries < 100 && !replay.getReplayId(); tries += 1) await new Promise((resolve) => { setTimeout(resolve, 50); });
    await replay.flush();
  }
  if (!await Sentry.close(20_000)) throw new Error('not everything was sent in time');
  return sent;
};
