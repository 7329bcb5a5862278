// How an operation ended.

import { badge } from './dom.js';

/** Statuses of operations that did not fail; [Sentry](https://develop.sentry.dev/sdk/telemetry/traces/span-operations/) lists the others. */
const FINE = ['ok', 'unset', 'unknown'];

/**
 * Whether this status says that something failed. One that is missing says nothing.
 *
 * @param {unknown} status
 */
export function failed(status) {
  return typeof status === 'string' && status !== '' && !FINE.includes(status);
}

/**
 * A status as a label; nothing where there is none.
 *
 * @param {string | null} status
 */
export function status(status) {
  if (!status) return null;
  return badge(status, failed(status) ? 'error' : status === 'ok' ? 'ok' : 'unset');
}
